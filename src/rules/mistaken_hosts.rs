//! What the rules about hosts that name no service share.

use crate::diagnostic::{Applicability, Fix};
use crate::mesh::{Meant, MistakenHost, namespace_fact};
use crate::rule::{RuleContext, edit};
use crate::yaml::FieldPath;

/// How many services a finding names.
const SAMPLES: usize = 3;

/// Reports a rule whose host names no service, with the services that may be meant.
pub(super) fn tell_host(
    cx: &mut RuleContext<'_>,
    mistaken: &MistakenHost<'_>,
    headline: String,
    primary: String,
) {
    let rule = mistaken.rule;
    let mut evidence = vec![namespace_fact(&rule.meta)];
    let services = mistaken.meant.iter().filter_map(|meant| meant.service);
    evidence.extend(services.map(|service| namespace_fact(&service.meta)));
    let fix = match mistaken.meant.as_slice() {
        [only] => Some(Fix {
            title: format!("write the host in full: {}", only.host),
            applicability: Applicability::Safe,
            edits: vec![edit::replace_scalar(
                cx.sources(),
                rule.host.place,
                only.host.as_str(),
            )],
        }),
        _ => None,
    };
    let mut finding = cx.report(rule.host.place, headline);
    finding
        .object(&rule.meta.id)
        .field(FieldPath::new("spec.host"))
        .primary(primary)
        .evidence(evidence)
        .help(help(&mistaken.meant));
    for meant in mistaken.meant.iter().take(SAMPLES) {
        if let Some(service) = meant.service {
            let id = &service.meta.id;
            let text = format!("the host of this service is `{}`", meant.host);
            finding.label(service.meta.place(), Some(id), text);
        }
    }
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

fn help(meant: &[Meant<'_>]) -> String {
    let hosts = meant.iter().take(SAMPLES);
    let hosts: Vec<String> = hosts.map(|meant| format!("`{}`", meant.host)).collect();
    format!("write the host in full: {}", hosts.join(" or "))
}
