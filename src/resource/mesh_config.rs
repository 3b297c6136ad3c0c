//! The mesh config in all the forms in which a repository holds it (semantics 1.1).

use super::{ExportTo, Meta, Selector};
use crate::source::{Place, Spanned};

/// Mesh config as one source states it: absent fields are not stated there.
#[derive(Clone, Debug)]
pub struct MeshConfig {
    /// Name and namespace of the object; none for a file of Helm values.
    pub meta: Option<Meta>,
    /// Which form it is.
    pub source: MeshConfigSource,
    /// The place of the config as a whole.
    pub place: Place,
    /// Revision of the control plane it belongs to; none for the default one.
    pub revision: Option<Box<str>>,
    /// `enableAutoMtls`; Helm's `global.mtls.auto` counts (semantics 10.2).
    pub enable_auto_mtls: Option<Spanned<bool>>,
    /// `rootNamespace`, else Helm's `global.istioNamespace` or `global.configRootNamespace`.
    pub root_namespace: Option<Spanned<Box<str>>>,
    /// `outboundTrafficPolicy.mode`; a block without a mode means REGISTRY_ONLY.
    pub outbound: Option<Spanned<OutboundMode>>,
    /// `defaultDestinationRuleExportTo`.
    pub default_destination_rule_export_to: Option<ExportTo>,
    /// `defaultServiceExportTo`.
    pub default_service_export_to: Option<ExportTo>,
    /// `defaultVirtualServiceExportTo`.
    pub default_virtual_service_export_to: Option<ExportTo>,
    /// `discoverySelectors[].matchLabels`; selectors with expressions are not evaluated and kept as `None` elements.
    pub discovery_selectors: Option<Vec<Option<Selector>>>,
    /// `authPolicy: MUTUAL_TLS` (1.0).
    pub auth_policy_mutual_tls: Option<Spanned<bool>>,
    /// `defaultConfig.proxyMetadata.ISTIO_META_ENABLE_HBONE`.
    pub enable_hbone: Option<Spanned<bool>>,
    /// `global.mtls` of the Helm charts 1.0 to 1.5.
    pub helm_mtls: Option<HelmMtls>,
    /// The Istio version it states: `spec.version`, `spec.tag`, `global.tag`, an image tag.
    pub istio_version: Option<Spanned<Box<str>>>,
    /// Values of istiod environment variables (`pilot.env`), as written.
    pub pilot_env: Vec<(Box<str>, Spanned<Box<str>>)>,
}

/// The form of a mesh config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshConfigSource {
    /// ConfigMap `istio` or `istio-<revision>`, key `mesh`.
    ConfigMap,
    /// `install.istio.io` `IstioOperator`.
    IstioOperator,
    /// `sailoperator.io` `Istio` or `IstioRevision`.
    Sail,
    /// A values file of Istio's Helm charts.
    HelmValues,
}

/// `global.mtls` of the charts 1.0 to 1.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmMtls {
    /// `enabled`: installs MeshPolicy STRICT and the `*.local` rule.
    pub enabled: Option<Spanned<bool>>,
    /// `auto` (1.4, 1.5).
    pub auto: Option<Spanned<bool>>,
    /// The place of the block.
    pub place: Place,
}

/// `outboundTrafficPolicy.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundMode {
    /// Unknown destinations are passed through in clear.
    AllowAny,
    /// Unknown destinations are blocked.
    RegistryOnly,
}
