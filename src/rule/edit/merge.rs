//! Merging DestinationRules for one host into the one whose `trafficPolicy` counts.

use super::remove::remove_documents;
use super::text::{Lines, element_in_flow, end_with_comments, field_in_flow, has_text_block};
use super::{column, indent_step, insert_below, insert_entry, insertion, offset};
use crate::diagnostic::Edit;
use crate::source::{OriginId, Place, SourceFile, Sources, Span};
use crate::yaml::{MappingEntry, Value};

/// The fields of a `spec` that are merged, or are the same in all rules that Istio merges.
const KNOWN: [&str; 5] = [
    "host",
    "trafficPolicy",
    "subsets",
    "exportTo",
    "workloadSelector",
];

/// Moves the fields of the `trafficPolicy` and the subsets of DestinationRules to the one that is kept, and takes away their
/// documents. Each is given as the tree of its object; `others` are the rules for the host that stay as they are.
///
/// `None` where somebody has to choose, since two of them set a field or a subset differently; where patches have a part in
/// what they say; and where a text cannot stand in the rule that is kept, such as one with anchors.
pub(crate) fn merge_rules(
    sources: &Sources,
    kept: &Value,
    dropped: &[&Value],
    others: &[&Value],
) -> Option<Vec<Edit>> {
    let spec = kept.get("spec")?;
    let policy = own_entry(spec, "trafficPolicy")?;
    let kept_subsets = own_entry_if_any(spec, "subsets")?;
    let mut changed = kept
        .entry("spec")
        .into_iter()
        .chain([policy])
        .chain(kept_subsets);
    if changed.any(|entry| is_anchored(sources, entry)) {
        return None; // an alias elsewhere would change too
    }
    let others_subsets = others
        .iter()
        .filter_map(|rule| rule.at(&["spec", "subsets"]));
    let mut fields = Additions::to(policy.value.entries().iter());
    let mut subsets = Additions::to(
        kept_subsets
            .map(|subsets| &subsets.value)
            .into_iter()
            .chain(others_subsets)
            .flat_map(Value::items),
    );
    for rule in dropped {
        let spec = rule.get("spec")?;
        let mut keys = spec.entries().iter().map(|entry| &*entry.key.value);
        if !keys.all(|key| KNOWN.contains(&key)) {
            return None;
        }
        if let Some(policy) = own_entry_if_any(spec, "trafficPolicy")? {
            let said = policy.value.entries().iter();
            fields.add(said.filter(|field| !field.value.is_null()))?;
        }
        if let Some(of_rule) = own_entry_if_any(spec, "subsets")? {
            subsets.add(of_rule.value.items().iter())?;
        }
    }
    let roots: Vec<Span> = dropped.iter().map(|rule| rule.place.span).collect();
    let mut edits = remove_documents(sources, &roots)?;
    if !fields.new.is_empty() {
        edits.push(add_fields(sources, policy, &fields.new)?);
    }
    if !subsets.new.is_empty() {
        edits.push(match kept_subsets {
            Some(there) => add_to_subsets(sources, there, &subsets.new)?,
            None => add_subsets(sources, spec, &subsets.new)?,
        });
    }
    edits.sort_by_key(|edit| edit.span);
    Some(edits)
}

/// An entry of a `spec` that is deployed as it is written there; `None` also where an alias stands for it.
fn own_entry<'a>(spec: &'a Value, key: &str) -> Option<&'a MappingEntry> {
    let entry = spec.entry(key)?;
    let is_foreign = |place: Place| {
        place.origin != OriginId::BASE
            || !spec.place.span.contains(place.span)
            || place.span.start < entry.key.place.span.end
    };
    (!entry.value.holds(&is_foreign)).then_some(entry)
}

/// The same where it may be missing: then it is none, and `None` stays for what cannot be moved.
#[expect(clippy::option_option, reason = "missing is not the same as unusable")]
fn own_entry_if_any<'a>(spec: &'a Value, key: &str) -> Option<Option<&'a MappingEntry>> {
    match spec.entry(key) {
        Some(_) => own_entry(spec, key).map(Some),
        None => Some(None),
    }
}

/// Whether an alias can stand for the value of a field elsewhere in the document.
fn is_anchored(sources: &Sources, entry: &MappingEntry) -> bool {
    let between = Span {
        start: entry.key.place.span.end,
        end: entry.value.place.span.start,
        file: entry.key.place.span.file,
    };
    between.start <= between.end && sources.text(between).contains('&')
}

/// Something of which a rule has one by each name.
trait Named {
    fn name(&self) -> Option<&str>;
    fn value(&self) -> &Value;
}

impl Named for MappingEntry {
    fn name(&self) -> Option<&str> {
        Some(&self.key.value)
    }

    fn value(&self) -> &Value {
        &self.value
    }
}

impl Named for Value {
    fn name(&self) -> Option<&str> {
        self.get("name")?.as_text()
    }

    fn value(&self) -> &Value {
        self
    }
}

/// What there is by name, and what of it is new.
struct Additions<'a, T> {
    all: Vec<&'a T>,
    new: Vec<&'a T>,
}

impl<'a, T: Named> Additions<'a, T> {
    fn to(present: impl Iterator<Item = &'a T>) -> Self {
        Self {
            all: present.collect(),
            new: Vec::new(),
        }
    }

    /// Adds what is not there; `None` where something else is there under its name.
    fn add(&mut self, more: impl Iterator<Item = &'a T>) -> Option<()> {
        for candidate in more {
            let name = candidate.name()?;
            let mut same_name = self.all.iter().filter(|other| other.name() == Some(name));
            if same_name.any(|other| !other.value().is_equal(candidate.value())) {
                return None;
            }
            if !self.all.iter().any(|other| other.name() == Some(name)) {
                self.all.push(candidate);
                self.new.push(candidate);
            }
        }
        Some(())
    }
}

/// Adds fields at the end of a `trafficPolicy`, or at the start of one that is written as `{…}`.
fn add_fields(sources: &Sources, policy: &MappingEntry, fields: &[&MappingEntry]) -> Option<Edit> {
    let place = policy.value.place;
    let file = sources.file(place.span.file);
    if policy.value.as_mapping()?.flow {
        let is_json = is_json(sources, policy);
        let fields = fields.iter();
        let fields = fields.map(|field| field_in_flow(sources, field, is_json));
        let fields: Vec<String> = fields.collect::<Option<_>>()?;
        return insert_entry(file, place, &fields.join(", "));
    }
    let start = column(file, place.span.start)?;
    let indent = " ".repeat(start);
    let mut lines = Vec::new();
    if policy
        .value
        .entries()
        .last()
        .is_some_and(|last| has_text_block(&last.value))
    {
        return None; // empty lines below may belong to it
    }
    for field in fields {
        lines.extend(Lines::of_field(sources, field)?.indented(&indent, &indent));
    }
    Some(insert_below(
        file,
        with_comments(file, place.span, start)?,
        &lines,
    ))
}

/// Whether a field is written as JSON, in a file of whatever name: its readers may read nothing else.
fn is_json(sources: &Sources, field: &MappingEntry) -> bool {
    let key = field.key.place.span;
    sources.text(key).starts_with('"') || sources.file(key.file).path().extension() == Some("json")
}

/// Adds elements at the end of `subsets`.
fn add_to_subsets(sources: &Sources, subsets: &MappingEntry, more: &[&Value]) -> Option<Edit> {
    let span = subsets.value.place.span;
    let file = sources.file(span.file);
    let last = subsets.value.items().last().map(|last| last.place.span);
    if sources.text(span).starts_with('[') {
        let is_json = is_json(sources, subsets);
        let more = more.iter();
        let more = more.map(|item| element_in_flow(sources, item, is_json));
        let more = more.collect::<Option<Vec<String>>>()?.join(", ");
        return Some(match last {
            Some(last) => insertion(last, last.end, format!(", {more}")),
            None => insertion(span, span.start + 1, more),
        });
    }
    let last = last?;
    let element = column(file, last.start)?;
    let line = file.line_text(file.line_index(last.start as usize));
    let dash = line.find('-')?;
    let gap = " ".repeat(element.checked_sub(dash + 1)?);
    let indent = " ".repeat(dash);
    let lines = elements(sources, more, &format!("{indent}-{gap}"))?;
    Some(insert_below(file, with_comments(file, last, dash)?, &lines))
}

/// Adds `subsets` below the `host` of a `spec` that has none.
fn add_subsets(sources: &Sources, spec: &Value, more: &[&Value]) -> Option<Edit> {
    let file = sources.file(spec.place.span.file);
    if sources.text(spec.place.span).starts_with('{') {
        return None;
    }
    let host = own_entry(spec, "host")?.value.place.span;
    let indent = " ".repeat(column(file, spec.place.span.start)?);
    let step = " ".repeat(indent_step(file));
    let mut lines = vec![format!("{indent}subsets:")];
    lines.extend(elements(sources, more, &format!("{indent}{step}- "))?);
    Some(insert_below(file, host, &lines))
}

/// The lines of elements that start with the same dash.
fn elements(sources: &Sources, elements: &[&Value], dash: &str) -> Option<Vec<String>> {
    let below = " ".repeat(dash.len());
    let mut lines = Vec::new();
    for element in elements {
        lines.extend(Lines::of_element(sources, element)?.indented(dash, &below));
    }
    Some(lines)
}

/// A block up to the end of its last line, with the comments below it that are indented as far as a column.
fn with_comments(file: &SourceFile, block: Span, column: usize) -> Option<Span> {
    let last = file.line_index(block.end.checked_sub(1)? as usize);
    let end = file.line_range(end_with_comments(file, last, column)).end;
    Some(Span {
        end: offset(end)?,
        ..block
    })
}
