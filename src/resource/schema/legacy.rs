//! `Policy` and `MeshPolicy` of `authentication.istio.io/v1alpha1` (Istio 1.0 to 1.5), written by hand: their CRDs had no
//! schema. Istio read the names of protobuf fields as well as those of JSON.

use super::Schema::{Boolean, Enum, Integer, List, Map, Name, Object, Text};
use super::common::{API_VERSION, KIND, METADATA, STATUS};
use super::{Field, Kind, field};

/// The kinds.
pub(super) static KINDS: &[Kind] = &[
    Kind {
        group: "authentication.istio.io",
        name: "MeshPolicy",
        versions: &["v1alpha1"],
        root: ROOT,
    },
    Kind {
        group: "authentication.istio.io",
        name: "Policy",
        versions: &["v1alpha1"],
        root: ROOT,
    },
];

const ROOT: &[Field] = &[
    API_VERSION,
    KIND,
    METADATA,
    field("spec", false, Object(SPEC)),
    STATUS,
];

const SPEC: &[Field] = &[
    field("originIsOptional", false, Boolean),
    field("origin_is_optional", false, Boolean),
    field("origins", false, List(&Object(ORIGIN))),
    field("peerIsOptional", false, Boolean),
    field("peer_is_optional", false, Boolean),
    field("peers", false, List(&Object(PEER))),
    field("principalBinding", false, BINDING),
    field("principal_binding", false, BINDING),
    field("targets", false, List(&Object(TARGET))),
];

const BINDING: super::Schema = Enum(&["USE_PEER", "USE_ORIGIN"]);

const ORIGIN: &[Field] = &[field("jwt", false, Object(JWT))];

const PEER: &[Field] = &[
    field("jwt", false, Object(JWT)),
    field("mtls", false, Object(MTLS)),
];

const MTLS: &[Field] = &[
    field("allowTls", false, Boolean),
    field("allow_tls", false, Boolean),
    field("mode", false, Enum(&["STRICT", "PERMISSIVE"])),
];

const TARGET: &[Field] = &[
    field("labels", false, Map(&Name)),
    field("name", true, Name),
    field("ports", false, List(&Object(PORT))),
];

const PORT: &[Field] = &[
    field("name", false, Name),
    field("number", false, Integer(0, 4_294_967_295)),
];

const JWT: &[Field] = &[
    field("audiences", false, List(&Text)),
    field("issuer", false, Text),
    field("jwks", false, Text),
    field("jwksUri", false, Text),
    field("jwks_uri", false, Text),
    field("jwtHeaders", false, List(&Text)),
    field("jwtParams", false, List(&Text)),
    field("jwt_headers", false, List(&Text)),
    field("jwt_params", false, List(&Text)),
    field("triggerRules", false, List(&Object(TRIGGER_RULE))),
    field("trigger_rules", false, List(&Object(TRIGGER_RULE))),
];

const TRIGGER_RULE: &[Field] = &[
    field("excludedPaths", false, List(&Object(STRING_MATCH))),
    field("excluded_paths", false, List(&Object(STRING_MATCH))),
    field("includedPaths", false, List(&Object(STRING_MATCH))),
    field("included_paths", false, List(&Object(STRING_MATCH))),
];

const STRING_MATCH: &[Field] = &[
    field("exact", false, Text),
    field("prefix", false, Text),
    field("regex", false, Text),
    field("suffix", false, Text),
];
