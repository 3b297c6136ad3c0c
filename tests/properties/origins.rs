//! Origins are true: editing the bytes that the origin of a value names changes that value, and nothing whose origin does
//! not name them. The kustomizations of the golden tests are the inputs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use mtls_lint::engine::{Rendered, Request, render};
use mtls_lint::gitops::Problem;
use mtls_lint::source::tree::Memory;
use mtls_lint::source::{Cause, Place, Span};
use mtls_lint::yaml::{Node, ScalarStyle, Value};

/// The kustomizations, each a folder with its root in `root`.
const CASES: &str = "testdata/kustomize";

/// The files of a case, by path.
type Files = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// A scalar of what a case deploys.
#[derive(Clone, Debug)]
struct Leaf {
    text: String,
    is_plain: bool,
    place: Place,
}

/// What a case deploys: its scalars by path, such as `0.spec.host`.
struct Output {
    rendered: Rendered,
    leaves: BTreeMap<String, Leaf>,
}

impl Output {
    /// Renders the root of a case; `None` if kustomize would refuse it.
    fn of(files: &Files) -> Option<Self> {
        let request = Request {
            paths: vec!["root".into()],
            ..Request::default()
        };
        let rendered = render(&request, &Memory::new(files.clone())).expect("the run is sound");
        let mut leaves = BTreeMap::new();
        for unit in &rendered.units {
            let is_refused = |problem: &Problem| matches!(problem, Problem::Refused { .. });
            if unit.problems.iter().any(is_refused) {
                return None;
            }
            for (index, object) in unit.objects.iter().enumerate() {
                collect(object, &index.to_string(), &mut leaves);
            }
        }
        Some(Self { rendered, leaves })
    }

    /// Every span that the origin of a leaf names: where it is written, what called for it, what it was before.
    fn named(&self, leaf: &Leaf) -> Vec<Span> {
        let origins = &self.rendered.origins;
        origins
            .history(leaf.place)
            .flat_map(|place| {
                let via = origins.change(place).and_then(|change| change.via);
                [Some(place.span), via.map(|via| via.span)]
            })
            .flatten()
            .collect()
    }

    /// Whether a leaf is made of other bytes than those its origin names: a hash of contents is.
    fn is_computed(&self, leaf: &Leaf) -> bool {
        let origins = &self.rendered.origins;
        origins.history(leaf.place).any(|place| {
            let Some(change) = origins.change(place) else {
                return false;
            };
            match change.cause {
                Cause::Generator | Cause::Reference => true,
                // Of several variables in one text the origin names one.
                Cause::Variable => change
                    .via
                    .is_some_and(|via| self.text(via.span).matches("$(").count() > 1),
                _ => false,
            }
        })
    }

    fn text(&self, span: Span) -> &str {
        let text = self.rendered.sources.file(span.file).text();
        text.get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    fn path(&self, span: Span) -> &Utf8Path {
        self.rendered.sources.file(span.file).path()
    }
}

fn collect(value: &Value, path: &str, leaves: &mut BTreeMap<String, Leaf>) {
    match &value.node {
        Node::Scalar(scalar) => {
            let leaf = Leaf {
                text: scalar.text.to_string(),
                is_plain: scalar.style == ScalarStyle::Plain,
                place: value.place,
            };
            leaves.insert(path.to_owned(), leaf);
        }
        Node::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}.{index}"), leaves);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mapping.entries {
                collect(&entry.value, &format!("{path}.{}", entry.key.value), leaves);
            }
        }
    }
}

/// The folders of all cases that kustomize builds.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASES);
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|case| case.join("expected.yaml").is_file())
        .collect();
    cases.sort();
    cases
}

/// The files of a case, by path relative to it.
fn files(case: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![case.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let name = path.strip_prefix(case).expect("it is below the case");
            let name = Utf8PathBuf::try_from(name.to_owned()).expect("the path is UTF-8");
            files.insert(name, fs::read(&path).expect("the file can be read"));
        }
    }
    files
}

/// The file with another text at a span, of the same kind: a number stays a number. `None` where that is not possible
/// without changing what the text means (an anchor, a boolean, nothing written).
fn edited(files: &Files, path: &Utf8Path, span: Span, is_plain: bool) -> Option<Files> {
    let bytes = files.get(path)?;
    let (start, end) = (span.start as usize, span.end as usize);
    let old = std::str::from_utf8(bytes.get(start..end)?).ok()?;
    let is_simple =
        !old.is_empty() && !old.contains(['\n', '&', '*', '{', '[', '|', '>', '$', ':', '=']);
    let is_word = matches!(
        old,
        "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off"
    );
    if !is_simple || is_word {
        return None;
    }
    let inner = old.trim_matches(['"', '\'']);
    let added = if is_plain && inner.parse::<f64>().is_ok() {
        "7"
    } else {
        "zq"
    };
    let new = old.replacen(inner, &format!("{inner}{added}"), 1);
    let mut text = bytes.get(..start)?.to_vec();
    text.extend_from_slice(new.as_bytes());
    text.extend_from_slice(bytes.get(end..)?);
    let mut files = files.clone();
    files.insert(path.to_owned(), text);
    Some(files)
}

fn overlaps(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}

/// Fields that identify an object or choose what is done to it: with another text of them something else is built.
fn is_identity(path: &str) -> bool {
    let field = path.split_once('.').map_or("", |(_, field)| field);
    matches!(
        field,
        "kind" | "apiVersion" | "metadata.name" | "metadata.namespace"
    ) || field.contains("metadata.labels")
        || field.contains("metadata.annotations")
        || field.starts_with("subjects")
        || is_merge_key(field)
}

/// Whether a field of a list's item is one that kustomize may find the item by.
fn is_merge_key(field: &str) -> bool {
    const KEYS: &[&str] = &[
        "containerPort",
        "devicePath",
        "ip",
        "key",
        "mountPath",
        "name",
        "port",
        "protocol",
        "topologyKey",
        "type",
        "uid",
        "whenUnsatisfiable",
    ];
    let mut segments = field.rsplit('.');
    let is_key = segments.next().is_some_and(|key| KEYS.contains(&key));
    is_key
        && segments
            .next()
            .is_some_and(|item| item.parse::<usize>().is_ok())
}

/// The leaves whose origin names a text that they are not made of.
fn foreign(output: &Output, case: &str) -> Vec<String> {
    let leaves = output.leaves.iter();
    let foreign = leaves.filter_map(|(path, leaf)| {
        let written = output.text(leaf.place.span);
        let inner = written.trim_matches(['"', '\'']);
        let is_made_of_it = leaf.text.contains(inner) || shares_a_word(inner, &leaf.text);
        (!is_made_of_it && !output.is_computed(leaf)).then(|| {
            let file = output.path(leaf.place.span);
            format!(
                "{case}: `{path}` is `{}`, and its origin names `{written}` of {file}",
                leaf.text
            )
        })
    });
    foreign.collect()
}

/// Whether a text has a word of another one, or has none at all, such as the head of a block. A part of a name or an
/// image is copied, escapes and line breaks are resolved, `True` is `true` and `0777` is `777`.
fn shares_a_word(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        let words = words.map(str::to_lowercase);
        words
            .map(|word| word.trim_start_matches('0').to_owned())
            .collect()
    };
    let (one, other) = (words(one), words(other));
    one.is_empty() || one.iter().any(|word| other.contains(word))
}

/// What is wrong with the origins of a case.
fn faults(case: &Path, tried: &mut usize) -> Vec<String> {
    let files = files(case);
    let name = case.file_name().unwrap_or_default().to_string_lossy();
    let Some(before) = Output::of(&files) else {
        return vec![format!("{name}: it is refused")];
    };
    let mut faults = foreign(&before, &name);
    let identities = before.leaves.iter().filter(|(path, _)| is_identity(path));
    let identities: Vec<Span> = identities.map(|(_, leaf)| leaf.place.span).collect();
    for (path, leaf) in &before.leaves {
        let span = leaf.place.span;
        // One line of `labels` writes the labels of objects and their selectors.
        let is_identity = identities.iter().any(|one| overlaps(*one, span));
        if before.is_computed(leaf) || is_identity {
            continue;
        }
        let file = before.path(span);
        let Some(after) = edited(&files, file, span, leaf.is_plain).and_then(|f| Output::of(&f))
        else {
            continue;
        };
        *tried += 1;
        let changed = |path: &String| {
            let now = after.leaves.get(path).map(|leaf| &leaf.text);
            now != before.leaves.get(path).map(|leaf| &leaf.text)
        };
        // With a delimiter only a part of a source is copied, and the edit may be in another one.
        let written = String::from_utf8_lossy(
            files[file]
                .get(span.start as usize..span.end as usize)
                .unwrap_or_default(),
        );
        let is_whole = leaf.text.contains(written.trim_matches(['"', '\'']));
        if is_whole && !changed(path) {
            faults.push(format!(
                "{name}: editing {file}:{span:?} does not change `{path}`"
            ));
        }
        for (other, value) in &before.leaves {
            let names = before
                .named(value)
                .into_iter()
                .any(|named| overlaps(named, span));
            if changed(other) && !names && !before.is_computed(value) {
                faults.push(format!(
                    "{name}: editing {file}:{span:?} for `{path}` changes `{other}`, whose origin does not name it"
                ));
            }
        }
    }
    faults
}

#[test]
fn editing_what_an_origin_names_changes_that_value_and_no_other() {
    let (mut tried, mut found) = (0, Vec::new());
    for case in cases() {
        found.extend(faults(&case, &mut tried));
    }
    assert!(tried > 700, "only {tried} values were edited");
    assert!(
        found.is_empty(),
        "{} faults:\n{}",
        found.len(),
        found.join("\n")
    );
}
