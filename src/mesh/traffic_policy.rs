//! Inside a rule: the tls in force for a port and a subset (semantics 5, 6.3, 10.4, 10.5).

use super::client::{Entry, RuleId, RuleIndex};
use super::services::Port;
use super::version::{IstioVersion, SubsetStyle};
use crate::resource::{LoadBalancer, PortPolicy, TlsMode, TlsSettings, TrafficPolicy};
use crate::source::Place;

/// Which block of a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Level {
    /// `spec.trafficPolicy`.
    Rule,
    /// An element of its `portLevelSettings`.
    RulePort,
    /// `trafficPolicy` of the subset.
    Subset,
    /// An element of the subset's `portLevelSettings`.
    SubsetPort,
}

impl Level {
    /// Whether it is an element of `portLevelSettings`.
    pub(crate) fn is_port(self) -> bool {
        matches!(self, Self::RulePort | Self::SubsetPort)
    }
}

/// A policy flattened for one port: an element of `portLevelSettings` replaces the whole (`GetPortLevelTrafficPolicy`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flat<'a> {
    /// The tls of that block.
    pub(crate) tls: Option<&'a TlsSettings>,
    /// Which block it is.
    pub(crate) level: Level,
    /// The rule it is written in.
    pub(crate) rule: RuleId,
    /// Where the block is written.
    pub(crate) place: Place,
    /// Whether its load balancer is PASSTHROUGH; `None` where it has none.
    pub(crate) passthrough: Option<bool>,
    /// The policy the block is in.
    pub(crate) policy: &'a TrafficPolicy,
    /// The element of `portLevelSettings`, if it is one.
    pub(crate) element: Option<&'a PortPolicy>,
}

/// What a rule says about one port and subset.
#[derive(Clone, Debug)]
pub(crate) struct EffectivePolicy<'a> {
    /// The blocks in the order in which they are applied: the rule's, then the subset's.
    pub(crate) passes: Vec<Flat<'a>>,
    /// Whether a subset was asked for.
    pub(crate) is_subset: bool,
    /// The tls in force where blocks are merged (1.0 and from 1.8), with the block it is from.
    pub(crate) merged: Option<Flat<'a>>,
    /// The mode that endpoints are checked against (semantics 6.3).
    pub(crate) endpoint_mode: Option<TlsMode>,
    /// Whether the cluster goes to the original destination because of the load balancer.
    pub(crate) passthrough: bool,
    /// Whether the hint asks the endpoints because of the load balancer.
    pub(crate) hint_passthrough: bool,
}

impl<'a> EffectivePolicy<'a> {
    /// What no rule says.
    pub(crate) fn none() -> Self {
        Self {
            passes: Vec::new(),
            is_subset: false,
            merged: None,
            endpoint_mode: None,
            passthrough: false,
            hint_passthrough: false,
        }
    }

    /// What a merged rule says about a port and a subset; `None` if it does not define the subset.
    pub(crate) fn of(
        rules: &'a RuleIndex,
        entry: &Entry,
        port: &Port,
        subset: Option<&str>,
        version: IstioVersion,
    ) -> Option<Self> {
        let top = entry
            .policy
            .and_then(|rule| Some((rule, rules.rule(rule).traffic_policy.as_ref()?)));
        let own = match subset {
            None => None,
            Some(name) => {
                let (rule, subset) = rules.subset(entry, name)?;
                Some((rule, subset.traffic_policy.as_ref()))
            }
        };
        let flat = |(rule, policy), levels| flatten(rule, policy, levels, port, version);
        let rule_flat = top.map(|top| flat(top, (Level::Rule, Level::RulePort)));
        let subset_policy = own.and_then(|(rule, policy)| Some((rule, policy?)));
        let subset_flat = subset_policy.map(|own| flat(own, (Level::Subset, Level::SubsetPort)));
        let (merged, lb) = match (subset, subset_flat) {
            (None, _) => (rule_flat, rule_flat.and_then(|f| f.passthrough)),
            (Some(_), None) if version.subset_style() == SubsetStyle::MergedRaw => {
                let raw = top.map(|(rule, policy)| whole(rule, policy, Level::Rule));
                (raw, raw.and_then(|f| f.passthrough))
            }
            (Some(_), None) => (rule_flat, rule_flat.and_then(|f| f.passthrough)),
            (Some(_), Some(own)) => merge(rule_flat, own, version),
        };
        let top_lb = |policy: &TrafficPolicy| is_passthrough(policy.load_balancer.as_ref());
        let subset_lb = subset_policy
            .and_then(|(_, policy)| top_lb(policy))
            .unwrap_or(false);
        let rule_lb = top.and_then(|(_, policy)| top_lb(policy)).unwrap_or(false);
        Some(Self {
            endpoint_mode: endpoint_mode(
                top.map(|t| t.1),
                subset.is_some(),
                subset_policy.map(|s| s.1),
                port,
                version,
            ),
            passthrough: lb == Some(true)
                || (subset_lb && version.reads_hidden_subset_load_balancer())
                || rule_flat.is_some_and(|f| f.passthrough == Some(true)),
            hint_passthrough: if subset.is_some() { subset_lb } else { rule_lb },
            passes: rule_flat.into_iter().chain(subset_flat).collect(),
            is_subset: subset.is_some(),
            merged,
        })
    }
}

impl<'a> EffectivePolicy<'a> {
    /// The tls of the merged blocks.
    pub(crate) fn tls(&self) -> Option<&'a TlsSettings> {
        self.merged.and_then(|flat| flat.tls)
    }
}

/// Whether a load balancer is PASSTHROUGH; `None` where none is set.
fn is_passthrough(lb: Option<&crate::source::Spanned<LoadBalancer>>) -> Option<bool> {
    lb.map(|lb| lb.value == LoadBalancer::Passthrough)
}

/// The element of `portLevelSettings` for a port: the first that names it.
pub(crate) fn port_policy<'a>(
    policy: &'a TrafficPolicy,
    port: &Port,
    version: IstioVersion,
) -> Option<&'a PortPolicy> {
    policy
        .port_level_settings
        .iter()
        .find(|element| names(element, port, version))
}

fn names(element: &PortPolicy, port: &Port, version: IstioVersion) -> bool {
    let by_name = || {
        version.reads_port_names()
            && element
                .port_name
                .as_ref()
                .is_some_and(|n| *n.value == *port.name)
    };
    match element.port {
        Some(number) if number.value != 0 => number.value == port.number,
        Some(_) | None => by_name(),
    }
}

fn whole(rule: RuleId, policy: &TrafficPolicy, level: Level) -> Flat<'_> {
    Flat {
        tls: policy.tls.as_ref(),
        level,
        rule,
        place: policy.key,
        passthrough: is_passthrough(policy.load_balancer.as_ref()),
        policy,
        element: None,
    }
}

fn flatten<'a>(
    rule: RuleId,
    policy: &'a TrafficPolicy,
    (level, port_level): (Level, Level),
    port: &Port,
    version: IstioVersion,
) -> Flat<'a> {
    match port_policy(policy, port, version) {
        Some(element) => Flat {
            tls: element.tls.as_ref(),
            level: port_level,
            rule,
            place: element.place,
            passthrough: is_passthrough(element.load_balancer.as_ref()),
            policy,
            element: Some(element),
        },
        None => whole(rule, policy, level),
    }
}

/// The subset's block over the rule's (`MergeSubsetTrafficPolicy`): a port element wipes everything, else what is set
/// wins. In 1.0 a tls that is not set never wipes.
fn merge<'a>(
    rule: Option<Flat<'a>>,
    own: Flat<'a>,
    version: IstioVersion,
) -> (Option<Flat<'a>>, Option<bool>) {
    let wipes = own.level.is_port() && version.subset_style() != SubsetStyle::Overlay;
    let merged = if wipes || own.tls.is_some() {
        own
    } else {
        rule.unwrap_or(own)
    };
    let lb = if own.level.is_port() {
        own.passthrough
    } else {
        own.passthrough.or(rule.and_then(|f| f.passthrough))
    };
    (Some(merged), lb)
}

/// The mode that endpoints are checked against, computed by a slightly different rule than the cluster's
/// (`mtls_checker.go:tlsModeForDestinationRule`): a port element without tls does not erase.
fn endpoint_mode(
    top: Option<&TrafficPolicy>,
    is_subset: bool,
    own: Option<&TrafficPolicy>,
    port: &Port,
    version: IstioVersion,
) -> Option<TlsMode> {
    if !version.auto_mtls_asks_endpoint_policy() {
        return None;
    }
    let of = |policy: &TrafficPolicy| {
        let mut elements = policy.port_level_settings.iter();
        let element =
            elements.find_map(|e| names(e, port, version).then_some(e.tls.as_ref()).flatten());
        element.or(policy.tls.as_ref()).map(|tls| tls.mode)
    };
    let mode = if is_subset {
        let falls_back = version.subset_endpoint_mode_falls_back();
        own.and_then(of)
            .or_else(|| top.filter(|_| falls_back).and_then(of))
    } else {
        top.and_then(of)
    };
    // Before 1.20 SIMPLE and MUTUAL fell through to the check of the endpoint.
    mode.filter(|mode| {
        version.any_mode_settles_endpoint()
            || matches!(mode, TlsMode::Disable | TlsMode::IstioMutual)
    })
}
