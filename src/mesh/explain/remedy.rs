//! What would change the outcome: every proposal is tried on a variant of the mesh before it is made.

use crate::mesh::Mesh;
use crate::mesh::clients::{ClientClass, ClientGroup};
use crate::mesh::decision::{Decision, Destination, Question};
use crate::mesh::explain::{OtherRule, Without};
use crate::mesh::traffic_policy::Level;
use crate::mesh::verdict::Verdict;
use crate::object::{Namespace, ObjectId};
use crate::resource::{Fqdn, TlsMode};
use crate::source::Place;

/// A change, and what would come of it.
#[derive(Clone, Debug)]
pub(crate) struct Remedy {
    /// What to change.
    pub(crate) change: Change,
    /// The verdict on the pair afterwards.
    pub(crate) verdict: Verdict,
    /// What it does to other traffic.
    pub(crate) others: Effect,
}

/// What a change does to other traffic than the pair that it is for.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// That was not worked out.
    Unknown,
    /// No other pair gets worse.
    Harmless,
    /// Some get worse.
    Harm(Harm),
}

/// Pairs of client and destination that a change makes worse.
#[derive(Clone, Debug)]
pub(crate) struct Harm {
    /// How many.
    pub(crate) pairs: usize,
    /// The client of one of them, as `namespace/Kind/name`.
    pub(crate) client: String,
    /// Its destination.
    pub(crate) destination: Destination,
    /// The verdict on it afterwards.
    pub(crate) verdict: Verdict,
}

/// A change of one object.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Add a tls to a block of a rule, or replace its mode.
    SetTls {
        /// The rule.
        rule: ObjectId,
        /// The block.
        block: TlsBlock,
        /// The mode.
        mode: TlsMode,
        /// The mode that it replaces, if any tls is there.
        instead_of: Option<TlsMode>,
        /// Where the block, or the mode to replace, is written.
        place: Place,
    },
    /// Add a rule for the host.
    AddRule {
        /// Its namespace.
        namespace: Namespace,
        /// Its name.
        name: String,
        /// The host.
        host: Fqdn,
        /// The mode of its tls.
        mode: TlsMode,
        /// The subset it has to define.
        subset: Option<Box<str>>,
    },
    /// Write the host of a rule in full.
    WriteHost {
        /// The rule.
        rule: ObjectId,
        /// The host in full.
        host: Fqdn,
        /// Where the host is written.
        place: Place,
    },
    /// Define a subset in the rule in force.
    DefineSubset {
        /// The rule.
        rule: ObjectId,
        /// The subset.
        subset: Box<str>,
        /// The subsets it defines.
        defined: Vec<Box<str>>,
        /// Where its host is written.
        place: Place,
    },
    /// Turn auto mTLS on.
    TurnOnAutoMtls {
        /// Where it is turned off, if that is written.
        place: Option<Place>,
    },
    /// Let a policy accept mutual TLS and plaintext.
    AcceptBoth {
        /// The policy.
        policy: ObjectId,
        /// The port, where only that is changed.
        port: Option<u16>,
        /// Where its mode is written.
        place: Place,
    },
    /// Give a workload a sidecar.
    AddSidecar {
        /// The workload.
        workload: ObjectId,
        /// Where it is named.
        place: Place,
    },
    /// Say by a label that the endpoints of a workload take mutual TLS.
    LabelEndpoints {
        /// The workload.
        workload: ObjectId,
        /// Where the label says otherwise, else where the pod's metadata are written.
        place: Place,
    },
    /// Let traffic to a port go through the proxy.
    CapturePort {
        /// The workload.
        workload: ObjectId,
        /// The container port.
        port: u16,
        /// Where it is excluded.
        place: Place,
    },
    /// Import the service into the client's Sidecar.
    ImportService {
        /// The Sidecar.
        sidecar: ObjectId,
        /// The namespace of the service.
        namespace: Namespace,
        /// The host.
        host: Fqdn,
        /// Where the Sidecar is named.
        place: Place,
    },
    /// Export the service to the client's namespace.
    ExportService {
        /// The service.
        service: ObjectId,
        /// The namespace of the client.
        namespace: Namespace,
        /// Where its export list is written, else where it is named.
        place: Place,
    },
}

impl Remedy {
    /// Whether other traffic gets worse.
    pub(crate) fn is_harmful(&self) -> bool {
        match self.others {
            Effect::Harm(_) => true,
            Effect::Unknown | Effect::Harmless => false,
        }
    }
}

impl Change {
    /// How much it asks for: an object that is edited, one that is added, the mesh, a workload.
    fn effort(&self) -> u8 {
        match self {
            Self::SetTls { .. }
            | Self::WriteHost { .. }
            | Self::DefineSubset { .. }
            | Self::AcceptBoth { .. }
            | Self::LabelEndpoints { .. }
            | Self::CapturePort { .. }
            | Self::ImportService { .. }
            | Self::ExportService { .. } => 0,
            Self::AddRule { .. } => 1,
            Self::TurnOnAutoMtls { .. } => 2,
            Self::AddSidecar { .. } => 3,
        }
    }
}

/// A block of a rule that can hold a tls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsBlock {
    /// Which block.
    pub(crate) level: Level,
    /// The port, for a block about a port.
    pub(crate) port: u16,
    /// The subset, for a block of a subset.
    pub(crate) subset: Option<Box<str>>,
    /// Whether `trafficPolicy` is there already.
    pub(crate) exists: bool,
}

/// How many proposals are made.
const PROPOSALS: usize = 3;

/// Tries changes and keeps those that help.
pub(super) struct Trial<'a> {
    /// The mesh as it is.
    pub(super) mesh: &'a Mesh,
    /// The client.
    pub(super) client: u32,
    /// The question.
    pub(super) q: Question<'a>,
    /// The answer as it is.
    pub(super) before: &'a Decision,
    found: Vec<Remedy>,
}

impl Trial<'_> {
    /// Keeps a change if the variant that has it answers better.
    pub(super) fn offer(&mut self, variant: &Mesh, change: Change) {
        self.offer_for(variant, self.q, self.q.client, change);
    }

    /// The same for another client or a service that has become visible.
    pub(super) fn offer_for(
        &mut self,
        variant: &Mesh,
        q: Question<'_>,
        client: &ClientGroup,
        change: Change,
    ) {
        let Some(after) = variant.ask(q, client, &self.before.clients) else {
            return;
        };
        let is_better = after.verdict.rank() > self.before.verdict.rank();
        let is_same = |remedy: &Remedy| remedy.verdict == after.verdict;
        // Of several ways down to plaintext one is enough.
        let is_more_of_it = after.verdict != Verdict::Encrypted && self.found.iter().any(is_same);
        if !is_better || after.verdict == Verdict::Unknown || is_more_of_it {
            return;
        }
        // A service that becomes visible to this client does so for others too, which is not tried.
        let others = if q.visible == self.q.visible {
            let harm = self.mesh.harm_of(variant);
            harm.map_or(Effect::Harmless, Effect::Harm)
        } else {
            Effect::Unknown
        };
        self.found.push(Remedy {
            change,
            verdict: after.verdict,
            others,
        });
    }

    /// How many changes were kept.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether a change was kept that encrypts the pair and harms no other.
    pub(super) fn has_encrypted(&self) -> bool {
        let mut found = self.found.iter();
        found.any(|remedy| remedy.verdict == Verdict::Encrypted && !remedy.is_harmful())
    }

    fn finish(mut self) -> Vec<Remedy> {
        self.found.sort_by_key(|remedy| {
            let is_weak = remedy.verdict != Verdict::Encrypted;
            (remedy.is_harmful(), is_weak, remedy.change.effort())
        });
        self.found.truncate(PROPOSALS);
        self.found
    }
}

impl Mesh {
    /// What would change the outcome, the best first.
    pub(super) fn remedies(
        &self,
        client: u32,
        q: Question<'_>,
        before: &Decision,
        others: &[OtherRule],
    ) -> Vec<Remedy> {
        match before.verdict {
            Verdict::Refused | Verdict::Plaintext | Verdict::Blocked => {}
            Verdict::Unknown | Verdict::AppTls | Verdict::Encrypted => return Vec::new(),
        }
        let mut trial = Trial {
            mesh: self,
            client,
            q,
            before,
            found: Vec::new(),
        };
        trial.try_visibility();
        trial.try_hosts(others);
        trial.try_rule_in_force();
        trial.try_new_rule();
        trial.try_client();
        trial.try_endpoints();
        trial.try_auto_mtls();
        trial.try_policies();
        trial.finish()
    }

    /// What would be without the rule in force, where that is better.
    pub(super) fn without_winner(&self, q: Question<'_>, before: &Decision) -> Option<Without> {
        let entry = self.rules.entry(before.selection.entry?);
        let variant = self.with_rules(|rules| {
            let mut position = 0u32;
            rules.retain(|_| {
                let stays = !entry.from.iter().any(|id| id.0 == position);
                position += 1;
                stays
            });
        });
        let class: &ClientClass = &before.clients;
        let after = variant.ask(q, q.client, class)?;
        let is_better = after.verdict.rank() > before.verdict.rank();
        (is_better && after.verdict != Verdict::Unknown).then(|| Without {
            rule: self.rules.base(entry).meta.id.clone(),
            next: after.selection.entry.map(|id| {
                let next = variant.rules.entry(id);
                variant.rules.base(next).meta.id.clone()
            }),
            verdict: after.verdict,
        })
    }
}
