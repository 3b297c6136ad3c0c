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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problems, resource, with_spec};
    use super::*;

    const POD: &str = "metadata: {labels: {app: web}, annotations: {a: b}}\nspec:\n  hostNetwork: true\n  containers:\n  - name: app\n    ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]";

    /// A text below a key.
    fn below(key: &str, text: &str) -> String {
        format!("{key}:\n  {}", text.replace('\n', "\n  "))
    }

    fn deployment(pod_spec: &str) -> Workload {
        let spec = below("template", &below("spec", pod_spec));
        expect_resource!(Workload, &with_spec("apps/v1", "Deployment", &spec))
    }

    fn ports(workload: &Workload) -> Vec<u16> {
        workload.ports.iter().map(|port| port.port).collect()
    }

    #[test]
    fn every_kind_with_a_pod_template_is_a_workload() {
        let kinds = [
            ("v1", "ReplicationController"),
            ("apps/v1", "Deployment"),
            ("apps/v1beta1", "StatefulSet"),
            ("apps/v1beta2", "DaemonSet"),
            ("apps/v1", "ReplicaSet"),
            ("extensions/v1beta1", "Deployment"),
            ("batch/v1", "Job"),
            ("argoproj.io/v1alpha1", "Rollout"),
            ("apps.openshift.io/v1", "DeploymentConfig"),
            ("serving.knative.dev/v1", "Service"),
        ];
        for (api_version, kind) in kinds {
            let text = with_spec(api_version, kind, &below("template", POD));
            let workload: Workload = expect_resource!(Workload, &text);
            assert_eq!(workload.labels.get("app"), Some("web"), "{kind}");
        }
    }

    #[test]
    fn a_cron_job_nests_its_template() {
        let spec = below("jobTemplate", &below("spec", &below("template", POD)));
        let text = with_spec("batch/v1beta1", "CronJob", &spec);
        let workload: Workload = expect_resource!(Workload, &text);
        assert_eq!(workload.labels.get("app"), Some("web"));
    }

    #[test]
    fn a_pod_is_its_own_template() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{ports: [{containerPort: 80}]}]}";
        let workload: Workload = expect_resource!(Workload, text);
        assert_eq!(workload.labels, workload.meta.labels);
        assert_eq!(
            at(text, workload.template),
            "{name: web, labels: {app: web}}"
        );
        assert_eq!(ports(&workload), [80]);
    }

    #[test]
    fn all_fields_of_the_template_are_read() {
        let text = with_spec("apps/v1", "Deployment", &below("template", POD));
        let workload: Workload = expect_resource!(Workload, &text);
        assert_eq!(workload.annotations.get("a"), Some("b"));
        assert_eq!(
            at(&text, workload.template),
            "{labels: {app: web}, annotations: {a: b}}"
        );
        assert_eq!(
            workload.host_network.map(|place| at(&text, place)),
            Some("true")
        );
        let [http, dns] = &workload.ports[..] else {
            panic!("two ports");
        };
        assert_eq!((http.name.as_deref(), http.port), (Some("http"), 8080));
        assert_eq!((dns.port, dns.transport), (53, Transport::Udp));
        assert!(workload.proxy_container.is_none());
    }

    #[test]
    fn the_proxy_is_not_part_of_the_application() {
        let workload = deployment(
            "containers:\n- {name: app, ports: [{containerPort: 80}]}\n- {name: istio-proxy, image: 'istio/proxyv2:1.4.0', ports: [{containerPort: 15090}]}",
        );
        assert!(workload.proxy_container.is_some());
        let image = workload.proxy_image.as_ref().map(|image| &*image.value);
        assert_eq!(image, Some("istio/proxyv2:1.4.0"));
        assert_eq!(ports(&workload), [80]);
        assert_eq!(workload.host_network, None);
    }

    #[test]
    fn an_init_container_is_a_proxy_only_if_it_keeps_running() {
        let native = deployment("initContainers: [{name: istio-proxy, restartPolicy: Always}]");
        let done = deployment("initContainers: [{name: istio-proxy}, {name: istio-init}]");
        assert!(native.proxy_container.is_some());
        assert!(done.proxy_container.is_none());
    }

    #[test]
    fn a_template_without_metadata_points_at_the_name() {
        let workload = deployment("containers: []");
        assert_eq!(workload.template, workload.meta.place());
        assert!(workload.labels.is_empty());
    }

    #[test]
    fn host_network_must_be_true() {
        assert_eq!(deployment("hostNetwork: false").host_network, None);
        assert_eq!(deployment("hostNetwork: 'true'").host_network, None);
    }

    #[test]
    fn without_a_template_there_is_no_workload() {
        let text = with_spec(
            "argoproj.io/v1alpha1",
            "Rollout",
            "workloadRef: {name: web}",
        );
        assert!(resource(&text).is_none());
    }

    #[test]
    fn only_wrong_shapes_are_problems() {
        let table = [
            (
                "template: []",
                "spec.template: must be a mapping, not a list",
            ),
            (
                "template: {spec: {containers: {}}}",
                "spec.template.spec.containers: must be a list, not a mapping",
            ),
            (
                "template: {metadata: x}",
                "spec.template.metadata: must be a mapping, not text",
            ),
        ];
        for (spec, expected) in table {
            let text = with_spec("apps/v1", "Deployment", spec);
            assert_eq!(problems(&text), [expected]);
        }
        let odd = deployment("containers: [{ports: [{containerPort: x}, {containerPort: 0}, 7]}]");
        assert_eq!(odd.ports, []);
    }
}
