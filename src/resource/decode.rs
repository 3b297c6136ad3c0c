//! Objects to typed resources, and what is wrong with those that cannot be.

use super::admission;
use super::problem::{Effect, Problem, ProblemKind};
use super::reader::{Context, Fault, Field};
use super::schema::{self, Finding};
use super::{
    AuthenticationPolicy, DestinationRule, Endpoints, MeshConfig, Meta, NamespaceObject,
    PeerAuthentication, Resource, Service, ServiceEntry, Sidecar, VirtualService, Workload,
    WorkloadEntry, WorkloadGroup,
};
use crate::object::Object;
use crate::source::Sources;
use crate::yaml::Value;

/// What an object decodes to. An object that Istio's admission would refuse has a problem and no resource: it is treated
/// as absent. One with fields that the API server drops has both.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The resources; none for kinds that the linter does not read.
    pub resources: Vec<Resource>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Decodes an object of a kind that the linter reads. `sources` gives the text of block scalars (`data.mesh`).
pub fn decode(object: &Object, sources: &Sources) -> Decoded {
    let (resource, mut faults) = read(object, sources);
    if let Some(resource) = &resource {
        let mut cx = Context::resume(sources, faults);
        admission::check(resource, &Field::root(&object.value), &mut cx);
        faults = cx.into_faults();
    }
    decoded(resource, join(schema::check(object), faults, object))
}

/// Reads an object of a kind that the linter reads, with the faults of the fields that it reads.
pub(super) fn read(object: &Object, sources: &Sources) -> (Option<Resource>, Vec<Fault>) {
    let mut cx = Context::new(sources);
    let resource = decode_kind(object, &Field::root(&object.value), &mut cx);
    (resource, cx.into_faults())
}

/// A resource, unless its problems make it absent.
pub(super) fn decoded(resource: Option<Resource>, problems: Vec<Problem>) -> Decoded {
    let is_absent = problems.iter().any(|problem| problem.effect.is_absence());
    Decoded {
        resources: resource.filter(|_| !is_absent).into_iter().collect(),
        problems,
    }
}

/// What the schema and the decoder found, each thing once. The schema knows more about a problem, the decoder has the
/// better words for the fields that it reads.
pub(super) fn join(findings: Vec<Finding>, faults: Vec<Fault>, object: &Object) -> Vec<Problem> {
    let mut findings: Vec<(Finding, bool)> = findings.into_iter().map(|f| (f, false)).collect();
    let mut others = Vec::new();
    for fault in faults {
        let known = findings
            .iter_mut()
            .find(|(finding, _)| finding.is_about(&fault));
        match known {
            Some((finding, is_read)) => {
                // Of several faults of one field the first is the cause.
                if !*is_read {
                    finding.take(fault);
                }
                *is_read = true;
            }
            None => others.push(Problem {
                object: object.id.clone(),
                field: fault.field,
                place: fault.place.unwrap_or(object.name.place),
                kind: ProblemKind::Rejected,
                effect: fault.effect,
                message: fault.message,
                help: None,
                replacement: None,
            }),
        }
    }
    // A placeholder in a field that nobody reads changes nothing.
    findings
        .into_iter()
        .filter(|(finding, is_read)| *is_read || finding.problem.effect != Effect::Undecided)
        .map(|(finding, _)| finding.problem)
        .chain(others)
        .collect()
}

/// Decodes a document without a kind as Helm values of Istio's charts, if it looks like that.
pub fn decode_values(root: &Value) -> Option<Resource> {
    // What cannot be read of values is not stated there: they may belong to any chart.
    let mut cx = Context::default();
    let config = MeshConfig::decode_values(&Field::root(root), &mut cx)?;
    Some(Resource::MeshConfig(Box::new(config)))
}

/// Decodes by group and kind.
fn decode_kind(object: &Object, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Resource> {
    let gvk = &object.gvk;
    match &*gvk.group {
        "" => decode_core(object, root, cx),
        "networking.istio.io" => decode_networking(object, root, cx),
        "security.istio.io" => match (&*gvk.kind, &*gvk.version) {
            ("PeerAuthentication", "v1beta1" | "v1") => {
                let policy = PeerAuthentication::decode(Meta::decode(object), root, cx);
                Some(Resource::PeerAuthentication(policy))
            }
            _ => None,
        },
        "authentication.istio.io" => match &*gvk.kind {
            "Policy" | "MeshPolicy" => {
                let policy = AuthenticationPolicy::decode(Meta::decode(object), root, cx);
                Some(Resource::AuthenticationPolicy(policy))
            }
            _ => None,
        },
        "discovery.k8s.io" => match &*gvk.kind {
            "EndpointSlice" => {
                Endpoints::decode_slice(Meta::decode(object), root, cx).map(Resource::Endpoints)
            }
            _ => None,
        },
        "install.istio.io" => match &*gvk.kind {
            "IstioOperator" | "IstioControlPlane" => {
                MeshConfig::decode_operator(Meta::decode(object), root, cx).map(mesh_config)
            }
            _ => None,
        },
        "sailoperator.io" | "operator.istio.io" => match &*gvk.kind {
            "Istio" | "IstioRevision" => {
                let config = MeshConfig::decode_sail(Meta::decode(object), root, cx);
                Some(mesh_config(config))
            }
            _ => None,
        },
        _ => decode_workload(object, root, cx),
    }
}

/// Decodes the kinds of the core group.
fn decode_core(object: &Object, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Resource> {
    if &*object.gvk.version != "v1" {
        return None;
    }
    match &*object.gvk.kind {
        "Namespace" => {
            let meta = Meta::decode(object);
            Some(Resource::Namespace(NamespaceObject { meta }))
        }
        "Service" => Service::decode(Meta::decode(object), root, cx).map(Resource::Service),
        "Endpoints" => {
            let endpoints = Endpoints::decode(Meta::decode(object), root, cx);
            Some(Resource::Endpoints(endpoints))
        }
        "ConfigMap" => {
            MeshConfig::decode_config_map(Meta::decode(object), root, cx).map(mesh_config)
        }
        _ => decode_workload(object, root, cx),
    }
}

/// Decodes the kinds of `networking.istio.io`.
fn decode_networking(object: &Object, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Resource> {
    let gvk = &object.gvk;
    if !matches!(&*gvk.version, "v1alpha3" | "v1beta1" | "v1") {
        return None;
    }
    let meta = || Meta::decode(object);
    Some(match &*gvk.kind {
        "DestinationRule" => {
            let rule = DestinationRule::decode(meta(), root, cx)?;
            Resource::DestinationRule(Box::new(rule))
        }
        "ServiceEntry" => Resource::ServiceEntry(ServiceEntry::decode(meta(), root, cx)),
        "WorkloadEntry" => Resource::WorkloadEntry(WorkloadEntry::decode(meta(), root, cx)?),
        "WorkloadGroup" => Resource::WorkloadGroup(WorkloadGroup::decode(meta(), root, cx)),
        "VirtualService" => Resource::VirtualService(VirtualService::decode(meta(), root, cx)),
        "Sidecar" => Resource::Sidecar(Sidecar::decode(meta(), root, cx)),
        _ => return None,
    })
}

/// Decodes the kinds with a pod template.
fn decode_workload(object: &Object, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Resource> {
    let spec = root.child("spec");
    let template = spec.child("template");
    let job_template = spec.child("jobTemplate");
    let job_spec = job_template.child("spec");
    let job_pod = job_spec.child("template");
    let pod = match (&*object.gvk.group, &*object.gvk.kind) {
        ("", "Pod") => root,
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout")
        | ("apps.openshift.io", "DeploymentConfig")
        | ("serving.knative.dev", "Service") => &template,
        ("batch", "CronJob") => &job_pod,
        _ => return None,
    };
    Workload::decode(Meta::decode(object), pod, cx).map(Resource::Workload)
}

/// Mesh config as a resource.
fn mesh_config(config: MeshConfig) -> Resource {
    Resource::MeshConfig(Box::new(config))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_all, problems, resource, values, with_spec};

    #[test]
    fn the_same_kind_of_another_group_is_not_read() {
        let table = [
            ("kyverno.io/v1", "Policy"),
            ("policy/v1", "Policy"),
            ("example.com/v1", "Sidecar"),
            ("example.com/v1", "Service"),
            ("networking.istio.io/v2", "DestinationRule"),
            ("networking.istio.io/v1", "PeerAuthentication"),
            ("networking.istio.io/v1", "Gateway"),
            ("security.istio.io/v1", "AuthorizationPolicy"),
            ("v2", "Service"),
            ("apps/v1", "Pod"),
            ("", "Deployment"),
            ("sailoperator.io/v1", "ZTunnel"),
            ("install.istio.io/v1alpha1", "Other"),
            ("authentication.istio.io/v1alpha1", "Other"),
        ];
        for (api_version, kind) in table {
            // None of these would be valid, so reading one would be a problem.
            let text = with_spec(api_version, kind, "- x");
            assert!(resource(&text).is_none(), "{api_version} {kind}");
        }
    }

    #[test]
    fn an_object_of_any_shape_has_a_resource_or_problems_but_not_both() {
        let kinds = [
            ("v1", "Namespace"),
            ("v1", "Service"),
            ("v1", "Pod"),
            ("v1", "ConfigMap"),
            ("apps/v1", "Deployment"),
            ("batch/v1", "CronJob"),
            ("networking.istio.io/v1", "DestinationRule"),
            ("networking.istio.io/v1", "ServiceEntry"),
            ("networking.istio.io/v1", "WorkloadEntry"),
            ("networking.istio.io/v1", "WorkloadGroup"),
            ("networking.istio.io/v1", "VirtualService"),
            ("networking.istio.io/v1", "Sidecar"),
            ("security.istio.io/v1", "PeerAuthentication"),
            ("authentication.istio.io/v1alpha1", "Policy"),
            ("install.istio.io/v1alpha1", "IstioOperator"),
            ("sailoperator.io/v1", "Istio"),
        ];
        let metadata = ["{name: istio}", "", "x", "[x]", "{name: [x], labels: 1}"];
        let rest = [
            "",
            "spec:",
            "spec: x",
            "spec: 1",
            "spec: [x]",
            "spec: [null]",
            "data: {mesh: [x]}",
            "data: [x]",
        ];
        for (api_version, kind) in kinds {
            for metadata in metadata {
                for rest in rest {
                    let text = format!(
                        "apiVersion: {api_version}\nkind: {kind}\nmetadata: {metadata}\n{rest}\n"
                    );
                    for decoded in decode_all(&text) {
                        let has_problems = !decoded.problems.is_empty();
                        assert!(decoded.resources.is_empty() || !has_problems, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn only_the_first_problems_of_an_object_are_kept() {
        let subsets = "- {}\n".repeat(100);
        let spec = format!("host: a\nsubsets:\n{subsets}");
        let text = with_spec("networking.istio.io/v1", "DestinationRule", &spec);
        assert_eq!(problems(&text).len(), 20);
    }

    #[test]
    fn values_of_another_chart_are_not_read() {
        let table = ["replicas: 1", "[x]", "x", "global: {imageRegistry: x}"];
        for text in table {
            assert!(values(text).is_none(), "{text}");
        }
    }
}
