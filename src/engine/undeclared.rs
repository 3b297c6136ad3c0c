//! Findings that rest on files which nothing declares to be in the mesh: they may be old, or meant for somewhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Certainty, Diagnostic, Fact, Severity};
use crate::gitops::{Basis, Deployment, MeshScope, Unit, UnitKind};
use crate::source::{FileId, Sources};

/// What an undeclared file says about itself, and how bad a finding that rests on it may be.
struct Undeclared {
    text: String,
    most: Severity,
}

/// Weakens findings that rest on files which joined a mesh only because nothing speaks against it, while CD resources or
/// the config file say what else is in that mesh.
pub(super) fn doubt_undeclared(
    diagnostics: &mut [Diagnostic],
    deployment: &Deployment,
    sources: &Sources,
) {
    let meshes: Vec<(&str, BTreeMap<FileId, Undeclared>)> = deployment
        .meshes
        .iter()
        .map(|mesh| (&*mesh.name, undeclared(mesh, deployment, sources)))
        .collect();
    for diagnostic in diagnostics {
        let files: BTreeSet<FileId> = files(diagnostic).collect();
        let of_mesh = |name: &String| {
            let (_, known) = meshes.iter().find(|(mesh, _)| mesh == name)?;
            files.iter().find_map(|file| known.get(file))
        };
        // A finding that also stands in a mesh where all is declared is not in doubt.
        let found: Option<Vec<&Undeclared>> = diagnostic.meshes.iter().map(of_mesh).collect();
        let Some(first) = found.and_then(|found| found.first().copied()) else {
            continue;
        };
        diagnostic.certainty = diagnostic.certainty.min(Certainty::Assumed);
        diagnostic.severity = diagnostic.severity.min(first.most);
        diagnostic.evidence.push(Fact {
            text: first.text.clone(),
            assumed: true,
            place: None,
            object: None,
        });
    }
}

/// The files that are in a mesh only through units which nothing declares to be in it.
fn undeclared(
    mesh: &MeshScope,
    deployment: &Deployment,
    sources: &Sources,
) -> BTreeMap<FileId, Undeclared> {
    let units = |joined: bool| {
        let members = mesh.units.iter();
        let members = members.filter(move |&unit| mesh.joined.contains(unit) == joined);
        members.filter_map(|&unit| deployment.units.get(unit))
    };
    let declared: BTreeSet<FileId> = units(false).flat_map(|unit| &unit.files).copied().collect();
    let is_cd = |unit: &&Unit| {
        matches!(
            unit.kind,
            UnitKind::FluxKustomization | UnitKind::ArgoApplication
        )
    };
    let is_all_known = units(false).filter(is_cd).all(Unit::is_complete);
    let resource = if is_all_known {
        "no Flux or Argo CD resource of the repository deploys"
    } else {
        "no Flux or Argo CD resource that could be evaluated deploys"
    };
    let mut out = BTreeMap::new();
    for unit in units(true) {
        for &file in unit.files.difference(&declared) {
            let path = sources.file(file).path();
            let (says, most) = match mesh.basis {
                _ if is_cd(&unit) => (
                    format!("nothing says which cluster `{}` is for", unit.name),
                    Severity::Error,
                ),
                Basis::Configured => (
                    format!("no entry of `meshes` in the config file is about `{path}`"),
                    Severity::Warning,
                ),
                Basis::Single | Basis::Collision | Basis::Cd => {
                    (format!("{resource} `{path}`"), Severity::Warning)
                }
            };
            out.entry(file).or_insert_with(|| Undeclared {
                text: format!("{says}; taken as part of mesh `{}`", mesh.name),
                most,
            });
        }
    }
    out
}

/// The files that a finding rests on.
fn files(diagnostic: &Diagnostic) -> impl Iterator<Item = FileId> {
    let evidence = diagnostic.evidence.iter().filter_map(|fact| fact.place);
    let labels = diagnostic.labels.iter().map(|label| label.place);
    let places = diagnostic.place.into_iter().chain(labels).chain(evidence);
    places.map(|place| place.span.file)
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Severity;
    use crate::engine::testing::{SHOP, STRICT, WEB};
    use crate::engine::{Request, lint};
    use crate::gitops::ConfiguredMesh;
    use crate::source::tree::Memory;

    const RULE: &str = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
        metadata: {name: web, namespace: shop}\n\
        spec: {host: web, trafficPolicy: {tls: {mode: DISABLE}}}\n";

    /// A mesh that demands mutual TLS, with one service.
    fn mesh_of_shop() -> String {
        format!("{STRICT}{SHOP}{WEB}")
    }

    /// An Application of a directory for a cluster.
    fn application(path: &str, cluster: &str) -> String {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n\
             metadata: {{name: {path}-{cluster}, namespace: argocd}}\n\
             spec:\n  source: {{repoURL: 'https://git.example/a/b', path: {path}}}\n  \
             destination: {{name: {cluster}}}\n"
        )
    }

    /// The severity of the one finding that the rule breaks traffic, with the last fact.
    fn found(texts: &[(&str, &str)], meshes: Vec<ConfiguredMesh>) -> (Severity, String) {
        let files = texts.iter().map(|(path, text)| (*path, (*text).to_owned()));
        let request = Request {
            paths: vec![".".into()],
            meshes,
            ..Request::default()
        };
        let outcome = lint(&request, &Memory::new(files.collect::<Vec<_>>()));
        let report = outcome.expect("the run succeeds").report;
        let mut found = report.diagnostics.iter();
        let found = found
            .find(|one| one.rule == "tls-disabled-in-mesh")
            .expect("the rule is found");
        let last = found.evidence.last().map(|fact| fact.text.clone());
        (found.severity, last.unwrap_or_default())
    }

    #[test]
    fn a_file_that_no_application_deploys_makes_no_error() {
        let shop = application("shop", "prod");
        let texts = [
            ("argo/shop.yaml", shop.as_str()),
            ("shop/shop.yaml", &mesh_of_shop()),
            ("old/rule.yaml", RULE),
        ];
        let (severity, fact) = found(&texts, Vec::new());
        assert_eq!(severity, Severity::Warning);
        assert_eq!(
            fact,
            "no Flux or Argo CD resource of the repository deploys `old/rule.yaml`; taken as part of \
             mesh `prod`"
        );
    }

    #[test]
    fn a_file_that_an_application_deploys_still_makes_an_error() {
        let (shop, rule) = (application("shop", "prod"), application("rule", "prod"));
        let texts = [
            ("argo/rule.yaml", rule.as_str()),
            ("argo/shop.yaml", &shop),
            ("rule/rule.yaml", RULE),
            ("shop/shop.yaml", &mesh_of_shop()),
        ];
        assert_eq!(found(&texts, Vec::new()).0, Severity::Error);
    }

    #[test]
    fn a_base_that_something_unused_builds_on_too_still_makes_an_error() {
        let shop = application("shop", "prod");
        let texts = [
            ("argo/shop.yaml", shop.as_str()),
            ("base/kustomization.yaml", "resources: [rule.yaml]\n"),
            ("base/rule.yaml", RULE),
            (
                "other/kustomization.yaml",
                "resources: [../base]\nnamePrefix: other-\n",
            ),
            (
                "shop/kustomization.yaml",
                "resources: [shop.yaml, ../base]\n",
            ),
            ("shop/shop.yaml", &mesh_of_shop()),
        ];
        assert_eq!(found(&texts, Vec::new()).0, Severity::Error);
    }

    #[test]
    fn a_file_that_no_configured_mesh_names_makes_no_error() {
        let mesh = |shared: &[&str]| ConfiguredMesh {
            name: "prod".into(),
            roots: vec!["shop".to_owned()],
            shared: shared.iter().map(|&one| one.to_owned()).collect(),
            ..ConfiguredMesh::default()
        };
        let texts = [("old/rule.yaml", RULE), ("shop/shop.yaml", &mesh_of_shop())];
        let (severity, fact) = found(&texts, vec![mesh(&[])]);
        assert_eq!(severity, Severity::Warning);
        assert_eq!(
            fact,
            "no entry of `meshes` in the config file is about `old/rule.yaml`; taken as part of mesh \
             `prod`"
        );
        assert_eq!(found(&texts, vec![mesh(&["old"])]).0, Severity::Error);
    }

    #[test]
    fn a_repository_without_cd_resources_is_not_doubted() {
        let texts = [("old/rule.yaml", RULE), ("shop/shop.yaml", &mesh_of_shop())];
        assert_eq!(found(&texts, Vec::new()).0, Severity::Error);
    }
}
