//! Numbers and durations of connection pools and outlier detection that make Istio refuse a DestinationRule
//! (`validateConnectionPool`, `validateOutlierDetection`, `ValidateDuration`).

use super::super::reader::{Context, Field};
use super::super::schema::seconds;
use super::super::wording::quote;
use crate::yaml::Value;

/// Durations, which Istio wants to be a millisecond at least.
const DURATIONS: [&[&str]; 9] = [
    &["connectionPool", "tcp", "connectTimeout"],
    &["connectionPool", "tcp", "maxConnectionDuration"],
    &["connectionPool", "tcp", "tcpKeepalive", "time"],
    &["connectionPool", "tcp", "tcpKeepalive", "interval"],
    &["connectionPool", "http", "idleTimeout"],
    &["loadBalancer", "warmup", "duration"],
    &["loadBalancer", "warmupDurationSecs"],
    &["outlierDetection", "interval"],
    &["outlierDetection", "baseEjectionTime"],
];

/// The shortest duration in seconds.
const SHORTEST: f64 = 0.001;

/// Numbers that must not be negative.
const COUNTS: [&[&str]; 6] = [
    &["connectionPool", "tcp", "maxConnections"],
    &["connectionPool", "http", "http1MaxPendingRequests"],
    &["connectionPool", "http", "http2MaxRequests"],
    &["connectionPool", "http", "maxConcurrentStreams"],
    &["connectionPool", "http", "maxRequestsPerConnection"],
    &["connectionPool", "http", "maxRetries"],
];

/// Numbers from 0 to 100.
const PERCENTAGES: [&[&str]; 2] = [
    &["outlierDetection", "maxEjectionPercent"],
    &["outlierDetection", "minHealthPercent"],
];

/// Notes the faults of a policy, or of the settings of a port.
pub(super) fn check(settings: &Field<'_>, cx: &mut Context<'_>) {
    for path in DURATIONS {
        visit(settings, path, &mut |field| check_duration(field, cx));
    }
    for path in COUNTS {
        visit(settings, path, &mut |field| {
            check_number(field, 0..=i64::MAX, "is less than 0", cx);
        });
    }
    for path in PERCENTAGES {
        visit(settings, path, &mut |field| {
            check_number(field, 0..=100, "is not between 0 and 100", cx);
        });
    }
    let outliers = settings.child("outlierDetection");
    let split = outliers.child("splitExternalLocalOriginErrors");
    let is_split = split.value().and_then(Value::as_bool) == Some(true);
    let failures = outliers.child("consecutiveLocalOriginFailures");
    let count = failures.value().and_then(Value::as_integer);
    if count.is_some_and(|count| count > 0) && !is_split {
        let message = "needs `splitExternalLocalOriginErrors: true` beside it";
        cx.fault_at(&failures, failures.key_place(), message);
    }
}

/// Calls `check` with the field at the end of a path.
fn visit(field: &Field<'_>, path: &[&str], check: &mut dyn FnMut(&Field<'_>)) {
    match path {
        [] => check(field),
        [first, rest @ ..] => visit(&field.child(first), rest, check),
    }
}

fn check_duration(field: &Field<'_>, cx: &mut Context<'_>) {
    let text = field.value().and_then(|value| value.as_str());
    if let Some(text) = text
        && seconds(text).is_some_and(|seconds| seconds < SHORTEST)
    {
        let message = format!(
            "{} is shorter than `1ms`; leave the field out for the default",
            quote(text)
        );
        cx.fault(field, message);
    }
}

fn check_number(
    field: &Field<'_>,
    range: std::ops::RangeInclusive<i64>,
    wrong: &str,
    cx: &mut Context<'_>,
) {
    let number = field.value().and_then(Value::as_integer);
    if let Some(number) = number.filter(|number| !range.contains(number)) {
        cx.fault(field, format!("`{number}` {wrong}"));
    }
}
