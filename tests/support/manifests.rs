//! Manifests that several tests write.

/// A service of the mesh with its workload.
pub(crate) const WEB: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web}]}
";

/// A rule that breaks mutual TLS for the second service of the story that the linter exists for.
pub(crate) const SECOND_BREAKER: &str = "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: sleep, namespace: default}
spec:
  host: sleep
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}
";
