//! Label selectors by equality: `matchLabels` and the selectors of Services.

use super::Labels;
use crate::source::Place;

/// Labels that a pod must carry; without labels it selects everything (each use says what that means).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The labels and their values.
    pub labels: Labels,
    /// The place of the map.
    pub place: Place,
}

impl Selector {
    /// Whether all its labels are among `labels` with equal values (`pkg/config/labels:Instance.SubsetOf`).
    pub fn selects(&self, labels: &Labels) -> bool {
        self.labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(&*value.value))
    }

    /// Whether it has no labels.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Whether two selectors demand the same labels.
    pub fn same_as(&self, other: &Self) -> bool {
        self.selects(&other.labels) && other.selects(&self.labels)
    }
}

/// A label selector with expressions, as Kubernetes has it; labels and expressions must all fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector {
    /// `matchLabels`.
    pub labels: Selector,
    /// `matchExpressions`; one that cannot be read is left out and restricts nothing.
    pub expressions: Vec<LabelExpression>,
}

impl LabelSelector {
    /// Whether an object is selected whose labels `value_of` gives by key.
    pub fn selects<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.labels
            .labels
            .iter()
            .all(|(key, value)| value_of(key) == Some(&*value.value))
            && self
                .expressions
                .iter()
                .all(|expression| expression.fits(value_of(&expression.key)))
    }
}

/// An element of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelExpression {
    /// The key of the label.
    pub key: Box<str>,
    /// What is asked of it.
    pub operator: LabelOperator,
    /// The values, for `In` and `NotIn`.
    pub values: Vec<Box<str>>,
}

impl LabelExpression {
    /// Whether the value of the label, if there is one, fits (`k8s.io/apimachinery/pkg/labels`).
    fn fits(&self, value: Option<&str>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.iter().any(|v| **v == *value));
        match self.operator {
            LabelOperator::In => is_listed,
            LabelOperator::NotIn => !is_listed,
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        }
    }
}

/// What an expression asks of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelOperator {
    /// It has one of the values.
    In,
    /// It has none of the values, or does not exist.
    NotIn,
    /// It exists.
    Exists,
    /// It does not exist.
    DoesNotExist,
}

impl LabelOperator {
    /// The values by name.
    pub(super) const NAMES: [(&str, Self); 4] = [
        ("In", Self::In),
        ("NotIn", Self::NotIn),
        ("Exists", Self::Exists),
        ("DoesNotExist", Self::DoesNotExist),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fit_as_in_kubernetes() {
        let table = [
            (LabelOperator::In, [true, false, false]),
            (LabelOperator::NotIn, [false, true, true]),
            (LabelOperator::Exists, [true, true, false]),
            (LabelOperator::DoesNotExist, [false, false, true]),
        ];
        for (operator, expected) in table {
            let values = vec!["prod".into(), "stage".into()];
            let expression = LabelExpression {
                key: "env".into(),
                operator,
                values,
            };
            let fits = [Some("prod"), Some("dev"), None].map(|value| expression.fits(value));
            assert_eq!(fits, expected, "{operator:?}");
        }
    }
}
