//! The mesh config in all the forms in which a repository holds it (semantics 1.1).

use super::reader::{Context, Field};
use super::{ExportTo, LabelExpression, LabelOperator, LabelSelector, Meta, Selector};
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
    /// `discoverySelectors`.
    pub discovery_selectors: Option<Vec<LabelSelector>>,
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

/// Where the fields of a mesh config are looked up, the strongest first: the first that states a field gives it.
pub(super) struct Layers<'a> {
    /// Mappings of the form `meshConfig`.
    pub(super) mesh: &'a [Field<'a>],
    /// Mappings of the form of Helm's `global`.
    pub(super) global: &'a [Field<'a>],
}

impl MeshConfig {
    /// Reads what the layers state.
    pub(super) fn read(
        source: MeshConfigSource,
        place: Place,
        layers: &Layers<'_>,
        cx: &mut Context<'_>,
    ) -> Self {
        let Layers { mesh, global } = layers;
        let helm_mtls = global
            .iter()
            .find_map(|layer| HelmMtls::decode(&layer.child("mtls"), cx));
        let helm_auto = helm_mtls.as_ref().and_then(|mtls| mtls.auto);
        Self {
            meta: None,
            source,
            place,
            revision: None,
            enable_auto_mtls: first(mesh, |layer| layer.child("enableAutoMtls").boolean(cx))
                .or(helm_auto),
            root_namespace: first(mesh, |layer| layer.child("rootNamespace").text(cx))
                .or_else(|| first(global, |layer| layer.child("configRootNamespace").text(cx)))
                .or_else(|| first(global, |layer| layer.child("istioNamespace").text(cx))),
            outbound: OutboundMode::decode_layers(mesh, cx)
                .or_else(|| OutboundMode::decode_layers(global, cx)),
            default_destination_rule_export_to: export_to(
                mesh,
                "defaultDestinationRuleExportTo",
                cx,
            ),
            default_service_export_to: export_to(mesh, "defaultServiceExportTo", cx),
            default_virtual_service_export_to: export_to(mesh, "defaultVirtualServiceExportTo", cx),
            discovery_selectors: first(mesh, |layer| discovery_selectors(layer, cx)),
            auth_policy_mutual_tls: first(mesh, |layer| {
                let names = [("NONE", false), ("MUTUAL_TLS", true)];
                layer
                    .child("authPolicy")
                    .choice("an `authPolicy`", &names, cx)
            }),
            enable_hbone: first(mesh, enable_hbone),
            helm_mtls,
            istio_version: first(global, |layer| version(&layer.child("tag"))),
            pilot_env: Vec::new(),
        }
    }
}

/// What the strongest layer that states something states.
fn first<T>(layers: &[Field<'_>], read: impl FnMut(&Field<'_>) -> Option<T>) -> Option<T> {
    layers.iter().find_map(read)
}

/// A list of namespaces to export to.
fn export_to(layers: &[Field<'_>], key: &str, cx: &mut Context<'_>) -> Option<ExportTo> {
    first(layers, |layer| layer.child(key).export_to(cx))
}

/// `discoverySelectors` of one layer.
fn discovery_selectors(layer: &Field<'_>, cx: &mut Context<'_>) -> Option<Vec<LabelSelector>> {
    let list = layer.child("discoverySelectors");
    let selectors = list.each(
        |element, cx| {
            let labels = element.child("matchLabels");
            let place = labels.value_place().or(element.value_place())?;
            let labels = labels.labels(cx);
            let expressions = element.child("matchExpressions");
            Some(LabelSelector {
                labels: Selector { labels, place },
                expressions: expressions.each(expression, cx),
            })
        },
        cx,
    );
    list.is_present().then_some(selectors)
}

/// An element of `matchExpressions`.
fn expression(element: &Field<'_>, cx: &mut Context<'_>) -> Option<LabelExpression> {
    let key = element.child("key").text(cx)?;
    let operator = element.child("operator");
    let operator = operator.choice("an operator", &LabelOperator::NAMES, cx)?;
    let values = element.child("values").texts(cx).into_iter();
    Some(LabelExpression {
        key: key.value,
        operator: operator.value,
        values: values.map(|value| value.value).collect(),
    })
}

/// `ISTIO_META_ENABLE_HBONE` of one layer; the injector compares with the text `true`.
fn enable_hbone(layer: &Field<'_>) -> Option<Spanned<bool>> {
    let config = layer.child("defaultConfig");
    let metadata = config.child("proxyMetadata");
    let text = metadata.child("ISTIO_META_ENABLE_HBONE").loose_text()?;
    Some(text.map(|text| &*text == "true"))
}

/// A version or image tag without a leading `v`.
pub(super) fn version(field: &Field<'_>) -> Option<Spanned<Box<str>>> {
    let text = field.loose_text().filter(|text| !text.value.is_empty())?;
    Some(text.map(|text| match text.strip_prefix('v') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => rest.into(),
        Some(_) | None => text,
    }))
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

impl HelmMtls {
    /// Reads `global.mtls`.
    fn decode(field: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        field.mapping(cx)?;
        Some(Self {
            enabled: field.child("enabled").boolean(cx),
            auto: field.child("auto").boolean(cx),
            place: field.value_place()?,
        })
    }
}

/// `outboundTrafficPolicy.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundMode {
    /// Unknown destinations are passed through in clear.
    AllowAny,
    /// Unknown destinations are blocked.
    RegistryOnly,
}

impl OutboundMode {
    /// The values by name.
    const NAMES: [(&str, Self); 3] = [
        ("ALLOW_ANY", Self::AllowAny),
        // From 1.31: they are resolved by the proxy, and passed through in clear all the same.
        ("ALLOW_ANY_DYNAMIC_DNS", Self::AllowAny),
        ("REGISTRY_ONLY", Self::RegistryOnly),
    ];

    /// Reads `outboundTrafficPolicy`; one without a mode is REGISTRY_ONLY.
    pub(super) fn decode(policy: &Field<'_>, cx: &mut Context<'_>) -> Option<Spanned<Self>> {
        let mode = Self::decode_mode(policy, cx);
        mode.or_else(|| Self::without_mode(policy))
    }

    /// Reads `outboundTrafficPolicy` of several layers, whose fields Helm merges one by one.
    fn decode_layers(layers: &[Field<'_>], cx: &mut Context<'_>) -> Option<Spanned<Self>> {
        let key = "outboundTrafficPolicy";
        first(layers, |layer| Self::decode_mode(&layer.child(key), cx))
            .or_else(|| first(layers, |layer| Self::without_mode(&layer.child(key))))
    }

    /// Reads `mode` where it is written.
    fn decode_mode(policy: &Field<'_>, cx: &mut Context<'_>) -> Option<Spanned<Self>> {
        let mode = policy.child("mode");
        mode.choice("an outbound traffic mode", &Self::NAMES, cx)
    }

    /// What a block without a mode means: zero of the enum.
    fn without_mode(policy: &Field<'_>) -> Option<Spanned<Self>> {
        let place = policy.key_place().filter(|_| policy.is_present())?;
        Some(Spanned::new(Self::RegistryOnly, place))
    }
}
