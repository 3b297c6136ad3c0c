//! Fields that older versions of Istio knew and today's schemas do not: a manifest for such a version is not wrong.

/// Fields that were retired together.
pub(super) struct Retired {
    /// The kind.
    pub(super) kind: &'static str,
    /// The end of the path of the object that had them, without indices.
    pub(super) parent: &'static str,
    /// The fields.
    pub(super) fields: &'static [&'static str],
    /// The first version of Istio without them, for whoever reads this list.
    #[expect(dead_code, reason = "says why an entry is here")]
    since: &'static str,
}

pub(super) const RETIRED: &[Retired] = &[
    Retired {
        kind: "DestinationRule",
        parent: "trafficPolicy.outlierDetection",
        fields: &["http"],
        since: "1.0",
    },
    Retired {
        kind: "DestinationRule",
        parent: "portLevelSettings.outlierDetection",
        fields: &["http"],
        since: "1.0",
    },
    Retired {
        kind: "DestinationRule",
        parent: "portLevelSettings.port",
        fields: &["name"],
        since: "1.4",
    },
    Retired {
        kind: "VirtualService",
        parent: "destination.port",
        fields: &["name"],
        since: "1.4",
    },
    Retired {
        kind: "VirtualService",
        parent: "mirror.port",
        fields: &["name"],
        since: "1.4",
    },
    Retired {
        kind: "VirtualService",
        parent: "spec.http",
        fields: &[
            "appendHeaders",
            "appendRequestHeaders",
            "appendResponseHeaders",
            "removeRequestHeaders",
            "removeResponseHeaders",
            "websocketUpgrade",
        ],
        since: "1.5",
    },
    Retired {
        kind: "VirtualService",
        parent: "spec.http.route",
        fields: &[
            "appendRequestHeaders",
            "appendResponseHeaders",
            "removeRequestHeaders",
            "removeResponseHeaders",
        ],
        since: "1.5",
    },
    Retired {
        kind: "VirtualService",
        parent: "fault.abort",
        fields: &["percent"],
        since: "1.5",
    },
    Retired {
        kind: "VirtualService",
        parent: "spec.tls.match",
        fields: &["sourceSubnet"],
        since: "1.5",
    },
    Retired {
        kind: "Sidecar",
        parent: "spec",
        fields: &["inboundTls"],
        since: "1.6",
    },
    Retired {
        kind: "Sidecar",
        parent: "spec.ingress",
        fields: &["inboundTls"],
        since: "1.6",
    },
    // The snapshots of the API before 1.1 had it; `exportTo` took its place.
    Retired {
        kind: "DestinationRule",
        parent: "spec",
        fields: &["configScope"],
        since: "1.1",
    },
    Retired {
        kind: "VirtualService",
        parent: "spec",
        fields: &["configScope"],
        since: "1.1",
    },
    Retired {
        kind: "ServiceEntry",
        parent: "spec",
        fields: &["configScope"],
        since: "1.1",
    },
];

/// Whether some version of Istio knew a field of an object; `parent` is the object's path without indices.
pub(super) fn is_retired(kind: &str, parent: &str, field: &str) -> bool {
    let mut entries = RETIRED.iter();
    entries.any(|entry| {
        entry.kind == kind
            && entry.fields.contains(&field)
            && parent
                .strip_suffix(entry.parent)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}
