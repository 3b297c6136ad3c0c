//! An exception that no finding needs.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Certainty, ExceptionKind, Fix};
use crate::rule::{ExceptionFault, NoOptions, TriageContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds exceptions that hide nothing: comments, annotations and entries of `ignore` in the config file from whose rule
    /// there is no finding at that line, on that object or for that pattern.
    ///
    /// ## Why it matters
    ///
    /// What was accepted has been repaired, or the exception stands at the wrong line and the finding is still reported. Left
    /// where it is, it will hide the next finding of that rule, which nobody has looked at.
    ///
    /// An exception counts as unused only if its rule runs and the whole repository is looked at. With paths, `--exclude` or
    /// `--mesh` nothing is said, because what it hides may be in the part that is left out.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       # mtls-lint: ignore[tls-disabled-in-mesh] until the cart has a sidecar
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       # mtls-lint: ignore[tls-disabled-in-mesh] until the cart has a sidecar
    ///       mode: DISABLE
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ## Fix
    ///
    /// Removes the comment, or the rules in it that are not needed, the annotation, or the entry of the config file, with its
    /// lines and no others. The fix is safe where everything could be read and the file has no finding of that rule, for an
    /// entry no file; if there is one, the exception may only stand at the wrong place, or say the wrong name.
    "unused-suppression" {
        summary: "an exception hides no finding",
        category: Hygiene,
        severity: Warning,
        reads: [],
        fix: Safe,
        since: "0.1.0",
        stage: Triage,
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut TriageContext<'_>) {
    for problem in cx.problems() {
        let ExceptionFault::Unused {
            rules,
            removal,
            is_needless,
            is_certain,
        } = &problem.fault
        else {
            continue;
        };
        let names = format!("`{}`", rules.join("`, `"));
        let what = match problem.kind {
            ExceptionKind::Comment => {
                "remove it, or put it on or above a line that the finding names"
            }
            ExceptionKind::Annotation => "remove it, or put it on the object of the finding",
            ExceptionKind::Config => "remove the entry, or correct what it is for",
        };
        let mut report = cx.report(
            problem,
            format!(
                "no finding needs the exception from {names}{}",
                problem.owner_note()
            ),
        );
        report.primary("hides nothing").help(what);
        if !is_certain {
            report.certainty(Certainty::Unknown);
        }
        if let Some(edit) = removal {
            report.fix(Fix {
                title: format!("remove the exception from {names}"),
                applicability: if *is_certain && *is_needless {
                    Applicability::Safe
                } else {
                    Applicability::Unsafe
                },
                edits: vec![edit.clone()],
            });
        }
    }
}
