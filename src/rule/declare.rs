//! The macro that declares a rule.

/// Declares the `RULE` of a file: documentation, what it says about itself, and its function.
///
/// `stage:` may be left out for a rule that looks at meshes. `check: check(Options)` names a
/// `fn(&Options, &mut RuleContext<'_>)` (`InputContext` with `stage: Inputs`, `DeployContext` with `stage: Deploy`, `TriageContext` with `stage: Triage`) and the type of the rule's settings,
/// `NoOptions` for a rule that has none. The type derives `Default`, `Deserialize` and `JsonSchema`; the page shows the
/// default of a field only if the field's type is `Serialize` too.
macro_rules! declare_rule {
    (
        $(#[doc = $docs:expr])+
        $name:literal {
            summary: $summary:literal,
            category: $category:ident,
            severity: $severity:ident,
            reads: [$($kind:ident),* $(,)?],
            fix: $fix:ident,
            since: $since:literal,
            $(stage: $stage:ident,)?
            check: $check:ident($options:ty) $(,)?
        }
    ) => {
        /// The rule of this file.
        pub(super) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            meta: $crate::rule::RuleMeta {
                name: $name,
                summary: $summary,
                category: $crate::rule::Category::$category,
                severity: $crate::diagnostic::Severity::$severity,
                reads: &[$(stringify!($kind)),*],
                fix: $crate::rule::declare_rule!(@fix $fix),
                since: $since,
                docs: concat!($($docs, "\n"),+),
                file: file!(),
                stage: $crate::rule::declare_rule!(@stage $($stage)?),
            },
            options: $crate::rule::OptionsType::of::<$options>(),
            check: $crate::rule::declare_rule!(@check $check $options, $($stage)?),
        };
    };
    (@fix None) => { None };
    (@fix $fix:ident) => { Some($crate::diagnostic::Applicability::$fix) };
    (@stage) => { $crate::rule::Stage::Mesh };
    (@stage $stage:ident) => { $crate::rule::Stage::$stage };
    (@check $check:ident $options:ty,) => { $crate::rule::declare_rule!(@check $check $options, Mesh) };
    (@check $check:ident $options:ty, $stage:ident) => {
        $crate::rule::Check::$stage(|options, cx| $check(options.get::<$options>(), cx))
    };
}

pub(crate) use declare_rule;

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Applicability, Severity};
    use crate::rule::{Category, Check, NoOptions, RuleContext, Stage};

    declare_rule! {
        /// ## What it does
        ///
        /// Nothing.
        "sample-rule" {
            summary: "a sample",
            category: Suspicious,
            severity: Note,
            reads: [DestinationRule, Service],
            fix: Safe,
            since: "0.1.0",
            check: check(NoOptions),
        }
    }

    fn check(_options: &NoOptions, _cx: &mut RuleContext<'_>) {}

    #[test]
    fn a_declaration_becomes_data() {
        let meta = &RULE.meta;
        assert_eq!(meta.name, "sample-rule");
        assert_eq!(meta.reads, ["DestinationRule", "Service"]);
        assert_eq!(
            (meta.category, meta.severity),
            (Category::Suspicious, Severity::Note)
        );
        assert_eq!(meta.fix, Some(Applicability::Safe));
    }

    #[test]
    fn a_rule_looks_at_meshes_unless_it_says_otherwise() {
        assert_eq!(RULE.meta.stage, Stage::Mesh);
        assert!(matches!(RULE.check, Check::Mesh(_)));
    }

    #[test]
    fn documentation_keeps_its_lines() {
        assert_eq!(RULE.meta.markdown(), "## What it does\n\nNothing.\n");
    }
}
