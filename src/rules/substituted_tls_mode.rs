//! A variable that decides whether traffic is encrypted.

use std::collections::BTreeMap;

use crate::declare_rule;
use crate::diagnostic::{Certainty, Severity};
use crate::mesh::written_tls;
use crate::object::ObjectId;
use crate::resource::Effect;
use crate::rule::{DeployContext, InputProblem, NoOptions};
use crate::source::{Cause, Change, Origin, Place, Span};
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds TLS modes of DestinationRules and PeerAuthentications that a variable such as `${MTLS_MODE:=DISABLE}` decides.
    ///
    /// ## Why it matters
    ///
    /// Whoever reads the manifest does not see whether traffic is encrypted, and a default that counts where nobody sets
    /// the variable is easily overlooked. Where the value is known this is a note, and what the mode does is the finding
    /// of another rule. Where it is not known it is a warning: the object is not taken into account.
    ///
    /// ## Examples
    ///
    /// Nothing here sets the variable, so that nobody can say what is deployed:
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ${MTLS_MODE}
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ```
    ///
    /// ## Fix
    ///
    /// Write the mode out, and let overlays patch it where environments differ.
    "substituted-tls-mode" {
        summary: "a variable decides a TLS mode",
        category: Suspicious,
        severity: Warning,
        reads: [],
        fix: None,
        since: "0.1.0",
        stage: Deploy,
        check: check(NoOptions),
    }
}

/// Whether a field is a TLS mode.
pub(super) fn is_mode(field: &FieldPath) -> bool {
    field.as_str().rsplit('.').next() == Some("mode")
}

/// A mode that a variable decides.
struct Substituted<'a> {
    id: &'a ObjectId,
    place: Place,
    change: Change,
    /// The modes, each with the meshes in which the variable has it.
    modes: BTreeMap<&'static str, Vec<String>>,
}

fn check(_options: &NoOptions, cx: &mut DeployContext<'_>) {
    for problem in cx.problems() {
        if let InputProblem::Object(problem) = problem
            && problem.effect == Effect::Undecided
            && is_mode(&problem.field)
        {
            let (id, field) = (&problem.object, &problem.field);
            cx.report(
                problem.place,
                format!("a variable whose value is not known here decides `{field}` of `{id}`"),
            )
            .primary("filled in before this is applied")
            .object(id)
            .field(field.clone())
            .certainty(Certainty::Unknown)
            .help("write the mode out, or lint what is rendered: `… | mtls-lint -`");
        }
    }
    for known in known(cx).into_values() {
        report(cx, known);
    }
}

/// The modes whose variable is known, by where the variable stands.
fn known<'a>(cx: &DeployContext<'a>) -> BTreeMap<Span, Substituted<'a>> {
    let mut out: BTreeMap<Span, Substituted<'a>> = BTreeMap::new();
    for mesh in cx.meshes() {
        let rules = mesh.destination_rules().flat_map(|rule| {
            let modes = written_tls(rule).into_iter();
            modes.filter_map(|written| {
                let place = written.tls.mode_place?;
                Some((&rule.meta.id, place, written.tls.mode.as_str()))
            })
        });
        let policies = mesh.peer_authentications().iter().flat_map(|policy| {
            let ports = policy.ports.iter().map(|port| (port.mode_place, port.mode));
            let own = std::iter::once((policy.mode_place, policy.mode));
            own.chain(ports)
                .map(|(place, mode)| (&policy.meta.id, place, mode.as_str()))
        });
        for (id, place, mode) in rules.chain(policies) {
            let Origin::Changed(change) = cx.deployment().origins.get(place.origin) else {
                continue;
            };
            if change.cause != Cause::Substitution {
                continue;
            }
            let key = change.via.unwrap_or(place);
            let one = out.entry(key.span).or_insert_with(|| Substituted {
                id,
                place,
                change: *change,
                modes: BTreeMap::new(),
            });
            let meshes = one.modes.entry(mode).or_default();
            if !meshes.iter().any(|name| name == mesh.name()) {
                meshes.push(mesh.name().to_owned());
            }
        }
    }
    out
}

/// The modes in words: the mode if there is one, otherwise each with its meshes.
fn modes(modes: &BTreeMap<&'static str, Vec<String>>) -> String {
    let words: Vec<String> = modes
        .iter()
        .map(|(mode, meshes)| match modes.len() {
            1 => (*mode).to_owned(),
            _ => format!("{mode} in mesh `{}`", meshes.join("`, `")),
        })
        .collect();
    words.join(", ")
}

fn report(cx: &mut DeployContext<'_>, known: Substituted<'_>) {
    let at = known.change.via.unwrap_or(known.place);
    let mut finding = cx.report(
        at,
        format!(
            "a variable sets the TLS mode of `{}` to {}",
            known.id,
            modes(&known.modes)
        ),
    );
    finding
        .severity(Severity::Note)
        .primary("the variable stands here")
        .object(known.id)
        .meshes(known.modes.into_values().flatten().collect())
        .help("write the mode out, and let overlays patch it where environments differ");
    if known.place.span != at.span {
        finding.label(known.place, Some(known.id), "its value comes from here");
    }
}
