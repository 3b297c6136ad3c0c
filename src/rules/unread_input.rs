//! Inputs that could not be read.

use camino::{Utf8Path, Utf8PathBuf};

use super::substituted_tls_mode::is_mode;
use crate::declare_rule;
use crate::diagnostic::{Certainty, Severity};
use crate::gitops;
use crate::resource::{self, Effect};
use crate::rule::{Alternative, InputContext, InputProblem, NoOptions};
use crate::source::Place;
use crate::yaml::ProblemKind;

declare_rule! {
    /// ## What it does
    ///
    /// Says which inputs were not read: broken YAML, files that cannot be opened, are too large or are not UTF-8, and
    /// templates and placeholders that something fills in before they are applied.
    ///
    /// ## Why it matters
    ///
    /// A DestinationRule or a policy in an unread input can change what every other finding says. Nothing unread is
    /// silent, so that no findings never means "nothing was looked at".
    ///
    /// Broken documents and unreadable files are warnings, and so is what kustomize, Flux or Argo CD would refuse or take
    /// from elsewhere. Templates, charts and placeholders are notes: they are not wrong, they only cannot be read before
    /// they are rendered. Variables that Flux takes from a ConfigMap or Secret outside of the repository are a warning where
    /// they may decide about mutual TLS, else a note. Objects that Istio refuses are findings of `invalid-schema`. A note
    /// also says where directories are taken for several meshes and nothing declares that.
    ///
    /// ## Examples
    ///
    /// The mapping below `mtls` is indented with a tab, which YAML forbids:
    ///
    /// ```yaml bad
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: shop
    /// spec:
    ///   mtls:
    /// 	mode: STRICT
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: shop
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ```
    ///
    /// ## Fix
    ///
    /// Repair the document, or leave the file out with `--exclude`. Render templates first and pass the result:
    /// `helm template … | mtls-lint -` or `kustomize build … | mtls-lint -`.
    "unread-input" {
        summary: "an input could not be read, so findings may be missing",
        category: Hygiene,
        severity: Warning,
        reads: [],
        fix: None,
        since: "0.1.0",
        stage: Inputs,
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut InputContext<'_>) {
    for problem in cx.problems() {
        match problem {
            InputProblem::Unreadable { path, reason } => {
                let help = if reason.contains("--max-file-size") {
                    "raise `--max-file-size`, or leave it out with `--exclude`"
                } else {
                    "make it readable, or leave it out with `--exclude`"
                };
                cx.report_path(path, format!("`{path}` is not read: {reason}"))
                    .help(help);
            }
            InputProblem::NotUtf8 { path, line } => {
                let message = format!("`{path}` is not read: line {line} is not UTF-8");
                cx.report_path(path, message)
                    .help("save the file as UTF-8, or leave it out with `--exclude`");
            }
            InputProblem::Chart {
                path,
                templates,
                failure,
            } => chart(cx, path, *templates, failure.as_deref()),
            InputProblem::Document {
                place,
                kind,
                message,
            } => document(cx, *place, *kind, message),
            InputProblem::Deploy(problem) => deploy(cx, problem),
            InputProblem::Meshes { names, directories } => meshes(cx, names, directories),
            InputProblem::Alternatives(alternatives) => of_alternatives(cx, alternatives),
            InputProblem::Object(problem) => match problem.effect {
                // `substituted-tls-mode` reports modes.
                Effect::Undecided if is_mode(&problem.field) => {}
                Effect::Undecided => placeholder(cx, problem),
                Effect::Refused | Effect::Dropped => {} // `invalid-schema` reports these
            },
        }
    }
}

/// Something that is not deployed, or not as it is written.
fn deploy(cx: &mut InputContext<'_>, problem: &gitops::Problem) {
    let message = problem.message();
    match problem {
        gitops::Problem::Unnamed { place, .. } | gitops::Problem::Unversioned { place, .. } => {
            cx.report(*place, format!("the object is not read: {message}"))
                .primary("Kubernetes refuses this")
                .help("complete the object, or leave the file out with `--exclude`");
        }
        gitops::Problem::Refused { place, .. } | gitops::Problem::Broken { place, .. } => {
            let help = problem
                .help()
                .unwrap_or("repair it, or leave it out with `--exclude`");
            cx.report(*place, message)
                .primary("refused here")
                .help(help);
        }
        gitops::Problem::Unresolved { place, help, .. } => {
            let help = help
                .as_deref()
                .unwrap_or("render it and lint the result: `… | mtls-lint -`");
            cx.report(*place, message)
                .primary("not in the input")
                .help(help);
        }
        gitops::Problem::Variables { place, matters, .. } => {
            let severity = if *matters {
                Severity::Warning
            } else {
                Severity::Note
            };
            cx.report(*place, message)
                .primary("what it sets is not known")
                .severity(severity)
                .help(problem.help().unwrap_or_default());
        }
        // Nothing is missing; `mtls-lint meshes` tells it.
        gitops::Problem::Remark { .. } => {}
        gitops::Problem::Chart { place, .. } => {
            cx.report(*place, message)
                .primary("its templates are not read")
                .severity(Severity::Note)
                .help("render the chart and lint the result: `helm template … | mtls-lint -`");
        }
    }
}

/// How many directories the snippet of a note names.
const ROOTS: usize = 4;

/// Meshes that nothing declares.
fn meshes(cx: &mut InputContext<'_>, names: &[String], directories: &[Utf8PathBuf]) {
    let Some(first) = directories.first() else {
        return;
    };
    let first = match first.as_str() {
        "" => Utf8Path::new("."),
        _ => first,
    };
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let mut help =
        "say which directories are of which mesh in `mtls-lint.yaml`: `meshes: [".to_owned();
    let entries = names.iter().take(ROOTS).map(|name| {
        let last = name.rsplit('/').next().unwrap_or(name);
        let roots = directories
            .iter()
            .filter(|path| path.file_name() == Some(last));
        let roots: Vec<&str> = roots.take(ROOTS).map(|path| path.as_str()).collect();
        format!("{{name: {name}, roots: [{}]}}", roots.join(", "))
    });
    help.push_str(&entries.collect::<Vec<_>>().join(", "));
    help.push_str("]`; `mtls-lint meshes` shows what they are taken for");
    let message = match quoted.as_slice() {
        [name] => format!(
            "{name} defines objects that other meshes define too, so it is taken for a mesh of its own"
        ),
        names => format!(
            "directories define the same objects, so they are taken for {} meshes: {}",
            names.len(),
            names.join(", ")
        ),
    };
    cx.report_path(first, message)
        .severity(Severity::Note)
        .help(help);
}

/// A chart that nobody renders.
fn chart(cx: &mut InputContext<'_>, path: &Utf8Path, templates: usize, failure: Option<&str>) {
    let path = Utf8Path::new(gitops::shown(path));
    let count = match templates {
        1 => "its template is".to_owned(),
        count => format!("its {count} templates are"),
    };
    let headline = format!("chart `{path}` is not rendered: {count} not read");
    if let Some(reason) = failure {
        cx.report_path(path, format!("{headline}, since {reason}"))
            .help("repair it, or lint what it renders with the values that it needs: `helm template … | mtls-lint -`");
        return;
    }
    cx.report_path(path, headline)
    .severity(Severity::Note)
    .help("let Helm render it with `--render helm`, or lint what it renders: `helm template … | mtls-lint -`");
}

/// A document that could not be parsed.
fn document(cx: &mut InputContext<'_>, place: Place, kind: ProblemKind, message: &str) {
    match kind {
        ProblemKind::Syntax => {
            cx.report(place, format!("the document is not read: {message}"))
                .primary("the parser stopped here")
                .help("repair the document, or leave the file out with `--exclude`");
        }
        ProblemKind::Template => {
            cx.report(place, "the document is a template and is not read")
                .primary(message)
                .severity(Severity::Note)
                .help("render it and lint the result: `… | mtls-lint -`");
        }
        ProblemKind::AliasBudget => {
            cx.report(place, format!("the document is not read: {message}"))
                .primary("its aliases expand to too much")
                .help("write the repeated parts out, or leave the file out with `--exclude`");
        }
    }
}

/// How many objects a note about alternatives names.
const SAMPLES: usize = 3;

/// Objects that are defined more than once: variants that are never applied together.
fn of_alternatives(cx: &mut InputContext<'_>, alternatives: &[Alternative]) {
    let Some(first) = alternatives.first() else {
        return;
    };
    let [taken, left, ..] = first.places.as_slice() else {
        return;
    };
    let message = match alternatives.len() {
        1 => format!(
            "`{}` is defined more than once; the first definition is taken",
            first.object
        ),
        count => format!(
            "{count} objects are defined more than once; the first definition of each is taken"
        ),
    };
    let mut report = cx.report(*left, message);
    report
        .primary(format!("this definition of `{}` is left out", first.object))
        .object(&first.object)
        .severity(Severity::Note)
        .label(*taken, Some(&first.object), "this one is taken");
    for other in alternatives.iter().skip(1).take(SAMPLES) {
        if let [_, left, ..] = other.places.as_slice() {
            report.label(
                *left,
                Some(&other.object),
                format!("this definition of `{}` is left out", other.object),
            );
        }
    }
    report.help("lint variants that are not applied together one by one, or leave some out with `--exclude`");
}

/// An object of which a placeholder decides a field that matters.
fn placeholder(cx: &mut InputContext<'_>, problem: &resource::Problem) {
    let resource::Problem { object, field, .. } = problem;
    cx.report(
        problem.place,
        format!("`{object}` is not read: a placeholder decides `{field}`"),
    )
    .primary("filled in before this is applied")
    .object(object)
    .field(field.clone())
    .severity(Severity::Note)
    .certainty(Certainty::Unknown)
    .help("render it and lint the result: `… | mtls-lint -`");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::object::{Namespace, ObjectId};
    use crate::source::{FileId, OriginId, Span};
    use crate::yaml::FieldPath;

    fn place() -> Place {
        Place {
            span: Span::new(FileId(0), 3, 8),
            origin: OriginId::BASE,
        }
    }

    fn worded(problem: InputProblem) -> Diagnostic {
        let problems = [problem];
        let mut cx = InputContext::new(&RULE.meta, &problems);
        check(&NoOptions {}, &mut cx);
        let mut diagnostics = cx.into_diagnostics();
        assert_eq!(diagnostics.len(), 1);
        diagnostics.remove(0)
    }

    fn parsed(kind: ProblemKind) -> Diagnostic {
        worded(InputProblem::Document {
            place: place(),
            kind,
            message: "found a tab".into(),
        })
    }

    #[test]
    fn broken_yaml_is_a_warning_where_the_parser_stopped() {
        let finding = parsed(ProblemKind::Syntax);
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.place, Some(place()));
        assert_eq!(finding.message, "the document is not read: found a tab");
    }

    #[test]
    fn a_template_is_a_note() {
        assert_eq!(parsed(ProblemKind::Template).severity, Severity::Note);
    }

    #[test]
    fn aliases_over_the_budget_are_a_warning() {
        assert_eq!(parsed(ProblemKind::AliasBudget).severity, Severity::Warning);
    }

    #[test]
    fn one_mesh_that_nothing_declares_is_not_told_as_several() {
        let finding = worded(InputProblem::Meshes {
            names: vec!["hub".to_owned()],
            directories: vec!["hub".into()],
        });
        assert_eq!(
            finding.message,
            "`hub` defines objects that other meshes define too, so it is taken for a mesh of its own"
        );
    }

    #[test]
    fn an_unreadable_file_is_a_warning_about_its_path() {
        let reason = "permission denied".into();
        let path = "big.yaml".into();
        let finding = worded(InputProblem::Unreadable { path, reason });
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.path, Some("big.yaml".into()));
        assert_eq!(finding.place, None);
    }

    #[test]
    fn a_file_that_is_not_utf8_is_a_warning_about_its_path() {
        let finding = worded(InputProblem::NotUtf8 {
            path: "latin.yaml".into(),
            line: 3,
        });
        assert_eq!(
            finding.message,
            "`latin.yaml` is not read: line 3 is not UTF-8"
        );
        assert_eq!(finding.severity, Severity::Warning);
    }

    #[test]
    fn a_chart_is_one_note_with_the_number_of_its_templates() {
        for (templates, words) in [(1, "its template is"), (3, "its 3 templates are")] {
            let path = "charts/web".into();
            let finding = worded(InputProblem::Chart {
                path,
                templates,
                failure: None,
            });
            assert_eq!(finding.severity, Severity::Note);
            assert!(finding.message.contains(words), "{}", finding.message);
        }
    }

    #[test]
    fn a_chart_in_the_working_directory_has_a_name() {
        let finding = worded(InputProblem::Chart {
            path: "".into(),
            templates: 2,
            failure: None,
        });
        assert_eq!(
            finding.message,
            "chart `.` is not rendered: its 2 templates are not read"
        );
        assert_eq!(finding.path.as_deref(), Some(".".into()));
    }

    fn of_object(effect: Effect) -> InputProblem {
        InputProblem::Object(Box::new(resource::Problem {
            object: ObjectId {
                group: "networking.istio.io".into(),
                kind: "DestinationRule".into(),
                namespace: Some(Namespace::new("shop")),
                name: "web".into(),
            },
            field: FieldPath::new("spec.host"),
            place: place(),
            kind: resource::ProblemKind::Placeholder,
            effect,
            message: "a placeholder decides".into(),
            help: None,
            replacement: None,
        }))
    }

    #[test]
    fn an_object_with_a_placeholder_is_a_note_that_names_object_and_field() {
        let finding = worded(of_object(Effect::Undecided));
        assert_eq!(finding.severity, Severity::Note);
        assert_eq!(finding.certainty, Certainty::Unknown);
        assert_eq!(
            finding.message,
            "`DestinationRule shop/web` is not read: a placeholder decides `spec.host`"
        );
    }

    #[test]
    fn what_another_rule_reports_is_not_said_twice() {
        for effect in [Effect::Refused, Effect::Dropped] {
            let problems = [of_object(effect)];
            let mut cx = InputContext::new(&RULE.meta, &problems);
            check(&NoOptions {}, &mut cx);
            assert!(cx.into_diagnostics().is_empty(), "{effect:?}");
        }
    }
}
