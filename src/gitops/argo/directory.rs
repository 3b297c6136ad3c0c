//! What Argo CD deploys from a directory of plain manifests.

use camino::Utf8Path;
use globset::{Glob, GlobMatcher};

use crate::gitops::evaluation::Evaluation;
use crate::gitops::plain::Manifests;
use crate::gitops::{Problem, Unit, is_kustomization_file, namespace};
use crate::source::Spanned;
use crate::yaml::Value;

/// Deploys the manifests of the directory of a unit by the settings of its Application, and notes which files they leave
/// out.
pub(super) fn deploy(
    unit: &mut Unit,
    settings: Option<&Value>,
    default_namespace: Option<&Spanned<Box<str>>>,
    evaluation: &mut Evaluation<'_>,
) {
    let field = |key: &str| settings.and_then(|settings| settings.get(key));
    let recurses = field("recurse").and_then(Value::as_bool) == Some(true);
    let include = field("include").and_then(Value::as_text).and_then(compile);
    let exclude = field("exclude").and_then(Value::as_text).and_then(compile);
    let files = evaluation.session.files;
    let directory = unit.directory.clone();
    let mut manifests = Manifests::default();
    for (path, file) in files.below(&directory) {
        let Ok(inside) = path.strip_prefix(&directory) else {
            continue;
        };
        let is_deep = inside.components().count() > 1;
        let is_excluded = exclude.as_ref().is_some_and(|glob| glob.is_match(inside))
            || include.as_ref().is_some_and(|glob| !glob.is_match(inside));
        let reason = if is_deep && !recurses {
            "which does not look into sub-directories"
        } else if is_excluded {
            "which excludes it"
        } else {
            if matches!(path.extension(), Some("yaml" | "yml" | "json")) {
                for document in &files.first_documents(file).documents {
                    manifests.take(document.root.clone());
                }
                unit.files.insert(file);
                // What stands for itself elsewhere is one of the files here.
                if is_kustomization_file(path) {
                    evaluation
                        .built
                        .extend(path.parent().map(Utf8Path::to_owned));
                }
            }
            continue;
        };
        let reason = format!(
            "below the directory of Application `{}`, {reason}",
            unit.name
        );
        evaluation.left_out.entry(file).or_insert(reason);
    }
    let jsonnet = field("jsonnet").filter(|jsonnet| !jsonnet.entries().is_empty());
    unit.problems
        .extend(jsonnet.map(|jsonnet| not_known(jsonnet, &unit.name)));
    let root = evaluation.settings.root_namespace.as_deref();
    namespace::settle_unit(&mut manifests.objects, default_namespace, root);
    unit.objects = manifests.objects;
    unit.problems.extend(manifests.problems);
}

/// What Jsonnet makes, which is not known.
fn not_known(jsonnet: &Value, application: &str) -> Problem {
    Problem::Unresolved {
        place: jsonnet.place,
        message: format!("what Jsonnet makes in Application `{application}` is not known"),
        help: Some("render it and lint the result: `… | mtls-lint -`".to_owned()),
    }
}

/// A glob as Argo CD understands it: a star goes over slashes.
fn compile(glob: &str) -> Option<GlobMatcher> {
    // One that is none matches nothing there either.
    Glob::new(glob).ok().map(|glob| glob.compile_matcher())
}
