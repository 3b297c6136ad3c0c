//! Fixes of text that several meshes share, or that is no literal of the object: the help says how to patch one overlay
//! instead.

use std::collections::{BTreeMap, BTreeSet};

use super::Analysis;
use super::fix::{apply_order, edited};
use crate::diagnostic::{Diagnostic, Fix};
use crate::source::{Cause, FileId, Origin, OriginId, SourceFile, Sources, Span};
use crate::yaml::{self, Node, ReadOptions, ScalarStyle, Value};

/// Takes fixes away that would edit more than the finding is about: text that meshes share which have no such finding, and
/// text that is written to an object from elsewhere. Where a patch of the overlay does the same, the help shows it.
pub(super) fn keep_to_their_meshes(diagnostics: &mut [Diagnostic], analysis: &Analysis) {
    let mut found: BTreeMap<(&'static str, Span), BTreeSet<String>> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|one| one.fix.is_some()) {
        if let Some(place) = diagnostic.place {
            let meshes = found.entry((diagnostic.rule, place.span)).or_default();
            meshes.extend(diagnostic.meshes.iter().cloned());
        }
    }
    for diagnostic in diagnostics {
        let (Some(fix), Some(place)) = (&diagnostic.fix, diagnostic.place) else {
            continue;
        };
        if !is_literal(analysis, place.origin) {
            diagnostic.fix = None;
            continue;
        }
        let agreeing = found.get(&(diagnostic.rule, place.span));
        let is_agreed = |mesh: &str| agreeing.is_none_or(|names| names.contains(mesh));
        // What is wrong with the text itself is wrong in every mesh.
        let is_of_text = diagnostic.meshes.is_empty();
        if is_of_text || sharing(fix, analysis).into_iter().all(is_agreed) {
            continue;
        }
        let patch = patch(diagnostic, &analysis.sources);
        diagnostic.fix = None;
        if let Some(patch) = patch {
            let help = diagnostic.help.take().unwrap_or_default();
            let meshes = diagnostic.meshes.join("`, `");
            diagnostic.help = Some(format!(
                "{help}; other meshes share this text, so patch the overlay of `{meshes}`: `{patch}`"
            ));
        }
    }
}

/// Whether a value is written in the object or in a patch for it, and not copied or made.
fn is_literal(analysis: &Analysis, origin: OriginId) -> bool {
    match analysis.deployment.origins.get(origin) {
        Origin::Base | Origin::Assumed => true,
        Origin::Changed(change) => {
            matches!(change.cause, Cause::StrategicMergePatch | Cause::JsonPatch)
        }
    }
}

/// The meshes that deploy something of the files that a fix edits.
fn sharing<'a>(fix: &Fix, analysis: &'a Analysis) -> BTreeSet<&'a str> {
    let files: BTreeSet<FileId> = fix.edits.iter().map(|edit| edit.span.file).collect();
    let deployment = &analysis.deployment;
    let holds = |unit: &usize| {
        let unit = deployment.units.get(*unit);
        unit.is_some_and(|unit| !unit.files.is_disjoint(&files))
    };
    let meshes = deployment.meshes.iter();
    let sharing = meshes.filter(|mesh| mesh.units.iter().any(holds));
    sharing.map(|mesh| &*mesh.name).collect()
}

/// A strategic merge patch that does to the object what the fix does to the text; `None` if that cannot be told.
fn patch(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
    let edits = apply_order(std::iter::once(diagnostic), sources);
    let first = edits.first()?.span;
    let file = sources.file(first.file);
    let after = edited(&edits, sources).remove(file.path())?;
    let before = documents(file);
    let holds = |document: &yaml::Document| {
        document.span.start <= first.start && first.start <= document.span.end
    };
    let position = before.iter().position(holds)?;
    let file = SourceFile::new(file.path().to_owned(), after.into(), file.role());
    let after = documents(&file);
    let before = &before.get(position)?.root;
    let spec = difference(before.get("spec")?, after.get(position)?.root.get("spec")?)?;
    let object = diagnostic.object.as_ref()?;
    let (version, kind) = (before.get("apiVersion")?, before.get("kind")?);
    let namespace = object.namespace.as_ref();
    let namespace = namespace.map_or_else(String::new, |name| format!(", namespace: {name}"));
    Some(format!(
        "{{apiVersion: {}, kind: {}, metadata: {{name: {}{namespace}}}, spec: {spec}}}",
        version.as_str()?,
        kind.as_str()?,
        object.name
    ))
}

/// The documents of a file.
fn documents(file: &SourceFile) -> Vec<yaml::Document> {
    yaml::read(FileId::FIRST, file, ReadOptions::ALL_DOCUMENTS).documents
}

/// What a merge patch for a custom resource says to make one value another, on one line; `None` for nothing. Lists are
/// replaced as a whole.
fn difference(before: &Value, after: &Value) -> Option<String> {
    let (Node::Mapping(_), Node::Mapping(new)) = (&before.node, &after.node) else {
        let (old, new) = (shown(before), shown(after));
        return (old != new).then_some(new);
    };
    let mut parts = Vec::new();
    for entry in &new.entries {
        let key = &entry.key.value;
        let part = match before.get(key) {
            Some(old) => difference(old, &entry.value),
            None => Some(shown(&entry.value)),
        };
        parts.extend(part.map(|part| format!("{key}: {part}")));
    }
    let old = before.entries().iter().map(|entry| &entry.key.value);
    let gone = old.filter(|key| after.get(key).is_none());
    parts.extend(gone.map(|key| format!("{key}: null")));
    (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(", ")))
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match &value.node {
        Node::Scalar(scalar) => match scalar.style {
            ScalarStyle::Plain => scalar.text.to_string(),
            ScalarStyle::Quoted | ScalarStyle::Block => format!("{:?}", scalar.text),
        },
        Node::Sequence(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            let entries =
                entries.map(|entry| format!("{}: {}", entry.key.value, shown(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::engine::testing::{NO_AUTO_MTLS, SHOP, STRICT, WEB};
    use crate::engine::{Request, lint};
    use crate::source::tree::Memory;

    /// A rule that gives mutual TLS to all.
    const WIDE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all, namespace: istio-system}
spec: {host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
";

    /// A rule that drops the mutual TLS of the mesh.
    const RULE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}}
";

    /// What is said about the rule where production demands mutual TLS, and staging has a mode.
    fn finding(staging: &str) -> Diagnostic {
        let overlay = "resources: [../../base, policy.yaml]\n";
        let base = "resources: [mesh.yaml, rule.yaml]\n";
        let mesh = [NO_AUTO_MTLS, SHOP, WEB, WIDE].concat();
        let staging = STRICT.replace("STRICT", staging);
        let tree = Memory::new([
            ("base/kustomization.yaml", base),
            ("base/mesh.yaml", mesh.as_str()),
            ("base/rule.yaml", RULE),
            ("overlays/prod/kustomization.yaml", overlay),
            ("overlays/prod/policy.yaml", STRICT),
            ("overlays/staging/kustomization.yaml", overlay),
            ("overlays/staging/policy.yaml", &staging),
        ]);
        let request = Request {
            paths: vec![".".into()],
            ..Request::default()
        };
        let outcome = lint(&request, &tree).expect("it can be linted");
        let mut found = outcome.report.diagnostics.into_iter();
        found
            .find(|one| one.rule == "override-drops-mtls")
            .expect("the rule drops mutual TLS")
    }

    #[test]
    fn a_text_that_all_its_meshes_complain_about_is_edited() {
        let finding = finding("STRICT");
        assert_eq!(finding.meshes, ["prod", "staging"]);
        assert!(finding.fix.is_some(), "{finding:#?}");
    }

    #[test]
    fn a_text_that_another_mesh_shares_is_patched_in_the_overlay() {
        let finding = finding("DISABLE");
        assert_eq!(finding.meshes, ["prod"]);
        assert_eq!(finding.fix, None);
        let help = finding.help.unwrap_or_default();
        let patch = "patch the overlay of `prod`: `{apiVersion: networking.istio.io/v1, \
                     kind: DestinationRule, metadata: {name: web, namespace: shop}, \
                     spec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}}`";
        assert!(help.ends_with(patch), "{help}");
    }
}
