//! Selectors of labels and annotations, in the grammar of Kubernetes: `app=a,tier in (x, y),!legacy`.

use crate::yaml::Value;

/// What labels or annotations have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    requirements: Vec<Requirement>,
}

/// What one label has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: Box<str>,
    operator: Operator,
}

/// How a label is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    /// It is there.
    Exists,
    /// It is not there.
    Missing,
    /// It is one of these.
    In(Vec<Box<str>>),
    /// It is none of these, or not there.
    NotIn(Vec<Box<str>>),
    /// It is a number above this one.
    Above(i64),
    /// It is a number below this one.
    Below(i64),
}

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Symbol(&'t str),
}

impl Selector {
    /// Reads a selector; none if it is malformed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut tokens = tokens(text).into_iter().peekable();
        let mut requirements = Vec::new();
        while tokens.peek().is_some() {
            requirements.push(requirement(&mut tokens)?);
            match tokens.next() {
                None => break,
                Some(Token::Symbol(",")) if tokens.peek().is_some() => {}
                Some(_) => return None,
            }
        }
        Some(Self { requirements })
    }

    /// Whether a mapping of labels or annotations is what it has to be.
    pub(super) fn matches(&self, labels: Option<&Value>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn matches(&self, labels: Option<&Value>) -> bool {
        let value = labels
            .and_then(|labels| labels.entry(&self.key))
            .map(|entry| entry.value.as_scalar().map_or("", |scalar| &*scalar.text));
        match &self.operator {
            Operator::Exists => value.is_some(),
            Operator::Missing => value.is_none(),
            Operator::In(values) => {
                value.is_some_and(|value| values.iter().any(|wanted| &**wanted == value))
            }
            Operator::NotIn(values) => {
                value.is_none_or(|value| values.iter().all(|wanted| &**wanted != value))
            }
            Operator::Above(limit) => number(value).is_some_and(|value| value > *limit),
            Operator::Below(limit) => number(value).is_some_and(|value| value < *limit),
        }
    }
}

/// A value as a number.
fn number(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

/// The words and symbols of a selector.
fn tokens(text: &str) -> Vec<Token<'_>> {
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        let length = symbol.map_or_else(
            || {
                rest.find(|c: char| c.is_whitespace() || "=!,()<>".contains(c))
                    .unwrap_or(rest.len())
            },
            |symbol| symbol.len(),
        );
        let (token, after) = rest.split_at(length);
        tokens.push(match symbol {
            Some(symbol) => Token::Symbol(symbol),
            None => Token::Word(token),
        });
        rest = after.trim_start();
    }
    tokens
}

/// Reads one requirement.
fn requirement<'t>(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = Token<'t>>>,
) -> Option<Requirement> {
    let (key, is_negated) = match tokens.next()? {
        Token::Symbol("!") => match tokens.next()? {
            Token::Word(key) => (key, true),
            Token::Symbol(_) => return None,
        },
        Token::Word(key) => (key, false),
        Token::Symbol(_) => return None,
    };
    let operator = if is_negated {
        Operator::Missing
    } else {
        match tokens.peek() {
            None | Some(Token::Symbol(",")) => Operator::Exists,
            Some(_) => match tokens.next()? {
                Token::Symbol("=" | "==") => Operator::In(vec![value(tokens)]),
                Token::Symbol("!=") => Operator::NotIn(vec![value(tokens)]),
                Token::Symbol(">") => Operator::Above(value(tokens).parse().ok()?),
                Token::Symbol("<") => Operator::Below(value(tokens).parse().ok()?),
                Token::Word("in") => Operator::In(values(tokens)?),
                Token::Word("notin") => Operator::NotIn(values(tokens)?),
                Token::Word(_) | Token::Symbol(_) => return None,
            },
        }
    };
    Some(Requirement {
        key: key.into(),
        operator,
    })
}

/// Reads a value, which may be empty.
fn value<'t>(tokens: &mut std::iter::Peekable<impl Iterator<Item = Token<'t>>>) -> Box<str> {
    let word = tokens.next_if(|token| matches!(token, Token::Word(_)));
    match word {
        Some(Token::Word(word)) => word.into(),
        Some(Token::Symbol(_)) | None => Box::default(),
    }
}

/// Reads values in parentheses.
fn values<'t>(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = Token<'t>>>,
) -> Option<Vec<Box<str>>> {
    if tokens.next()? != Token::Symbol("(") {
        return None;
    }
    let mut all = Vec::new();
    loop {
        all.push(value(tokens));
        match tokens.next()? {
            Token::Symbol(",") => {}
            Token::Symbol(")") => return Some(all),
            Token::Word(_) | Token::Symbol(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    fn is_selected(selector: &str, labels: &str) -> bool {
        let selector = Selector::parse(selector).expect("it is well-formed");
        selector.matches(Some(&root(labels)))
    }

    #[test]
    fn every_requirement_has_to_hold() {
        let labels = "{app: a, tier: web, number: '5'}";
        let cases = [
            ("", true),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("app=a", true),
            ("app == b", false),
            ("app!=b", true),
            ("other!=b", true),
            ("app in (b, a)", true),
            ("app notin (b,a)", false),
            ("other notin (b)", true),
            ("app=a, tier in (web), !legacy", true),
            ("app=a,tier=db", false),
            ("number>4,number<6", true),
            ("number > 5", false),
            ("app=", false),
        ];
        for (selector, expected) in cases {
            assert_eq!(is_selected(selector, labels), expected, "{selector}");
        }
    }

    #[test]
    fn malformed_selectors_are_refused() {
        for text in ["=a", "a=b=c", "a in b", "a in (b", "a,", "a b", "!", "a>b"] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
