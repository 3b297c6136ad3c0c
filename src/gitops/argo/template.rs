//! The templates of an `ApplicationSet`, filled with the parameters that its generators make.

use std::collections::BTreeMap;

use crate::yaml::{Node, Value};

/// The parameters of one Application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// By name; those inside of others with dots between the names.
    pub(super) values: BTreeMap<String, String>,
    /// Which clusters they stand for, in words, where only Argo CD knows those: each has others of its own.
    pub(super) clusters: Option<String>,
}

impl Parameters {
    /// Fills the parameters into a text; what is not known stays as it is.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let Some(end) = from.find("}}") else {
                rest = from;
                break;
            };
            let (whole, after) = from.split_at(end + 2);
            let inside = whole.trim_start_matches("{{").trim_end_matches("}}");
            match self.get(inside.trim_matches(['-', ' '])) {
                Some(value) => out.push_str(value),
                None => out.push_str(whole),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The parameter that an expression is about: `name`, `.name`, `index .path.segments 1`.
    fn get(&self, expression: &str) -> Option<&str> {
        let name = expression.strip_prefix('.').unwrap_or(expression);
        if let Some(value) = self.values.get(name) {
            return Some(value);
        }
        let mut words = expression.split_whitespace();
        if words.next() != Some("index") {
            return None;
        }
        let list = words.next()?.trim_start_matches('.');
        let index = words.next()?.trim_matches('"');
        let is_number = index.bytes().all(|byte| byte.is_ascii_digit());
        let key = if is_number {
            format!("{list}[{index}]")
        } else {
            format!("{list}.{index}")
        };
        self.values
            .get(&key)
            .filter(|_| words.next().is_none())
            .map(String::as_str)
    }

    /// Fills the parameters into every text of a tree.
    pub(super) fn fill_tree(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.fill_in(&mut value);
        value
    }

    fn fill_in(&self, value: &mut Value) {
        match &mut value.node {
            Node::Scalar(scalar) => {
                if scalar.text.contains("{{") {
                    scalar.text = self.fill(&scalar.text).into();
                }
            }
            Node::Sequence(items) => items.iter_mut().for_each(|item| self.fill_in(item)),
            Node::Mapping(mapping) => {
                for entry in &mut mapping.entries {
                    if entry.key.value.contains("{{") {
                        entry.key.value = self.fill(&entry.key.value).into();
                    }
                    self.fill_in(&mut entry.value);
                }
            }
        }
    }

    /// Takes in the scalars of a tree under a name, those inside of others with dots.
    pub(super) fn flatten(&mut self, name: &str, value: &Value) {
        match &value.node {
            Node::Scalar(_) => {
                if let Some(text) = value.as_text() {
                    self.values.insert(name.to_owned(), text.to_owned());
                }
            }
            Node::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.flatten(&format!("{name}[{index}]"), item);
                }
            }
            Node::Mapping(mapping) => {
                for entry in &mapping.entries {
                    let key = &entry.key.value;
                    let name = if name.is_empty() {
                        key.to_string()
                    } else {
                        format!("{name}.{key}")
                    };
                    self.flatten(&name, &entry.value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_filled_in_both_forms() {
        let values = [
            ("path", "apps/web"),
            ("path.basename", "web"),
            ("path.segments[1]", "web"),
        ];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let parameters = Parameters {
            values: values.into(),
            clusters: None,
        };
        let table = [
            ("{{path}}", "apps/web"),
            ("a-{{ .path.basename }}-{{path.basename}}", "a-web-web"),
            ("{{index .path.segments 1}}", "web"),
            (
                "{{ .path.basename | upper }}",
                "{{ .path.basename | upper }}",
            ),
            ("{{name}}", "{{name}}"),
            ("{{", "{{"),
        ];
        for (text, expected) in table {
            assert_eq!(parameters.fill(text), expected, "{text}");
        }
    }
}
