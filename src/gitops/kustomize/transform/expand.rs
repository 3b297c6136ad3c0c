//! `$(NAME)` in texts.

/// Replaces each `$(NAME)` that stands for something; `$$` is a dollar. None if nothing changes.
///
/// The second result says that the whole text is one variable, whose type then counts too.
pub(super) fn expand<'v>(
    text: &str,
    value: impl Fn(&str) -> Option<&'v str>,
) -> (String, Option<String>) {
    let whole = text
        .strip_prefix("$(")
        .and_then(|text| text.strip_suffix(')'))
        .filter(|name| !name.contains(')') && value(name).is_some());
    if let Some(name) = whole {
        let expanded = value(name).unwrap_or_default().to_owned();
        return (expanded, Some(name.to_owned()));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        let Some(after) = after.strip_prefix('$').filter(|after| !after.is_empty()) else {
            break;
        };
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) =
            after.strip_prefix('(').and_then(|it| it.split_once(')'))
        {
            if let Some(value) = value(name) {
                out.push_str(value);
            } else {
                out.push_str("$(");
                out.push_str(name);
                out.push(')');
            }
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    (out, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_in_parentheses() {
        let value = |name: &str| match name {
            "A" => Some("x"),
            "B" => Some("8080"),
            _ => None,
        };
        for (text, expected) in [
            ("$(A)", "x"),
            ("a-$(A).$(B)", "a-x.8080"),
            ("$(C)-$(A)", "$(C)-x"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$x"),
            ("$A $", "$A $"),
            ("$(A", "$(A"),
            ("$()", "$()"),
            ("$(A)$(A)", "xx"),
        ] {
            assert_eq!(expand(text, value).0, expected, "{text}");
        }
        assert_eq!(expand("$(B)", value).1.as_deref(), Some("B"));
    }
}
