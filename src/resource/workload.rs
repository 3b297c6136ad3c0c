//! Pods and everything with a pod template.

use super::{Labels, Meta, Transport};
use crate::source::{Place, Spanned};

/// A Pod, or the pod template of a Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob,
/// Argo Rollout, OpenShift DeploymentConfig or Knative Service.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Name, namespace and labels of the object itself.
    pub meta: Meta,
    /// Labels of the pod.
    pub labels: Labels,
    /// Annotations of the pod.
    pub annotations: Labels,
    /// The place of the pod's metadata, else of the object's name.
    pub template: Place,
    /// `hostNetwork: true`.
    pub host_network: Option<Place>,
    /// A container (or restarting init container) named `istio-proxy`.
    pub proxy_container: Option<Place>,
    /// The image of that container, such as `docker.io/istio/proxyv2:1.4.0`.
    pub proxy_image: Option<Spanned<Box<str>>>,
    /// `ports` of all containers.
    pub ports: Vec<ContainerPort>,
}

/// One port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// `name`.
    pub name: Option<Box<str>>,
    /// `containerPort`.
    pub port: u16,
    /// `protocol`.
    pub transport: Transport,
}
