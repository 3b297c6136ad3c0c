//! Where mesh config is found in the objects and files that can hold it (semantics 1.1).

use super::mesh_config::{Layers, version};
use super::reader::{Context, Field};
use super::{Labels, MeshConfig, MeshConfigSource, Meta};
use crate::source::{Place, Spanned};
use crate::yaml::parse_embedded;

/// Top-level keys under which the values of an umbrella chart hold those of Istio's charts 1.0 to 1.5.
const CHARTS: [&str; 4] = ["istio", "istiod", "istio-istiod", "pilot"];

impl MeshConfig {
    /// Reads the ConfigMap `istio` or `istio-<revision>`; any other, or one without `data.mesh`, decodes to nothing.
    pub(super) fn decode_config_map(
        meta: Meta,
        root: &Field<'_>,
        cx: &mut Context<'_>,
    ) -> Option<Self> {
        let suffix = meta.name.value.strip_prefix("istio")?;
        let revision = match suffix.strip_prefix('-') {
            Some("") => return None,
            Some(revision) => Some(revision.into()),
            None if suffix.is_empty() => None,
            None => return None,
        };
        let data = root.child("data");
        let field = data.child("mesh");
        field.text(cx);
        let text = field.value().filter(|value| value.as_str().is_some())?;
        let parsed = match parse_embedded(text, cx.sources?) {
            Ok(parsed) => parsed,
            Err(problem) => {
                let place = Place {
                    span: problem.span,
                    ..text.place
                };
                cx.fault_at(&field, Some(place), problem.message);
                return None;
            }
        };
        let mesh = Field::embedded(&field, parsed.as_ref().filter(|value| !value.is_null()));
        mesh.mapping(cx);
        let layers = Layers {
            mesh: &[mesh],
            global: &[],
        };
        let place = field.key_place()?;
        let config = Self::read(MeshConfigSource::ConfigMap, place, &layers, cx);
        Some(Self {
            revision,
            meta: Some(meta),
            ..config
        })
    }

    /// Reads an `IstioOperator`; one that installs no control plane decodes to nothing.
    pub(super) fn decode_operator(
        meta: Meta,
        root: &Field<'_>,
        cx: &mut Context<'_>,
    ) -> Option<Self> {
        let spec = root.child("spec");
        let mesh = spec.child("meshConfig");
        let values = spec.child("values");
        let values_mesh = values.child("meshConfig");
        let profile = spec.child("profile").loose_text();
        // The usual form of a manifest that installs gateways alone.
        if profile.is_some_and(|profile| &*profile.value == "empty")
            && !mesh.is_present()
            && !values_mesh.is_present()
        {
            return None;
        }
        let places = [mesh.key_place(), values_mesh.key_place()];
        let place = places.into_iter().flatten().next();
        let layers = Layers {
            mesh: &[mesh, values_mesh],
            global: &[values.child("global")],
        };
        let place = place.unwrap_or_else(|| meta.place());
        let config = Self::read(MeshConfigSource::IstioOperator, place, &layers, cx);
        // Components win over values, name by name.
        let mut env: Vec<_> = values_env(&values);
        env.extend(component_env(&spec, cx));
        let env = Labels::new(env);
        let revision = revision(&spec).or_else(|| revision(&values));
        Some(Self {
            revision,
            root_namespace: config
                .root_namespace
                .or_else(|| spec.child("namespace").text(cx)),
            istio_version: version(&spec.child("tag")).or(config.istio_version),
            pilot_env: pairs(&env),
            meta: Some(meta),
            ..config
        })
    }

    /// Reads `Istio` or `IstioRevision` of the Sail operator.
    pub(super) fn decode_sail(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let values = spec.child("values");
        let mesh = values.child("meshConfig");
        let place = mesh.key_place().unwrap_or_else(|| meta.place());
        let layers = Layers {
            mesh: &[mesh],
            global: &[values.child("global")],
        };
        let config = Self::read(MeshConfigSource::Sail, place, &layers, cx);
        Self {
            revision: sail_revision(&meta, &spec),
            root_namespace: config
                .root_namespace
                .or_else(|| spec.child("namespace").text(cx)),
            istio_version: version(&spec.child("version")).or(config.istio_version),
            pilot_env: values_env(&values),
            meta: Some(meta),
            ..config
        }
    }

    /// Reads Helm values of Istio's charts, at the top or one level down; anything else decodes to nothing.
    pub(super) fn decode_values(root: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let nested = if root.child("meshConfig").is_present() {
            None
        } else {
            chart_key(root, cx)
        };
        let own_global = root.child("global");
        if let Some(key) = nested {
            let values = root.child(key);
            // Helm hands the globals of a chart down to its parts, over theirs.
            return Self::of_values(&values, &[own_global, values.child("global")], cx);
        }
        states_something(root).then_some(())?;
        Self::of_values(root, &[own_global], cx)
    }

    /// Reads the values of one chart.
    fn of_values(values: &Field<'_>, global: &[Field<'_>], cx: &mut Context<'_>) -> Option<Self> {
        let mesh = values.child("meshConfig");
        let places = std::iter::once(&mesh).chain(global).map(Field::key_place);
        let place = places.flatten().next()?;
        let layers = Layers {
            mesh: &[mesh],
            global,
        };
        let config = Self::read(MeshConfigSource::HelmValues, place, &layers, cx);
        Some(Self {
            revision: revision(values),
            pilot_env: values_env(values),
            ..config
        })
    }
}

/// The top-level key whose mapping holds the values of an Istio chart: the only one with `meshConfig`, else a known one.
fn chart_key<'s>(root: &'s Field<'_>, cx: &mut Context<'_>) -> Option<&'s str> {
    let entries = root.entries(cx);
    let mut with_mesh_config = entries
        .iter()
        .filter(|(_, field)| field.child("meshConfig").is_present());
    if let Some(&(key, _)) = with_mesh_config.next() {
        return with_mesh_config.next().is_none().then_some(&*key.value);
    }
    let known = entries
        .iter()
        .find(|(key, field)| CHARTS.contains(&&*key.value) && states_something(field));
    known.map(|&(key, _)| &*key.value)
}

/// Whether a mapping of Helm values states something about the mesh.
fn states_something(values: &Field<'_>) -> bool {
    let global = values.child("global");
    let mtls = global.child("mtls");
    values
        .child("meshConfig")
        .value()
        .is_some_and(|mesh| mesh.as_mapping().is_some())
        || mtls.child("enabled").is_present()
        || mtls.child("auto").is_present()
        || global.child("configRootNamespace").is_present()
}

/// `revision` of a mapping; `default` and the empty text are the default one.
fn revision(field: &Field<'_>) -> Option<Box<str>> {
    let text = field.child("revision").loose_text()?.value;
    (!text.is_empty() && &*text != "default").then_some(text)
}

/// The revision of a Sail object: its name, with the version where every version gets a control plane of its own.
fn sail_revision(meta: &Meta, spec: &Field<'_>) -> Option<Box<str>> {
    let strategy = spec.child("updateStrategy");
    let strategy = strategy.child("type").loose_text();
    let version = spec.child("version").loose_text();
    let name = &meta.name.value;
    match (strategy, version) {
        (Some(strategy), Some(version)) if &*strategy.value == "RevisionBased" => {
            Some(format!("{name}-{}", version.value.replace('.', "-")).into())
        }
        (Some(_) | None, Some(_) | None) => (&**name != "default").then(|| name.clone()),
    }
}

/// `pilot.env` of Helm values: a mapping.
fn values_env(values: &Field<'_>) -> Vec<(Box<str>, Spanned<Box<str>>)> {
    let pilot = values.child("pilot");
    let env = pilot.child("env").loose_labels();
    pairs(&env)
}

/// The entries by name.
fn pairs(env: &Labels) -> Vec<(Box<str>, Spanned<Box<str>>)> {
    env.iter()
        .map(|(name, value)| (name.into(), value.clone()))
        .collect()
}

/// `components.pilot.k8s.env` of an IstioOperator: a list of names and values.
fn component_env(spec: &Field<'_>, cx: &mut Context<'_>) -> Vec<(Box<str>, Spanned<Box<str>>)> {
    let components = spec.child("components");
    let pilot = components.child("pilot");
    let k8s = pilot.child("k8s");
    k8s.child("env").each(
        |element, _| {
            let name = element.child("name").loose_text()?;
            Some((name.value, element.child("value").loose_text()?))
        },
        cx,
    )
}

#[cfg(test)]
mod tests;
