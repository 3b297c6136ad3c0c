//! Pods and everything with a pod template.

use super::reader::{Context, Field};
use super::{Labels, Meta, Transport};
use crate::source::{Place, Spanned};
use crate::yaml::Value;

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

impl Workload {
    /// Reads the pod template, which is the whole object for a Pod; a template that is missing decodes to nothing.
    pub(super) fn decode(meta: Meta, pod: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        pod.mapping(cx)?;
        let metadata = pod.child("metadata");
        metadata.mapping(cx);
        let spec = pod.child("spec");
        let host_network = spec.child("hostNetwork");
        let is_host_network = host_network.value().and_then(Value::as_bool) == Some(true);
        let mut workload = Self {
            labels: metadata.child("labels").loose_labels(),
            annotations: metadata.child("annotations").loose_labels(),
            template: metadata.value_place().unwrap_or_else(|| meta.place()),
            host_network: host_network.value_place().filter(|_| is_host_network),
            proxy_container: None,
            proxy_image: None,
            ports: Vec::new(),
            meta,
        };
        for container in spec.child("containers").items(cx) {
            workload.add_container(&container, true, cx);
        }
        for container in spec.child("initContainers").items(cx) {
            let restart = container.child("restartPolicy").loose_text();
            let stays = restart.is_some_and(|policy| &*policy.value == "Always");
            workload.add_container(&container, stays, cx);
        }
        Some(workload)
    }

    /// Takes over a container. `stays` says whether it runs beside the application.
    fn add_container(&mut self, container: &Field<'_>, stays: bool, cx: &mut Context<'_>) {
        let name = container.child("name").loose_text();
        if name.is_some_and(|name| &*name.value == "istio-proxy") {
            if stays && self.proxy_container.is_none() {
                self.proxy_container = container.value_place();
                self.proxy_image = container.child("image").loose_text();
            }
            return;
        }
        let ports = container.child("ports");
        let ports = ports.each(|port, _| ContainerPort::decode(port), cx);
        self.ports.extend(ports);
    }
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

impl ContainerPort {
    /// Reads one; none without a usable number and protocol.
    fn decode(element: &Field<'_>) -> Option<Self> {
        let name = element.child("name").loose_text();
        Some(Self {
            name: name.map(|name| name.value).filter(|name| !name.is_empty()),
            port: element.child("containerPort").loose_port()?.value,
            transport: Transport::decode(&element.child("protocol"))?,
        })
    }
}
