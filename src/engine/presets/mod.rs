//! Presets for `--assume`: what common installations leave in the cluster.

use super::Error;

/// Name and manifests of every preset.
const PRESETS: &[(&str, &str)] = &[
    ("istio-1.0-mtls", include_str!("istio-1.0-mtls.yaml")),
    ("strict", include_str!("strict.yaml")),
];

/// The manifests of a preset.
pub(super) fn find(name: &str) -> Result<&'static str, Error> {
    PRESETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| {
            let known: Vec<String> = PRESETS
                .iter()
                .map(|(known, _)| format!("`preset:{known}`"))
                .collect();
            Error::Setting {
                message: format!(
                    "there is no `preset:{name}`; there are {}",
                    known.join(" and ")
                ),
            }
        })
}
