//! Ambient: what ztunnel accepts (semantics 8.2, `pilot/pkg/serviceregistry/ambient/authorization.go`).

use super::config::Config;
use super::evidence::{Recorder, stated};
use super::server::PolicyIndex;
use crate::object::Namespace;
use crate::resource::{Labels, MtlsMode, PeerAuthentication};

/// The policies that istiod turns into what ztunnel enforces for one workload.
struct Levels<'a> {
    mesh: Option<&'a PeerAuthentication>,
    namespace: Option<&'a PeerAuthentication>,
    workload: Option<&'a PeerAuthentication>,
}

/// Whether ztunnel refuses plaintext to a port of a workload. It always accepts HBONE, and DISABLE means the same as
/// PERMISSIVE.
pub(crate) fn refuses_plaintext(
    policies: &PolicyIndex,
    namespace: &Namespace,
    labels: &Labels,
    port: u16,
    config: &Config,
    recorder: &mut impl Recorder,
) -> bool {
    let levels = levels(policies, namespace, labels, config);
    for policy in [levels.mesh, levels.namespace, levels.workload]
        .into_iter()
        .flatten()
    {
        recorder.record(|| {
            let text = format!("{} says {}", policy.meta.id, policy.mode.as_str());
            stated(text, policy.mode_place, &policy.meta.id)
        });
    }
    let is_strict =
        |policy: Option<&PeerAuthentication>| policy.is_some_and(|p| p.mode == MtlsMode::Strict);
    let parent_strict = match levels.namespace {
        Some(policy) if policy.mode != MtlsMode::Unset => policy.mode == MtlsMode::Strict,
        Some(_) | None => is_strict(levels.mesh),
    };
    let Some(workload) = levels.workload else {
        return parent_strict;
    };
    let any = |wanted: &[MtlsMode]| {
        workload
            .ports
            .iter()
            .any(|port| wanted.contains(&port.mode))
    };
    // Either the static STRICT policy is attached, or the policy of the workload as converted for its ports, or none.
    let (is_static, is_converted) = match workload.mode {
        MtlsMode::Strict => {
            let exempts = any(&[MtlsMode::Permissive, MtlsMode::Disable]);
            (!exempts, exempts)
        }
        MtlsMode::Unset if parent_strict => {
            let exempts = any(&[MtlsMode::Permissive]);
            (!exempts, exempts)
        }
        MtlsMode::Permissive | MtlsMode::Disable | MtlsMode::Unset => {
            (false, any(&[MtlsMode::Strict]))
        }
    };
    is_static || (is_converted && converted_denies(workload, policies, port, config))
}

/// The policies of each level (`fetchPeerAuthentications`, `convertedSelectorPeerAuthentications`): a selector that is
/// present and empty is no mesh policy for other namespaces.
fn levels<'a>(
    policies: &'a PolicyIndex,
    namespace: &Namespace,
    labels: &Labels,
    config: &Config,
) -> Levels<'a> {
    let root = &config.root_namespace.value;
    let all = policies.policies();
    let is_root = namespace == root;
    Levels {
        mesh: all.iter().find(|policy| {
            policy.meta.namespace == *root
                && policy.selector.is_none()
                && (is_root || !policy.has_selector)
        }),
        namespace: all.iter().find(|policy| {
            !is_root && policy.meta.namespace == *namespace && policy.selector.is_none()
        }),
        workload: all.iter().find(|policy| {
            !is_root
                && policy.meta.namespace == *namespace
                && policy
                    .selector
                    .as_ref()
                    .is_some_and(|selector| selector.selects(labels))
        }),
    }
}

/// Whether a workload policy with ports denies plaintext to a port once converted (`convertPeerAuthentication`). Its
/// parents are looked up without those that have an empty selector, unlike above.
fn converted_denies(
    workload: &PeerAuthentication,
    policies: &PolicyIndex,
    port: u16,
    config: &Config,
) -> bool {
    let oldest = |namespace: &Namespace| {
        policies
            .policies()
            .iter()
            .find(|p| p.meta.namespace == *namespace && !p.has_selector)
            .map(|p| p.mode)
    };
    let (own, root) = (
        oldest(&workload.meta.namespace),
        oldest(&config.root_namespace.value),
    );
    let own_inherits = matches!(own, None | Some(MtlsMode::Unset));
    let unset = workload.mode == MtlsMode::Unset;
    let strict = workload.mode == MtlsMode::Strict;

    // Strict ports deny by themselves, unless istiod takes the parent to do that already. It does not ask whether the
    // policy itself undoes a mesh that is strict: under PERMISSIVE or DISABLE nothing denies then (`convertPeerAuthentication`
    // says `unset && namespace || mesh`).
    let strict_mesh = own_inherits && root == Some(MtlsMode::Strict);
    let skips_strict = strict || (unset && own == Some(MtlsMode::Strict)) || strict_mesh;
    let own_port = |entry: &crate::resource::PortMtls| entry.port.value == port;
    let denies_port =
        |entry: &crate::resource::PortMtls| entry.mode == MtlsMode::Strict && own_port(entry);
    if !skips_strict && workload.ports.iter().any(denies_port) {
        return true;
    }
    // Exempt ports take part in one rule: everything but them is denied, where the parent or the policy is strict.
    let parent_is_lax = match own {
        Some(mode) => mode != MtlsMode::Strict,
        None => root != Some(MtlsMode::Strict),
    };
    let skips_exempt = matches!(workload.mode, MtlsMode::Permissive | MtlsMode::Disable)
        || (unset && parent_is_lax);
    let exempt = |entry: &&crate::resource::PortMtls| {
        matches!(entry.mode, MtlsMode::Permissive | MtlsMode::Disable)
    };
    let exempts: Vec<u16> = if skips_exempt {
        Vec::new()
    } else {
        workload
            .ports
            .iter()
            .filter(exempt)
            .map(|entry| entry.port.value)
            .collect()
    };
    if exempts.is_empty() {
        // A strict policy without exemptions is sent as the static one, never in this form.
        return false;
    }
    !exempts.contains(&port)
}
