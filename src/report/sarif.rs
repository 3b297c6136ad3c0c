//! SARIF 2.1.0, in the form that GitHub code scanning wants. Alone names serde-sarif, with the files of its folder.

mod absent;
mod location;
mod rules;

use std::collections::BTreeMap;
use std::io::{self, Write};

use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use serde_sarif::sarif;

use self::location::{artifact, link_text, located, region, text_message};
use super::caveat;
use super::details::{meshes, statement};
use super::line_hash::LineHashes;
use super::location::{Extent, Location, Region};
use super::text::{inert_json, one_line, visible};
use super::{HOME_PAGE, TOOL};
use crate::diagnostic::{Diagnostic, Edit, ExceptionKind, Fact, Fix, Severity, Suppression};
use crate::engine::{Report, Unread};
use crate::rule::RuleMeta;
use crate::source::{FileId, Sources};

/// The schema that the document names; nothing fetches it.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name of the folder that paths are relative to; GitHub knows this one.
const ROOT: &str = "%SRCROOT%";

/// Writes the report.
pub(super) fn render(report: &Report, rules: &[&RuleMeta], out: &mut dyn Write) -> io::Result<()> {
    let document = sarif::Sarif::builder()
        .schema(SCHEMA)
        .version("2.1.0")
        .runs(vec![run(report, rules)])
        .build();
    let json = serde_json::to_string_pretty(&document)?;
    writeln!(out, "{}", inert_json(&json))
}

/// One run for everything: GitHub would close the alerts of a run that a later one of the same category lacks.
fn run(report: &Report, rules: &[&RuleMeta]) -> sarif::Run {
    let driver = sarif::ToolComponent::builder()
        .name(TOOL)
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(HOME_PAGE)
        .rules(rules::descriptors(rules))
        .build();
    let root = sarif::ArtifactLocation::builder()
        .description(text_message("The folder that the linter was started in."))
        .build();
    let category = sarif::RunAutomationDetails::builder()
        .id(format!("{TOOL}/"))
        .build();
    let mut run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver).build())
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root)]))
        .automation_details(category)
        .column_kind("unicodeCodePoints")
        .results(Results::new(report, rules).all())
        .build();
    if !report.summary.unread.is_empty() {
        run.invocations = Some(vec![invocation(&report.summary.unread)]);
    }
    run
}

/// The findings that the baseline knows. Code scanning would close the alerts of those that a run leaves out.
fn known(report: &Report) -> &[Diagnostic] {
    let accepted = report.accepted.as_ref();
    accepted.map_or(&[], |accepted| &accepted.known)
}

/// Makes the results, remembering what several of them need.
struct Results<'r> {
    report: &'r Report,
    rule_indices: FxHashMap<&'static str, i64>,
    line_hashes: FxHashMap<FileId, LineHashes>,
}

impl<'r> Results<'r> {
    fn new(report: &'r Report, rules: &[&RuleMeta]) -> Self {
        let mut line_hashes = FxHashMap::default();
        let findings = report.diagnostics.iter().chain(known(report));
        let findings = findings.chain(&report.suppressed);
        for place in findings.filter_map(|finding| finding.place) {
            let id = place.span.file;
            line_hashes
                .entry(id)
                .or_insert_with(|| LineHashes::of(report.sources.file(id).text()));
        }
        Self {
            report,
            rule_indices: rules.iter().map(|rule| rule.name).zip(0..).collect(),
            line_hashes,
        }
    }

    fn all(&self) -> Vec<sarif::Result> {
        let is_compared = self.report.accepted.is_some();
        let new = self.report.diagnostics.iter().map(|finding| {
            let mut result = self.result(finding);
            result.baseline_state = is_compared.then(|| "new".into());
            result
        });
        let known = known(self.report).iter().map(|finding| {
            let mut result = self.result(finding);
            result.baseline_state = Some("unchanged".into());
            result
        });
        let suppressed = self.report.suppressed.iter();
        let suppressed = suppressed.map(|finding| self.result(finding));
        let absent = absent::results(self.report, &self.rule_indices);
        new.chain(known).chain(absent).chain(suppressed).collect()
    }

    fn result(&self, diagnostic: &Diagnostic) -> sarif::Result {
        let sources = &*self.report.sources;
        let level = match diagnostic.severity {
            Severity::Error => sarif::ResultLevel::Error,
            Severity::Warning => sarif::ResultLevel::Warning,
            Severity::Note => sarif::ResultLevel::Note,
        };
        let mut result = sarif::Result::builder()
            .rule_id(diagnostic.rule)
            .level(level)
            .message(text_message(&message(diagnostic)))
            .properties(properties(diagnostic))
            .build();
        result.rule_index = self.rule_indices.get(diagnostic.rule).copied();
        let location = Location::of_diagnostic(diagnostic, Extent::FirstLine, sources);
        result.locations = Some(vec![located(&location.unwrap_or_else(Location::folder))]);
        result.related_locations = some_list(related_locations(diagnostic, sources));
        result.code_flows = code_flow(diagnostic, sources).map(|flow| vec![flow]);
        result.partial_fingerprints = self.fingerprints(diagnostic);
        result.fixes = diagnostic
            .fix
            .as_ref()
            .and_then(|it| fix(it, sources))
            .map(|it| vec![it]);
        result.suppressions = diagnostic
            .suppression
            .as_ref()
            .map(|it| vec![suppression(it, sources)]);
        result
    }

    /// What keeps an alert the same: by GitHub's reading of the line, and by ours of the object.
    fn fingerprints(&self, diagnostic: &Diagnostic) -> Option<BTreeMap<String, String>> {
        let mut fingerprints = BTreeMap::new();
        if let Some(place) = diagnostic.place {
            let file = self.report.sources.file(place.span.file);
            let line = Region::of(place.span, Extent::FirstLine, file).start.line;
            let hashes = self.line_hashes.get(&place.span.file);
            if let Some(hash) = hashes.and_then(|hashes| hashes.line(line)) {
                fingerprints.insert("primaryLocationLineHash".to_owned(), hash);
            }
        }
        let own = diagnostic.fingerprint.as_str();
        if !own.is_empty() {
            fingerprints.insert(format!("{TOOL}/v1"), own.to_owned());
        }
        (!fingerprints.is_empty()).then_some(fingerprints)
    }
}

/// The message: its first sentence is the title of the alert, its links lead to the related locations.
fn message(diagnostic: &Diagnostic) -> String {
    let mut text = sentence(&one_line(&diagnostic.message));
    let mut push = |line: &str| {
        text.push('\n');
        text.push_str(line);
    };
    if !diagnostic.label.is_empty() {
        push(&sentence(&one_line(&diagnostic.label)));
    }
    for (label, id) in diagnostic.labels.iter().zip(1..) {
        push(&format!("See [{}]({id}).", link_text(&label.message)));
    }
    // Code scanning shows no properties, and of the evidence what stands somewhere.
    let is_nowhere = |fact: &&Fact| fact.place.is_none();
    for fact in diagnostic.evidence.iter().filter(is_nowhere) {
        push(&format!("Why: {}", sentence(&statement(fact))));
    }
    if let Some(meshes) = meshes(diagnostic) {
        push(&format!("Mesh: {}", sentence(&one_line(&meshes))));
    }
    if let Some(caveat) = caveat(diagnostic.certainty) {
        push(&format!("Note: {caveat}."));
    }
    if let Some(help) = &diagnostic.help {
        push(&format!("Help: {}", sentence(help)));
    }
    if let Some(fix) = &diagnostic.fix {
        let applicability = fix.applicability.as_str();
        push(&format!("Fix ({applicability}): {}", sentence(&fix.title)));
    }
    text
}

/// Text of ours, which has no full stop, as a sentence.
fn sentence(text: &str) -> String {
    let text = escaped(text);
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    text + end
}

/// Text without links of its own. A backslash would not do: one of the text's own before it would take its meaning.
fn escaped(text: &str) -> String {
    visible(text).replace("](", "] (")
}

/// What has no key of its own in SARIF.
fn properties(diagnostic: &Diagnostic) -> sarif::PropertyBag {
    let mut more: BTreeMap<String, Value> = BTreeMap::new();
    more.insert("certainty".into(), diagnostic.certainty.as_str().into());
    if !diagnostic.meshes.is_empty() {
        more.insert("meshes".into(), json!(diagnostic.meshes));
    }
    if let Some(object) = &diagnostic.object {
        more.insert("object".into(), object.to_string().into());
    }
    if let Some(field) = &diagnostic.field {
        more.insert("field".into(), field.as_str().into());
    }
    if let Some(fix) = &diagnostic.fix {
        more.insert("fix".into(), fix.applicability.as_str().into());
    }
    // A code flow has only the facts that stand somewhere.
    let facts: Vec<_> = diagnostic.evidence.iter().map(statement).collect();
    if !facts.is_empty() {
        more.insert("evidence".into(), json!(facts));
    }
    sarif::PropertyBag::builder()
        .additional_properties(more)
        .build()
}

/// The labels, by the numbers that the message links to.
fn related_locations(diagnostic: &Diagnostic, sources: &Sources) -> Vec<sarif::Location> {
    let labels = diagnostic.labels.iter().zip(1..);
    labels
        .map(|(label, id)| {
            let place = Location::of_label(label, Extent::FirstLine, sources);
            let mut location = located(&place);
            location.id = Some(id);
            location.message = Some(text_message(&escaped(&label.message)));
            location
        })
        .collect()
}

/// The evidence that stands somewhere, as the steps that lead to the finding.
fn code_flow(diagnostic: &Diagnostic, sources: &Sources) -> Option<sarif::CodeFlow> {
    let steps = diagnostic.evidence.iter().filter_map(|fact| {
        let place = Location::of_fact(fact, Extent::FirstLine, sources)?;
        let mut location = located(&place);
        location.message = Some(text_message(&escaped(&fact.text)));
        let step = sarif::ThreadFlowLocation::builder().location(location);
        Some(step.build())
    });
    let steps: Vec<_> = steps.collect();
    if steps.is_empty() {
        return None;
    }
    let flow = sarif::ThreadFlow::builder().locations(steps).build();
    let flow = sarif::CodeFlow::builder().thread_flows(vec![flow]);
    Some(flow.build())
}

/// A fix; none without edits, which the schema does not allow.
fn fix(fix: &Fix, sources: &Sources) -> Option<sarif::Fix> {
    let mut by_file: IndexMap<FileId, Vec<sarif::Replacement>> = IndexMap::new();
    for edit in &fix.edits {
        let replacements = by_file.entry(edit.span.file).or_default();
        replacements.push(replacement(edit, sources));
    }
    let changes = by_file.into_iter().map(|(file, replacements)| {
        sarif::ArtifactChange::builder()
            .artifact_location(artifact(sources.file(file).path()))
            .replacements(replacements)
            .build()
    });
    let changes = some_list(changes.collect())?;
    let fix = sarif::Fix::builder()
        .description(text_message(&escaped(&fix.title)))
        .artifact_changes(changes);
    Some(fix.build())
}

/// The exception that hides a finding.
fn suppression(suppression: &Suppression, sources: &Sources) -> sarif::Suppression {
    let kind = match suppression.kind {
        ExceptionKind::Comment | ExceptionKind::Annotation => "inSource",
        ExceptionKind::Config => "external",
    };
    let location = Location::of_place(suppression.place, None, Extent::FirstLine, sources);
    let mut result = sarif::Suppression::builder()
        .kind(kind)
        .location(located(&location))
        .build();
    result.justification = suppression.reason.as_deref().map(escaped);
    result
}

fn replacement(edit: &Edit, sources: &Sources) -> sarif::Replacement {
    let file = sources.file(edit.span.file);
    let deleted = region(Region::of(edit.span, Extent::Whole, file));
    let mut replacement = sarif::Replacement::builder()
        .deleted_region(deleted)
        .build();
    if !edit.text.is_empty() {
        let content = sarif::ArtifactContent::builder().text(edit.text.as_str());
        replacement.inserted_content = Some(content.build());
    }
    replacement
}

/// What could not be read, as notifications of the run.
fn invocation(unread: &[Unread]) -> sarif::Invocation {
    let notifications: Vec<_> = unread.iter().map(notification).collect();
    sarif::Invocation::builder()
        .execution_successful(true)
        .tool_execution_notifications(notifications)
        .build()
}

fn notification(input: &Unread) -> sarif::Notification {
    let mut place = sarif::PhysicalLocation::builder()
        .artifact_location(artifact(&input.path))
        .build();
    place.region = input
        .line
        .and_then(|line| i64::try_from(line).ok())
        .map(|line| sarif::Region::builder().start_line(line).build());
    let location = sarif::Location::builder().physical_location(place).build();
    sarif::Notification::builder()
        .level("warning")
        .message(text_message(&format!(
            "Not read: {}",
            sentence(&input.reason)
        )))
        .locations(vec![location])
        .build()
}

/// A list, or nothing where SARIF wants no empty one.
fn some_list<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
