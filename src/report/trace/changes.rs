//! What would change the outcome, in words: an instruction, the lines to write, what comes of it.

use super::outcome;
use crate::diagnostic::counted;
use crate::mesh::explain::{Change, Effect, Remedy, TlsBlock, Without};
use crate::mesh::{Level, Verdict};
use crate::resource::TlsMode;
use crate::source::Place;

/// A change in words.
pub(super) struct Worded {
    /// What to do.
    pub(super) instruction: String,
    /// Where.
    pub(super) place: Option<Place>,
    /// The lines to write, if any.
    pub(super) lines: Vec<String>,
}

impl Worded {
    fn at(instruction: String, place: Place) -> Self {
        Self {
            instruction,
            place: Some(place),
            lines: Vec::new(),
        }
    }

    fn with(mut self, lines: Vec<String>) -> Self {
        self.lines = lines;
        self
    }
}

/// A change in words.
pub(super) fn change(change: &Change) -> Worded {
    match change {
        Change::SetTls {
            rule,
            block,
            mode,
            instead_of,
            place,
        } => match instead_of {
            Some(old) => Worded::at(
                format!(
                    "in {rule}, {}: write `mode: {}` instead of `{}`",
                    block_name(block),
                    mode.as_str(),
                    old.as_str()
                ),
                *place,
            ),
            None => Worded::at(format!("in {rule}, add to {}:", block_name(block)), *place)
                .with(tls_lines(*mode, !block.exists)),
        },
        Change::AddRule {
            namespace,
            name,
            host,
            mode,
            subset,
        } => Worded {
            instruction: format!("add DestinationRule {namespace}/{name}:"),
            place: None,
            lines: rule_lines(host.as_str(), *mode, subset.as_deref()),
        },
        Change::WriteHost { rule, host, place } => {
            Worded::at(format!("in {rule}, write `host: {host}`"), *place)
        }
        Change::DefineSubset {
            rule,
            subset,
            defined,
            place,
        } => {
            let defined = match defined.as_slice() {
                [] => "which defines none".to_owned(),
                all => format!("which defines only {}", all.join(", ")),
            };
            let text = format!("define subset `{subset}` in {rule}, {defined}");
            Worded::at(text, *place)
        }
        Change::TurnOnAutoMtls { place } => Worded {
            instruction: "turn auto mTLS on in the mesh config: `enableAutoMtls: true`".to_owned(),
            place: *place,
            lines: Vec::new(),
        },
        Change::AcceptBoth {
            policy,
            port,
            place,
        } => {
            let port = port
                .map(|port| format!(" for port {port}"))
                .unwrap_or_default();
            Worded::at(format!("let {policy} say PERMISSIVE{port}"), *place)
        }
        Change::AddSidecar { workload, place } => {
            Worded::at(format!("give {workload} a sidecar"), *place)
        }
        Change::LabelEndpoints { workload, place } => Worded::at(
            format!("let the pods of {workload} carry `security.istio.io/tlsMode: istio`"),
            *place,
        ),
        Change::CapturePort {
            workload,
            port,
            place,
        } => Worded::at(
            format!("take port {port} of {workload} out of `excludeInboundPorts`"),
            *place,
        ),
        Change::ImportService {
            sidecar,
            namespace,
            host,
            place,
        } => Worded::at(
            format!("add `{namespace}/{host}` to the egress hosts of {sidecar}"),
            *place,
        ),
        Change::ExportService {
            service,
            namespace,
            place,
        } => Worded::at(
            format!("export {service} to namespace `{namespace}`"),
            *place,
        ),
    }
}

/// What comes of a change.
pub(super) fn effect(remedy: &Remedy) -> String {
    let pair = match remedy.verdict {
        Verdict::Encrypted => "→ encrypted with mutual TLS",
        Verdict::Plaintext => "→ works, in clear",
        Verdict::AppTls => "→ works if the application speaks TLS",
        Verdict::Refused => "→ still refused",
        Verdict::Blocked => "→ still blocked",
        Verdict::Unknown => "→ cannot be told",
    };
    match &remedy.others {
        Effect::Unknown => pair.to_owned(),
        Effect::Harmless => format!("{pair}; no other traffic gets worse"),
        Effect::Harm(harm) => {
            let sample = format!(
                "{} → {} would be {}",
                harm.client,
                outcome::destination(&harm.destination),
                outcome::verdict(harm.verdict)
            );
            match harm.pairs {
                1 => format!("{pair}, but other traffic gets worse: {sample}"),
                more => format!(
                    "{pair}, but other traffic gets worse: {sample}, and {} more",
                    counted(more - 1, "pair")
                ),
            }
        }
    }
}

/// What would be without the rule in force.
pub(super) fn without(without: &Without) -> String {
    let next = match &without.next {
        Some(next) => format!("{next} would be in force"),
        None => "no rule would be in force".to_owned(),
    };
    let outcome = match without.verdict {
        Verdict::Encrypted => "traffic would be encrypted",
        Verdict::Plaintext => "traffic would work, in clear",
        Verdict::AppTls => "traffic would be TLS of the application",
        Verdict::Refused => "traffic would be refused",
        Verdict::Blocked => "traffic would be blocked",
        Verdict::Unknown => "the outcome could not be told",
    };
    format!("without {}, {next} and {outcome}", without.rule)
}

fn block_name(block: &TlsBlock) -> String {
    let subset = block.subset.as_deref().unwrap_or_default();
    match block.level {
        Level::Rule if !block.exists => "`spec`".to_owned(),
        Level::Rule => "`trafficPolicy`".to_owned(),
        Level::RulePort => format!("the `portLevelSettings` of port {}", block.port),
        Level::Subset => format!("the `trafficPolicy` of subset `{subset}`"),
        Level::SubsetPort => format!(
            "the `portLevelSettings` of port {} of subset `{subset}`",
            block.port
        ),
    }
}

fn tls_lines(mode: TlsMode, with_policy: bool) -> Vec<String> {
    let tls = ["tls:".to_owned(), format!("  mode: {}", mode.as_str())];
    if with_policy {
        let indented = tls.map(|line| format!("  {line}"));
        std::iter::once("trafficPolicy:".to_owned())
            .chain(indented)
            .collect()
    } else {
        tls.into()
    }
}

fn rule_lines(host: &str, mode: TlsMode, subset: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("host: {host}")];
    lines.extend(tls_lines(mode, true));
    if let Some(subset) = subset {
        lines.push("subsets:".to_owned());
        lines.push(format!("- name: {subset}"));
    }
    lines
}
