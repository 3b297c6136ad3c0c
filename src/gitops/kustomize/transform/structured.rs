//! Fields inside of JSON or YAML that a text holds, such as a file in a `ConfigMap`, as targets of replacements.

use super::field_path::{self, Address, Leaf, Made, Search};
use super::replacements::retyped;
use crate::gitops::kustomize::json;
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, FileId, FileRole, Place, SourceFile};
use crate::yaml::{self, Node, ReadOptions, ScalarStyle, Value};

/// How many nodes the aliases of a text may expand to.
const ALIAS_BUDGET: usize = 100_000;

/// The text that a path leads into, and the rest of the path.
pub(super) fn field<'p>(value: &Value, path: &'p [Box<str>]) -> Option<(Address, &'p [Box<str>])> {
    (1..path.len()).find_map(|length| {
        let (before, rest) = path.split_at_checked(length)?;
        let (address, found) = field_path::lookup_at(value, before).ok()??;
        found.as_scalar().map(|_| (address, rest))
    })
}

/// Writes a value to a field inside of a text; says whether there is such a field.
pub(super) fn write(
    text: &mut Value,
    path: &[Box<str>],
    value: &Value,
    creates: bool,
    via: Place,
    step: &mut Step<'_, '_>,
) -> bool {
    let whole = text.as_text().unwrap_or_default().to_owned();
    let file = SourceFile::new("text".into(), whole.clone().into(), FileRole::Input);
    let options = ReadOptions {
        prefilter: false,
        alias_budget: ALIAS_BUDGET,
    };
    let content = yaml::read(FileId::FIRST, &file, options);
    let Some(document) = content.documents.into_iter().next() else {
        return false;
    };
    let mut root = document.root;
    let made = creates.then(|| Made {
        leaf: Leaf::of(value),
        place: root.place,
    });
    let mut search = Search::new(made);
    if search.go(&mut root, path, false).is_err() || search.found.is_empty() {
        return false;
    }
    let is_json = whole.trim_start().starts_with(['{', '[']);
    let new = if is_json {
        if !set_all(&mut root, &search, value) {
            // kustomize cannot write such JSON, and leaves the text as it is without a word.
            return true;
        }
        let is_pretty = whole.contains('\n') && whole.contains("  ");
        Some(json::encode(&root, is_pretty))
    } else {
        edited(&whole, &mut root, &search, value)
    };
    let Some(new) = new else {
        step.unresolved(
            via,
            "this replacement changes the structure of YAML inside of a text",
        );
        return true;
    };
    text.place = step.changed(value.place, Cause::Replacement, Some(via), Some(text.place));
    // The text is no longer what stands in the file line by line.
    text.node = crate::gitops::kustomize::field_spec::scalar(&new, ScalarStyle::Quoted);
    true
}

/// Writes a value to all fields that were found; says whether it is of the type of each.
fn set_all(root: &mut Value, search: &Search, value: &Value) -> bool {
    search.found.iter().all(|(address, is_new)| {
        let Some(field) = field_path::get_mut(root, address) else {
            return true;
        };
        if field.as_scalar().is_none() {
            field.node = value.node.clone();
            return true;
        }
        let text = value.as_scalar().map_or("", |scalar| &*scalar.text);
        let node = retyped(field, text, *is_new);
        node.map(|node| field.node = node).is_some()
    })
}

/// The text with a scalar in the place of each field that was found; none if that takes more than scalars.
fn edited(whole: &str, root: &mut Value, search: &Search, value: &Value) -> Option<String> {
    let mut edits = Vec::new();
    for (address, is_new) in &search.found {
        let field = field_path::get_mut(root, address)?;
        if *is_new || field.as_scalar().is_none() {
            return None;
        }
        let text = value.as_scalar().map_or("", |scalar| &*scalar.text);
        let range = field.place.span.range();
        let new = match (&retyped(field, text, false), &field.node) {
            // kustomize keeps the type, so that nobody can read what it writes.
            (None, _) => format!("{} {text}", tag(field)),
            (Some(Node::Scalar(new)), Node::Scalar(old))
                if new.style == ScalarStyle::Plain && old.style == ScalarStyle::Plain =>
            {
                new.text.to_string()
            }
            (Some(_), _) => quoted(whole.get(range.clone())?, text),
        };
        edits.push((range, new));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = whole.to_owned();
    for (range, new) in edits.into_iter().rev() {
        out.get(range.clone())?;
        out.replace_range(range, &new);
    }
    Some(out.trim().to_owned())
}

/// The YAML tag of a scalar that is no string.
fn tag(scalar: &Value) -> &'static str {
    if scalar.as_bool().is_some() {
        "!!bool"
    } else if scalar.as_integer().is_some() {
        "!!int"
    } else {
        "!!float"
    }
}

/// A text in the quotes of the one that it replaces, double ones if that has none.
fn quoted(old: &str, text: &str) -> String {
    if old.starts_with('\'') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}
