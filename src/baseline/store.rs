//! The file that a baseline is kept in: JSON that is read by people and compared by Git, so sorted and an entry a block.

use std::fs;
use std::num::NonZeroUsize;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::{Baseline, Entry};
use crate::diagnostic::Severity;
use crate::source::tree::{EntryKind, ReadError, Tree};

/// Where the baseline is unless the user says otherwise.
pub const DEFAULT_PATH: &str = ".mtls-lint-baseline.json";

/// The name of this shape without its version.
const SHAPE: &str = "mtls-lint/baseline/";
/// The version of this shape; a change that an older program could not read needs another.
const VERSION: u32 = 1;

/// No baseline is larger: that would be more than 100,000 findings.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It does not exist.
    #[error("there is no baseline `{path}`")]
    Missing {
        /// The file.
        path: Utf8PathBuf,
    },
    /// There is one already.
    #[error("the baseline `{path}` exists")]
    Exists {
        /// The file.
        path: Utf8PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read the baseline `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: ReadError,
    },
    /// It is no JSON, or no baseline.
    #[error("`{path}` is not a valid baseline")]
    Invalid {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// It is JSON of another kind.
    #[error("`{path}` is no baseline: its `schema` is `{schema}` and not `{SHAPE}{VERSION}`")]
    Foreign {
        /// The file.
        path: Utf8PathBuf,
        /// What it says it is.
        schema: String,
    },
    /// A later version of the program wrote it.
    #[error(
        "a newer mtls-lint wrote the baseline `{path}`: its `schema` is `{schema}`, and this one knows `{SHAPE}{VERSION}`"
    )]
    Newer {
        /// The file.
        path: Utf8PathBuf,
        /// What it says it is.
        schema: String,
    },
    /// It cannot be written.
    #[error("cannot write the baseline `{path}`")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What every version of the file begins with.
#[derive(Deserialize)]
struct Header {
    schema: String,
}

/// The findings of a repository that mtls-lint accepts for now. `mtls-lint baseline` writes and prunes it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Baseline", title = "Baseline of mtls-lint")]
struct Written {
    /// The name and version of this shape.
    #[schemars(extend("const" = "mtls-lint/baseline/1"))]
    schema: String,
    /// The findings, in order.
    findings: Vec<WrittenEntry>,
}

/// A finding that is accepted, or several that are alike.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Finding")]
struct WrittenEntry {
    /// The name of the rule.
    rule: String,
    /// The object that it is about, as `Kind namespace/name`; absent where it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    object: Option<String>,
    /// The field, with elements of lists by their names, such as `spec.subsets[v1].trafficPolicy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    field: Option<String>,
    /// The finding is accepted up to this severity.
    severity: Severity,
    /// What it said, for people; where there is no object, a finding is known by it, without the names and numbers in it.
    message: String,
    /// How many findings are like this; absent for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NonZeroUsize")]
    count: Option<NonZeroUsize>,
}

/// The JSON Schema of the file.
pub fn schema() -> serde_json::Value {
    // The names of number formats are Rust's.
    let without_formats = RecursiveTransform(|schema: &mut Schema| drop(schema.remove("format")));
    let settings = SchemaSettings::draft07().with_transform(without_formats);
    let schema = settings.into_generator().into_root_schema_for::<Written>();
    schema.to_value()
}

/// Whether a file stands at a path.
pub fn exists(tree: &dyn Tree, path: &Utf8Path) -> bool {
    matches!(tree.kind(path), Ok(EntryKind::File | EntryKind::Link))
}

/// Reads a baseline, which is called otherwise in messages.
pub fn load(tree: &dyn Tree, path: &Utf8Path, shown: &Utf8Path) -> Result<Baseline, BaselineError> {
    let read = tree.read(path, MAX_SIZE);
    let path = shown.to_owned();
    match read {
        Ok(bytes) => parse(path, &bytes),
        Err(ReadError::Missing) => Err(BaselineError::Missing { path }),
        Err(source) => Err(BaselineError::Read { path, source }),
    }
}

/// Reads the bytes of a baseline; the path is for messages.
fn parse(path: Utf8PathBuf, bytes: &[u8]) -> Result<Baseline, BaselineError> {
    let schema = match serde_json::from_slice(bytes) {
        Ok(Header { schema }) => schema,
        Err(source) => return Err(BaselineError::Invalid { path, source }),
    };
    let version = schema.strip_prefix(SHAPE).map(str::parse::<u32>);
    match version {
        Some(Ok(VERSION)) => {}
        Some(Ok(version)) if version > VERSION => {
            return Err(BaselineError::Newer { path, schema });
        }
        Some(_) | None => return Err(BaselineError::Foreign { path, schema }),
    }
    match serde_json::from_slice::<Written>(bytes) {
        Ok(written) => Ok(written.findings.into_iter().map(counted).collect()),
        Err(source) => Err(BaselineError::Invalid { path, source }),
    }
}

fn counted(written: WrittenEntry) -> (Entry, usize) {
    let WrittenEntry {
        rule,
        object,
        field,
        severity,
        message,
        count,
    } = written;
    let entry = Entry {
        rule,
        object,
        field,
        severity,
        message,
    };
    (entry, count.map_or(1, NonZeroUsize::get))
}

/// Writes a baseline.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where baselines are written"
)]
pub fn save(path: &Utf8Path, baseline: &Baseline) -> Result<(), BaselineError> {
    fs::write(path, text(baseline)).map_err(|source| BaselineError::Write {
        path: path.to_owned(),
        source,
    })
}

/// The file of a baseline.
fn text(baseline: &Baseline) -> String {
    let entries = baseline.entries.iter().map(|(entry, &count)| WrittenEntry {
        rule: entry.rule.clone(),
        object: entry.object.clone(),
        field: entry.field.clone(),
        severity: entry.severity,
        message: entry.message.clone(),
        count: NonZeroUsize::new(count).filter(|count| count.get() > 1),
    });
    let written = Written {
        schema: format!("{SHAPE}{VERSION}"),
        findings: entries.collect(),
    };
    let json = serde_json::to_string_pretty(&written).expect("text and numbers are JSON");
    json + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Baseline, String> {
        parse("b.json".into(), text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = r#"{
  "schema": "mtls-lint/baseline/1",
  "findings": [
    {
      "rule": "a",
      "object": "Service shop/cart",
      "field": "spec.host",
      "severity": "warning",
      "message": "it is so",
      "count": 2
    },
    {
      "rule": "b",
      "severity": "note",
      "message": "it may be so"
    }
  ]
}
"#;
        let baseline = read(text).expect("it is valid");
        assert_eq!(baseline.count(), 3);
        assert_eq!(super::text(&baseline), text);
    }

    #[test]
    fn entries_are_written_in_order_whatever_the_order_they_were_read_in() {
        let entry = |rule: &str| format!(r#"{{"rule":"{rule}","severity":"note","message":"m"}}"#);
        let file = |first: &str, second: &str| {
            let (first, second) = (entry(first), entry(second));
            read(&format!(
                r#"{{"schema":"mtls-lint/baseline/1","findings":[{first},{second}]}}"#
            ))
        };
        assert_eq!(file("a", "b"), file("b", "a"));
    }

    #[test]
    fn a_newer_file_is_told_from_one_that_is_no_baseline() {
        let newer = read(r#"{"schema": "mtls-lint/baseline/2", "findings": {}}"#);
        assert_eq!(
            newer.expect_err("it is newer"),
            "a newer mtls-lint wrote the baseline `b.json`: its `schema` is `mtls-lint/baseline/2`, and this one knows `mtls-lint/baseline/1`"
        );
        let foreign = read(r#"{"schema": "mtls-lint/report/1", "findings": []}"#);
        assert_eq!(
            foreign.expect_err("it is a report"),
            "`b.json` is no baseline: its `schema` is `mtls-lint/report/1` and not `mtls-lint/baseline/1`"
        );
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        let conflict = "{\n<<<<<<< HEAD\n";
        let error = parse("b.json".into(), conflict.as_bytes()).expect_err("it is no JSON");
        let BaselineError::Invalid { source, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(source.line(), 2);
    }

    #[test]
    fn an_unknown_key_and_a_count_of_nothing_are_refused() {
        for part in [r#""line": 3"#, r#""count": 0"#] {
            let text = format!(
                r#"{{"schema":"mtls-lint/baseline/1","findings":[{{"rule":"a","severity":"note","message":"m",{part}}}]}}"#
            );
            assert!(read(&text).is_err(), "{part}");
        }
    }
}
