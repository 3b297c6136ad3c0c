//! Walks an object beside its schema. What fits costs no allocation.

use super::advice::{self, Advice};
use super::fit::{fits, fits_leaf, is_text, wrong};
use super::limit::{Limit, excess};
use super::repair::{repaired, replace_key, replace_text, visible_key};
use super::retired::is_retired;
use super::text::{code_point, first_invisible, is_placeholder, is_visible, without_invisible};
use super::trail::Trail;
use super::{Field, Kind, Schema};
use crate::object::Object;
use crate::resource::problem::{Effect, Problem, ProblemKind, Replacement};
use crate::resource::reader::Fault;
use crate::resource::wording::{nearest_value, quote};
use crate::source::Place;
use crate::yaml::{FieldPath, MappingEntry, Value};

/// How many faults of one object are looked into; the rest would say nothing new.
const MAX_FAULTS: usize = 20;

/// A problem, and how to tell that the decoder met it too.
#[derive(Debug)]
pub(in crate::resource) struct Finding {
    /// The problem.
    pub(in crate::resource) problem: Problem,
    /// The field that the object lacks through it, if that is another one than the problem is about.
    pub(in crate::resource) missing: Option<FieldPath>,
}

impl Finding {
    /// Whether a fault of the decoder comes of this problem.
    pub(in crate::resource) fn is_about(&self, fault: &Fault) -> bool {
        let field = fault.field.as_str();
        let is_missing = self.missing.as_ref().is_some_and(|missing| {
            field
                .strip_prefix(missing.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        is_missing
            || match self.problem.kind {
                ProblemKind::UnknownField { .. } => false,
                // The decoder may blame the object that lacks the field.
                ProblemKind::MissingField => {
                    self.problem.field.as_str() == field
                        || self
                            .problem
                            .field
                            .as_str()
                            .rsplit_once('.')
                            .is_some_and(|(parent, _)| parent == field)
                }
                ProblemKind::WrongType
                | ProblemKind::WrongValue
                | ProblemKind::OutOfRange
                | ProblemKind::InvisibleCharacter
                | ProblemKind::Placeholder
                | ProblemKind::Rejected => {
                    self.problem.field.as_str() == field || fault.place == Some(self.problem.place)
                }
            }
    }

    /// Takes over what the decoder says.
    pub(in crate::resource) fn take(&mut self, fault: Fault) {
        match self.problem.kind {
            // Istio's kinds need this field: the object counts for nothing without it.
            ProblemKind::UnknownField { .. } => self.problem.effect = Effect::Refused,
            ProblemKind::MissingField
            | ProblemKind::WrongType
            | ProblemKind::WrongValue
            | ProblemKind::OutOfRange => {
                if self.problem.field.as_str() == fault.field.as_str() {
                    self.problem.message = fault.message;
                }
            }
            ProblemKind::InvisibleCharacter | ProblemKind::Placeholder | ProblemKind::Rejected => {}
        }
    }
}

/// What of an object does not fit the schema of its kind; nothing for kinds without one.
pub(in crate::resource) fn check(object: &Object) -> Vec<Finding> {
    let Some(kind) = Kind::of(&object.gvk) else {
        return Vec::new();
    };
    let mut checker = Checker {
        object,
        kind,
        findings: Vec::new(),
        faults: 0,
    };
    if object.value.as_mapping().is_some() {
        checker.object(&object.value, kind.root, &Trail::root(object.name.place));
    }
    let mut findings = checker.findings;
    findings.sort_by_key(|finding| finding.problem.place.span);
    findings
}

struct Checker<'a> {
    object: &'a Object,
    kind: &'static Kind,
    findings: Vec<Finding>,
    faults: usize,
}

impl Checker<'_> {
    /// A value that is not null.
    fn value(&mut self, value: &Value, schema: &'static Schema, trail: &Trail<'_>) {
        match schema {
            Schema::Object(fields) if value.as_mapping().is_some() => {
                self.object(value, fields, trail);
            }
            Schema::Map(values) if value.as_mapping().is_some() => self.map(value, values, trail),
            Schema::List(items) if value.as_sequence().is_some() => {
                for (index, item) in value.items().iter().enumerate() {
                    if self.is_exhausted() {
                        return;
                    }
                    self.value(item, items, &trail.element(index, item));
                }
            }
            Schema::Limited(inner, limits) => {
                self.value(value, inner, trail);
                self.limits(value, inner, limits, trail);
            }
            Schema::Any
            | Schema::Boolean
            | Schema::Integer(..)
            | Schema::Number(..)
            | Schema::Text
            | Schema::Name
            | Schema::LooseName
            | Schema::Duration
            | Schema::Enum(_)
            | Schema::List(_)
            | Schema::Map(_)
            | Schema::Object(_) => {
                if !fits_leaf(value, schema) {
                    self.leaf(value, schema, trail);
                }
            }
        }
    }

    /// A mapping with fields. From the last entry to the first: of a key that is written twice the last one counts.
    fn object(&mut self, value: &Value, fields: &'static [Field], trail: &Trail<'_>) {
        // One bit for each field: which keys were seen, and which of them have a value.
        let (mut seen, mut given) = (0_u64, 0_u64);
        let mut unknown = 0_usize;
        for entry in value.entries().iter().rev() {
            let key = &*entry.key.value;
            let Ok(index) = fields.binary_search_by(|field| field.name.cmp(key)) else {
                unknown += 1;
                continue;
            };
            let bit = 1 << index;
            if seen & bit != 0 || self.is_exhausted() {
                continue;
            }
            seen |= bit;
            if entry.value.is_null() {
                continue;
            }
            given |= bit;
            if let Some(field) = fields.get(index) {
                self.value(&entry.value, &field.schema, &trail.entry(entry));
            }
        }
        let is_absent = |index: usize| given & (1 << index) == 0;
        if unknown > 0 {
            self.unknown_fields(value, fields, &is_absent, trail);
        }
        for (index, field) in fields.iter().enumerate() {
            if field.required && is_absent(index) {
                let removal = value.removal(Some(field.name));
                self.missing(field, removal.unwrap_or(trail.place), trail);
            }
        }
    }

    /// A mapping with any keys.
    fn map(&mut self, value: &Value, values: &'static Schema, trail: &Trail<'_>) {
        let entries = value.entries();
        for (index, entry) in entries.iter().enumerate() {
            if self.is_exhausted() {
                return;
            }
            let key = &*entry.key.value;
            let is_key_fine = is_visible(key) && !is_placeholder(key);
            if is_key_fine && (entry.value.is_null() || fits(&entry.value, values)) {
                continue;
            }
            self.faults += 1;
            let mut later = entries.iter().skip(index + 1);
            if later.any(|other| other.key.value == entry.key.value) {
                continue;
            }
            let trail = trail.entry(entry);
            if is_placeholder(key) {
                self.placeholder(&trail, entry.key.place);
            } else if !is_visible(key) {
                self.invisible(key, entry.key.place, visible_key(entry), &trail);
            } else if !entry.value.is_null() {
                self.value(&entry.value, values, &trail);
            }
        }
    }

    /// The limits that a value breaks.
    fn limits(
        &mut self,
        value: &Value,
        schema: &Schema,
        limits: &'static [Limit],
        trail: &Trail<'_>,
    ) {
        for excess in limits
            .iter()
            .filter_map(|limit| excess(value, schema, limit))
        {
            let (kind, place) = match excess.entry {
                Some(entry) => (ProblemKind::Rejected, entry.key.place),
                None => (ProblemKind::OutOfRange, trail.place),
            };
            self.push(trail.field(), place, kind, excess.message);
        }
    }

    /// The entries of a mapping that are no fields.
    fn unknown_fields(
        &mut self,
        value: &Value,
        fields: &'static [Field],
        is_absent: &dyn Fn(usize) -> bool,
        trail: &Trail<'_>,
    ) {
        let parent = trail.keys();
        for entry in value.entries() {
            let key = &*entry.key.value;
            let is_field = fields.binary_search_by(|field| field.name.cmp(key)).is_ok();
            // `$patch` and its like are directives, `<<` a merge, an empty key something that is no text.
            let is_directive = matches!(key, "" | "<<") || is_placeholder(key);
            if is_field
                || is_directive
                || self.is_exhausted()
                || is_retired(self.kind.name, &parent, key)
            {
                continue;
            }
            self.unknown_field(entry, fields, is_absent, &trail.entry(entry));
        }
    }

    /// An entry that is no field, with what it may be meant for.
    fn unknown_field(
        &mut self,
        entry: &MappingEntry,
        fields: &'static [Field],
        is_absent: &dyn Fn(usize) -> bool,
        trail: &Trail<'_>,
    ) {
        let advice = advice::of(entry, fields, is_absent, self.kind, trail);
        let key = &*entry.key.value;
        let no_field = match first_invisible(key) {
            Some(c) => format!("{} contains {}", quote(key), code_point(c)),
            None => "no such field".to_owned(),
        };
        let mut missing = None;
        let mut replacement = None;
        let (message, help) = match &advice {
            Advice::Rename { name, is_certain } => {
                missing = trail.parent.map(|parent| parent.below(name));
                replacement = is_certain.then(|| replace_key(entry, name)).flatten();
                (
                    format!("{no_field}; did you mean `{name}`?"),
                    format!("write `{name}`"),
                )
            }
            Advice::Move { parent } => (
                format!("{no_field} here, it belongs to `{parent}`"),
                format!("move it to `{parent}`"),
            ),
            Advice::Unknown => (no_field, "remove it, or correct its name".to_owned()),
        };
        let decides_tls = advice::decides_tls(entry, &advice, fields, is_absent);
        self.push(
            trail.field(),
            entry.key.place,
            ProblemKind::UnknownField { decides_tls },
            message,
        );
        if let Some(finding) = self.findings.last_mut() {
            finding.missing = missing;
            finding.problem.effect = Effect::Dropped;
            finding.problem.help = Some(help);
            finding.problem.replacement = replacement;
        }
    }

    /// A required field without a value, told at a place; an unknown field that seems to be meant for it says so itself.
    fn missing(&mut self, field: &Field, place: Place, trail: &Trail<'_>) {
        let path = trail.below(field.name);
        let misnamed = self
            .findings
            .iter_mut()
            .find(|finding| finding.missing.as_ref() == Some(&path));
        if let Some(finding) = misnamed {
            finding.problem.effect = Effect::Refused;
            return;
        }
        self.push(
            path,
            place,
            ProblemKind::MissingField,
            "must be given".into(),
        );
    }

    /// A value that does not fit a schema without children, or that is not of the type of one with children.
    fn leaf(&mut self, value: &Value, schema: &'static Schema, trail: &Trail<'_>) {
        let text = value.as_str().unwrap_or_default();
        if is_placeholder(text) {
            self.placeholder(trail, value.place);
        } else if value.as_str().is_some() && !is_visible(text) && is_text(schema) {
            let clean = without_invisible(text);
            let replacement = if let Schema::Enum(names) = schema {
                nearest_value(&clean, names).map(str::to_owned)
            } else {
                Some(clean).filter(|clean| !clean.is_empty())
            };
            let replacement = replacement.and_then(|clean| replace_text(value, &clean));
            self.invisible(text, value.place, replacement, trail);
        } else {
            let (kind, message) = wrong(value, schema);
            self.push(trail.field(), value.place, kind, message);
            let help = advice::of_value(self.kind.name, trail.key(), text);
            if let Some(finding) = self.findings.last_mut() {
                finding.problem.help = help.map(str::to_owned);
                finding.problem.replacement = repaired(value, schema);
            }
        }
    }

    /// A text with a character that cannot be seen.
    fn invisible(
        &mut self,
        text: &str,
        place: Place,
        replacement: Option<Replacement>,
        trail: &Trail<'_>,
    ) {
        let Some(c) = first_invisible(text) else {
            return;
        };
        let message = format!(
            "{} contains {}, which cannot be seen",
            quote(text),
            code_point(c)
        );
        let kind = ProblemKind::InvisibleCharacter;
        self.push(trail.field(), place, kind, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.problem.replacement = replacement;
        }
    }

    /// A value or key that something fills in.
    fn placeholder(&mut self, trail: &Trail<'_>, place: Place) {
        let message = "a placeholder decides".to_owned();
        self.push(trail.field(), place, ProblemKind::Placeholder, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.problem.effect = Effect::Undecided;
        }
    }

    /// Whether enough was found.
    fn is_exhausted(&self) -> bool {
        self.faults >= MAX_FAULTS
    }

    /// Adds a problem that makes the API server refuse the object.
    fn push(&mut self, field: FieldPath, place: Place, kind: ProblemKind, message: String) {
        self.faults += 1;
        self.findings.push(Finding {
            problem: Problem {
                object: self.object.id.clone(),
                field,
                place,
                kind,
                effect: Effect::Refused,
                message,
                help: None,
                replacement: None,
            },
            missing: None,
        });
    }
}
