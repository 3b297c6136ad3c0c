//! What the baseline has and the run has not, as results that are `absent`.
//!
//! Nothing fails there any more, which `kind` and `level` say to readers that know no baselines. The place is the baseline,
//! where there is something to do.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::Value;
use serde_sarif::sarif;

use super::location::{located, text_message};
use super::sentence;
use crate::baseline::{Baseline, Entry};
use crate::engine::Report;
use crate::report::location::Location;
use crate::report::text::one_line;

/// A result for each entry that no finding needs; none where only a part was looked at.
pub(super) fn results(
    report: &Report,
    rule_indices: &FxHashMap<&'static str, i64>,
) -> Vec<sarif::Result> {
    let Some(accepted) = &report.accepted else {
        return Vec::new();
    };
    let location = Location {
        path: &accepted.path,
        ..Location::folder()
    };
    let gone = accepted.gone.iter().flat_map(Baseline::entries);
    gone.map(|(entry, count)| {
        let mut result = sarif::Result::builder()
            .rule_id(entry.rule.as_str())
            .message(text_message(&sentence(&one_line(&entry.message))))
            .kind(sarif::ResultKind::Pass)
            .level(sarif::ResultLevel::None)
            .locations(vec![located(&location)])
            .build();
        result.rule_index = rule_indices.get(entry.rule.as_str()).copied();
        result.baseline_state = Some("absent".into());
        result.occurrence_count = i64::try_from(count).ok().filter(|count| *count > 1);
        result.properties = properties(entry);
        result
    })
    .collect()
}

/// What a finding was about; none where that was no object.
fn properties(entry: &Entry) -> Option<sarif::PropertyBag> {
    let object = entry.object.as_deref()?;
    let mut more: BTreeMap<String, Value> = BTreeMap::from([("object".into(), object.into())]);
    if let Some(field) = &entry.field {
        more.insert("field".into(), field.as_str().into());
    }
    let bag = sarif::PropertyBag::builder().additional_properties(more);
    Some(bag.build())
}
