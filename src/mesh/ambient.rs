//! Ambient: what ztunnel accepts (semantics 8.2).

use super::config::Config;
use super::evidence::{Recorder, stated};
use super::server::{PolicyIndex, known};
use crate::object::Namespace;
use crate::resource::{Labels, MtlsMode, PeerAuthentication};

/// Whether ztunnel refuses plaintext to a port of a workload (`convertedSelectorPeerAuthentications`). It always accepts
/// HBONE, and DISABLE means the same as PERMISSIVE.
pub(crate) fn refuses_plaintext(
    policies: &PolicyIndex,
    namespace: &Namespace,
    labels: &Labels,
    port: u16,
    config: &Config,
    recorder: &mut impl Recorder,
) -> bool {
    let root = &config.root_namespace.value;
    let all = policies.policies();
    // Ambient wants a nil selector: `selector: {}` in the root namespace is no mesh policy here.
    let wide = |owner: &Namespace| {
        all.iter()
            .find(|p| p.meta.namespace == *owner && !p.has_selector)
    };
    let empty = |owner: &Namespace| {
        all.iter()
            .find(|p| p.meta.namespace == *owner && p.selector.is_none())
    };
    let mesh = wide(root);
    let of_namespace = if namespace == root {
        None
    } else {
        empty(namespace)
    };
    let of_workload = all.iter().find(|policy| {
        policy.meta.namespace == *namespace
            && namespace != root
            && policy
                .selector
                .as_ref()
                .is_some_and(|selector| selector.selects(labels))
    });
    let mut parent_strict = false;
    for policy in [mesh, of_namespace].into_iter().flatten() {
        if policy.mode != MtlsMode::Unset {
            parent_strict = policy.mode == MtlsMode::Strict;
        }
        record(policy, recorder);
    }
    let Some(policy) = of_workload else {
        return parent_strict;
    };
    record(policy, recorder);
    let port_mode = policy
        .ports
        .iter()
        .rev()
        .find(|entry| entry.port.value == port)
        .map(|entry| entry.mode);
    let workload = known(policy.mode);
    let strict = match workload {
        None => parent_strict,
        Some(_) => policy.mode == MtlsMode::Strict,
    };
    match port_mode {
        None | Some(MtlsMode::Unset) => strict,
        Some(MtlsMode::Strict) => true,
        Some(MtlsMode::Permissive) => false,
        // A workload that inherits STRICT is only exempted by PERMISSIVE.
        Some(MtlsMode::Disable) => strict && workload.is_none(),
    }
}

fn record(policy: &PeerAuthentication, recorder: &mut impl Recorder) {
    recorder.record(|| {
        let text = format!("{} says {}", policy.meta.id, policy.mode.as_str());
        stated(text, policy.mode_place, &policy.meta.id)
    });
}
