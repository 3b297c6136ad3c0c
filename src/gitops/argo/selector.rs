//! The selector of a generator, which leaves out sets of parameters.

use super::template::Parameters;
use crate::yaml::Value;

/// Whether the selector of a generator takes a set of parameters. What only the cluster knows may be anything, so that it
/// leaves out nothing.
pub(super) fn takes(generator: &Value, parameters: &Parameters) -> bool {
    let Some(selector) = generator.get("selector") else {
        return true;
    };
    let is_open = |key: &str| parameters.clusters.is_some() && !parameters.values.contains_key(key);
    let labels = selector.get("matchLabels").map_or(&[][..], Value::entries);
    let expressions = selector.get("matchExpressions");
    let expressions = expressions.map_or(&[][..], Value::items);
    labels.iter().all(|label| {
        let key = &*label.key.value;
        is_open(key) || parameters.values.get(key).map(String::as_str) == label.value.as_text()
    }) && expressions.iter().all(|expression| {
        let key = expression.get("key").and_then(Value::as_text);
        key.is_none_or(is_open) || meets(expression, parameters)
    })
}

/// Whether parameters meet one expression; one that Argo CD would refuse leaves out nothing.
fn meets(expression: &Value, parameters: &Parameters) -> bool {
    let text = |key| expression.get(key).and_then(Value::as_text);
    let value = parameters.values.get(text("key").unwrap_or_default());
    let values = expression.get("values").map_or(&[][..], Value::items);
    let is_among = value.is_some_and(|value| {
        let mut values = values.iter().filter_map(Value::as_text);
        values.any(|one| one == value)
    });
    match text("operator") {
        Some("In") => is_among,
        Some("NotIn") => !is_among,
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        Some(_) | None => true,
    }
}

/// The clusters that a selector of their labels takes, in words.
pub(super) fn clusters(selector: Option<&Value>) -> String {
    let field = |key: &str| selector.and_then(|selector| selector.get(key));
    let labels = field("matchLabels").map_or(&[][..], Value::entries).iter();
    let labels = labels.map(|label| {
        let value = label.value.as_text().unwrap_or_default();
        format!("{}={value}", label.key.value)
    });
    let expressions = field("matchExpressions").map_or(&[][..], Value::items);
    let expressions = expressions.iter().map(|expression| {
        let text = |key| {
            expression
                .get(key)
                .and_then(Value::as_text)
                .unwrap_or_default()
        };
        let values = expression.get("values").map_or(&[][..], Value::items);
        let values: Vec<&str> = values.iter().filter_map(Value::as_text).collect();
        let words = format!("{} {} {}", text("key"), text("operator"), values.join("|"));
        words.trim_end().to_owned()
    });
    let mut taken: Vec<String> = labels.chain(expressions).collect();
    taken.sort();
    if taken.is_empty() {
        "all clusters".to_owned()
    } else {
        format!("clusters with {}", taken.join(", "))
    }
}
