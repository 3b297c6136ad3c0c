//! What generators make. The expected values are what kustomize v5.8.1 prints.

use crate::gitops::Files;
use crate::gitops::kustomize::testing::{built, files, objects, problems, spot};
use crate::gitops::kustomize::{Additions, Session, build};
use crate::source::Cause;
use crate::yaml::Value;

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, labels: {a: b}}\ndata: {k: old, l: kept}\n";

/// A kustomization in the root of a repository with a few files beside it.
fn repository(kustomization: &str) -> Files {
    files(&[
        ("kustomization.yaml", kustomization),
        ("map.yaml", MAP),
        ("some/t.txt", "two\nlines\n"),
        ("e.env", "\u{feff}A=1\n# no\n\n  B=x y\r\nC\n=d\n"),
        ("../outside.txt", "x"),
    ])
}

#[test]
fn data_comes_from_lines_literals_and_files() {
    let text = "configMapGenerator:\n- {name: m, literals: [k=v=w, 'q=\"a b\"'], files: [some/t.txt, n=some/t.txt], \
        envs: [e.env], options: {disableNameSuffixHash: true}}\n";
    assert_eq!(
        objects(&repository(text), ""),
        "{apiVersion: v1, data: {A: \"1\", B: x y, C: \"\", k: v=w, n: two\nlines\n, q: a b, t.txt: two\nlines\n}, \
         kind: ConfigMap, metadata: {name: m}}"
    );
}

#[test]
fn a_slash_behind_a_path_is_no_part_of_the_key() {
    let text = "configMapGenerator:\n- {name: m, files: [some/t.txt/], options: {disableNameSuffixHash: true}}\n";
    assert_eq!(
        objects(&repository(text), ""),
        "{apiVersion: v1, data: {t.txt: two\nlines\n}, kind: ConfigMap, metadata: {name: m}}"
    );
}

#[test]
fn an_env_without_a_path_is_none() {
    let text = "configMapGenerator:\n- {name: m, env: '', literals: [a=b], options: {disableNameSuffixHash: true}}\n";
    assert_eq!(
        objects(&repository(text), ""),
        "{apiVersion: v1, data: {a: b}, kind: ConfigMap, metadata: {name: m}}"
    );
}

/// The keys that kustomize finds in a file of `KEY=value` lines.
fn keys_of_lines(lines: &str) -> Vec<String> {
    let text = "configMapGenerator: [{name: m, envs: [e.env]}]\n";
    let files = files(&[("kustomization.yaml", text), ("e.env", lines)]);
    let resources = built(&files, "").resources.resources;
    let data = resources[0].value.get("data");
    let entries = data.map_or(&[][..], Value::entries);
    entries
        .iter()
        .map(|entry| entry.key.value.to_string())
        .collect()
}

#[test]
fn a_file_ends_for_kustomize_at_a_line_of_more_than_64_kib() {
    let line = |length: usize| format!("B={}", "x".repeat(length - 2));
    let with = |length: usize| format!("A=1\n{}\nC=3\n", line(length));
    assert_eq!(keys_of_lines(&with(65535)), ["A", "B", "C"]);
    assert_eq!(keys_of_lines(&with(65536)), ["A"]);
}

#[test]
fn the_last_line_of_a_file_needs_a_byte_more_without_its_end() {
    let line = |length: usize| format!("A=1\nB={}", "x".repeat(length - 2));
    assert_eq!(keys_of_lines(&line(65535)), ["A", "B"]);
    assert_eq!(keys_of_lines(&line(65536)), ["A"]);
}

#[test]
fn secrets_are_encoded_in_lines_of_70() {
    let long = "x".repeat(60);
    let text = format!(
        "secretGenerator:\n- {{name: s, type: x/y, literals: [k=v, l={long}], options: {{disableNameSuffixHash: true}}}}\n"
    );
    let encoded = format!("{}eHh4\n", "eHh4".repeat(19));
    let (first, second) = encoded.split_at(70);
    assert_eq!(
        objects(&repository(&text), ""),
        format!(
            "{{apiVersion: v1, data: {{k: dg==, l: {first}\n{second}}}, kind: Secret, metadata: {{name: s}}, type: x/y}}"
        )
    );
}

#[test]
fn options_of_all_generators_stand_behind_their_own() {
    let text = "configMapGenerator:\n- {name: m, options: {labels: {a: own}}}\n\
        generatorOptions: {disableNameSuffixHash: true, immutable: true, labels: {a: all, c: d}}\n";
    assert_eq!(
        objects(&repository(text), ""),
        "{apiVersion: v1, immutable: true, kind: ConfigMap, metadata: {labels: {a: own, c: d}, name: m}}"
    );
}

#[test]
fn what_is_there_is_merged_or_replaced_on_demand() {
    let with = |behavior: &str| {
        let text = format!(
            "resources: [map.yaml]\nconfigMapGenerator:\n- {{name: m, behavior: {behavior}, literals: [k=new]}}\n"
        );
        objects(&repository(&text), "")
    };
    assert_eq!(
        with("merge"),
        "{apiVersion: v1, data: {k: new, l: kept}, kind: ConfigMap, metadata: {labels: {a: b}, name: m}}"
    );
    assert_eq!(
        with("replace"),
        "{apiVersion: v1, data: {k: new}, kind: ConfigMap, metadata: {labels: {a: b}, name: m}}"
    );
}

#[test]
fn generators_that_kustomize_refuses_are_refused() {
    for (entry, expected) in [
        (
            "{literals: [a=b]}",
            "a generator needs a `name` for what it makes",
        ),
        (
            "{name: m, literals: [a]}",
            "`a` is no literal, which is written as `key=value`",
        ),
        (
            "{name: m, literals: [a=1, a=2]}",
            "`m` has the key `a` twice",
        ),
        ("{name: m, files: [none.txt]}", "`none.txt` does not exist"),
        (
            "{name: m, files: [a=b=c]}",
            "`a=b=c` is neither a path nor `key=path`",
        ),
        (
            "{name: m, files: [../outside.txt]}",
            "kustomize refuses `../outside.txt`, which is outside of the directory of the kustomization",
        ),
        (
            "{name: other, behavior: merge}",
            "ConfigMap other is not there to be merged or replaced",
        ),
        ("{name: m}", "ConfigMap m is there already"),
    ] {
        let text = format!("resources: [map.yaml]\nconfigMapGenerator:\n- {entry}\n");
        let found = problems(&repository(&text), "");
        assert_eq!(
            found,
            [format!("kustomization.yaml:3: {expected}")],
            "{entry}"
        );
    }
}

#[test]
fn data_leads_to_where_it_is_written() {
    let text = "resources: [map.yaml]\nconfigMapGenerator:\n- {name: m, behavior: merge, literals: [k=new], envs: [e.env]}\n";
    let files = repository(text);
    let mut session = Session::new(&files);
    let built = build("".into(), &Additions::default(), &mut session);
    let data = built.resources.resources[0]
        .value
        .get("data")
        .expect("there is data");
    let written = |key: &str| {
        let place = data.get(key).expect("it has the key").place;
        let change = session.origins.change(place);
        assert!(change.is_none_or(|change| change.cause == Cause::Generator));
        let previous = change.and_then(|change| change.previous);
        let text = files.sources().text(place.span);
        (
            spot(&files, place),
            text,
            previous.map(|place| spot(&files, place)),
        )
    };
    assert_eq!(
        written("k"),
        (
            "kustomization.yaml:3".into(),
            "new",
            Some("map.yaml:4".into())
        )
    );
    assert_eq!(written("l"), ("map.yaml:4".into(), "kept", None));
    assert_eq!(written("B"), ("e.env:4".into(), "x y", None));
}

#[test]
fn a_file_is_the_place_of_its_text_and_its_entry_leads_there() {
    let text = "configMapGenerator:\n- name: istio\n  files: [mesh=some/t.txt]\n";
    let files = repository(text);
    let mut session = Session::new(&files);
    let built = build("".into(), &Additions::default(), &mut session);
    let mesh = built.resources.resources[0].value.at(&["data", "mesh"]);
    let place = mesh.expect("it has the key").place;
    assert_eq!(files.sources().text(place.span), "two\nlines\n");
    let change = session.origins.change(place).expect("it was generated");
    let via = change.via.expect("an entry names the file");
    assert_eq!(files.sources().text(via.span), "mesh=some/t.txt");
}
