//! Merging DestinationRules for one host into the one whose `trafficPolicy` counts.

use super::moved::{Written, field_span, in_flow};
use super::remove::remove_document;
use super::{column, indent_step, insert_below, insert_entry};
use crate::diagnostic::Edit;
use crate::source::{OriginId, Place, Sources};
use crate::yaml::{MappingEntry, Value};

/// Moves the fields of the `trafficPolicy` and the subsets of DestinationRules to the one that is kept, and takes away their
/// documents. Each is given as the tree of its object.
///
/// `None` where somebody has to choose, since two of them set a field or a subset differently; where patches have a part in
/// what they say; and where the text cannot stand in the rule that is kept, such as YAML blocks in JSON.
pub(crate) fn merge_rules(
    sources: &Sources,
    kept: &Value,
    dropped: &[&Value],
) -> Option<Vec<Edit>> {
    let spec = kept.get("spec")?;
    let policy = written_entry(spec, "trafficPolicy")?;
    let subsets = match spec.entry("subsets") {
        Some(_) => Some(written_entry(spec, "subsets")?),
        None => None,
    };
    let mut fields = Moved::to(policy.value.entries());
    let mut more = Moved::to(subsets.map_or(&[][..], |subsets| subsets.value.items()));
    let mut edits = Vec::new();
    for rule in dropped {
        let spec = rule.get("spec")?;
        if spec.entry("trafficPolicy").is_some() {
            let policy = written_entry(spec, "trafficPolicy")?;
            let said = policy.value.entries().iter();
            fields.add(said.filter(|field| !field.value.is_null()))?;
        }
        if spec.entry("subsets").is_some() {
            more.add(written_entry(spec, "subsets")?.value.items().iter())?;
        }
        edits.push(remove_document(sources, rule.place.span)?);
    }
    if !fields.moved.is_empty() {
        edits.push(add_fields(sources, policy, &fields.moved)?);
    }
    if !more.moved.is_empty() {
        edits.push(add_subsets(sources, spec, subsets, &more.moved)?);
    }
    edits.sort_by_key(|edit| edit.span);
    Some(edits)
}

/// An entry of a `spec` that is deployed as it is written there.
fn written_entry<'a>(spec: &'a Value, key: &str) -> Option<&'a MappingEntry> {
    let entry = spec.entry(key)?;
    let is_changed = |place: Place| place.origin != OriginId::BASE;
    let is_elsewhere = |place: Place| !spec.place.span.contains(place.span);
    let is_written = !entry
        .value
        .holds(&|place| is_changed(place) || is_elsewhere(place));
    (is_written && entry.value.place.span.start >= entry.key.place.span.end).then_some(entry)
}

/// Something that two rules may both have.
trait Named {
    fn name(&self) -> Option<&str>;
    fn says_the_same(&self, other: &Self) -> bool;
}

impl Named for MappingEntry {
    fn name(&self) -> Option<&str> {
        Some(&self.key.value)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.value.is_equal(&other.value)
    }
}

impl Named for Value {
    fn name(&self) -> Option<&str> {
        self.get("name")?.as_text()
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.is_equal(other)
    }
}

/// What one rule has, and what others add to it.
struct Moved<'a, T> {
    all: Vec<&'a T>,
    moved: Vec<&'a T>,
}

impl<'a, T: Named> Moved<'a, T> {
    fn to(there: &'a [T]) -> Self {
        Self {
            all: there.iter().collect(),
            moved: Vec::new(),
        }
    }

    /// Adds what is not there; `None` where something else is there under its name.
    fn add(&mut self, more: impl Iterator<Item = &'a T>) -> Option<()> {
        for one in more {
            let name = one.name()?;
            match self.all.iter().find(|other| other.name() == Some(name)) {
                Some(other) if other.says_the_same(one) => {}
                Some(_) => return None,
                None => {
                    self.all.push(one);
                    self.moved.push(one);
                }
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
        let is_json = file.path().extension() == Some("json");
        let fields: Option<Vec<&str>> =
            fields.iter().map(|field| in_flow(sources, field)).collect();
        return insert_entry(file, place, &fields?.join(", ")).filter(|_| !is_json);
    }
    let indent = " ".repeat(column(file, place.span.start)?);
    let mut lines = Vec::new();
    for field in fields {
        lines.extend(Written::read(sources, field_span(field)?)?.indented(&indent, &indent));
    }
    Some(insert_below(file, place.span, &lines))
}

/// Adds elements at the end of the `subsets` of a `spec`, or `subsets` with them below its `host`.
fn add_subsets(
    sources: &Sources,
    spec: &Value,
    subsets: Option<&MappingEntry>,
    more: &[&Value],
) -> Option<Edit> {
    let file = sources.file(spec.place.span.file);
    let is_flow = sources.text(spec.place.span).starts_with('{');
    let below = subsets.or_else(|| written_entry(spec, "host"))?.value.place;
    let mut lines = Vec::new();
    let indent = if let Some(subsets) = subsets {
        let last = subsets.value.items().last()?.place.span;
        let element = column(file, last.start)?;
        let start = file.line_range(file.line_index(last.start as usize)).start;
        let dash = file.text().get(start..last.start as usize)?.find('-')?;
        let gap = element.checked_sub(dash + 1)?;
        (" ".repeat(dash), " ".repeat(gap))
    } else {
        let indent = " ".repeat(column(file, spec.place.span.start)?);
        lines.push(format!("{indent}subsets:"));
        (indent + &" ".repeat(indent_step(file)), " ".to_owned())
    };
    let (indent, gap) = indent;
    for subset in more {
        let written = Written::read(sources, subset.place.span)?;
        lines.extend(written.indented(&format!("{indent}-{gap}"), &format!("{indent} {gap}")));
    }
    (!is_flow).then(|| insert_below(file, below.span, &lines))
}
