//! What the small meshes of tests consist of: documents that end with a separator, to be put together.

/// A mesh config without auto mTLS.
pub(super) const NO_AUTO_MTLS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'enableAutoMtls: false'}
---
";

/// A policy that demands mutual TLS in the whole mesh.
pub(super) const STRICT: &str = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
";

/// The namespace `shop`, which injects sidecars.
pub(super) const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
";

/// The service `web` in `shop`, and its pod.
pub(super) const WEB: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web}]}
---
";
