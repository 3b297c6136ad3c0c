//! Modules import only from their own layer and from those above it, and the edges of the program (files, environment,
//! processes, and crates that one file hides) stay where ARCHITECTURE.md puts them.
#![expect(
    clippy::disallowed_methods,
    reason = "the test reads the sources of the program"
)]

mod code;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use code::{Named, Paths, split_tests, without_comments_and_strings};

/// The modules below `src`, a row per layer; a row may import itself and the rows above it.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["yaml"],
    &["object"],
    &["diagnostic"],
    &["discover"],
    &["gitops"],
    &["resource"],
    &["mesh"],
    &["rule"],
    &["rules"],
    &["config", "suppress", "baseline"],
    &["engine"],
    &["report"],
    &["cli"],
];

/// What only some modules may name: path prefix, the modules (with everything below them), what it is.
const EDGES: &[(&str, &[&str], &str)] = &[
    ("std::fs", FILES, "the file system"),
    ("walkdir", FILES, "the file system"),
    ("ignore::Walk", FILES, "the file system"),
    ("ignore::WalkBuilder", FILES, "the file system"),
    ("std::env", &["cli"], "the environment"),
    ("std::process::Command", PROCESSES, "a subprocess"),
    ("std::process::exit", &[], "the end of the process"),
    ("std::process::abort", &[], "the end of the process"),
    ("granit_parser", &["yaml/parser"], "the YAML parser"),
    ("miette", &["report/pretty"], "the pretty renderer"),
    ("quick_xml", &["report/xml"], "the XML writer"),
    ("notify", &["cli/watch"], "the watcher of files"),
    ("ctrlc", &["cli/watch"], "the handler of Ctrl-C"),
    ("serde_sarif", &["report/sarif"], "the SARIF types"),
];

/// Where files may be touched.
const FILES: &[&str] = &[
    "source/tree",
    "discover",
    "config/discover",
    "baseline/store",
    "engine/fix",
    "cli/output",
    "cli/init",
];

/// Where processes may start.
const PROCESSES: &[&str] = &["discover/git", "source/tree/git", "engine/render_external"];

/// One source file: its module path such as `mesh/client`, empty for the crate roots, and what it names outside unit tests.
struct Module {
    file: String,
    path: String,
    named: Vec<Named>,
    test_modules: Vec<String>,
}

impl Module {
    /// Reads a file by its path below `src`.
    fn parse(file: &str, text: &str) -> Self {
        let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
        let path = if matches!(path, "lib" | "main") {
            ""
        } else {
            path
        };
        let (code, tests) = split_tests(&without_comments_and_strings(text));
        let test_modules = tests
            .lines()
            .filter_map(|line| line.strip_suffix(';')?.split_once("mod "))
            .map(|(_, name)| format!("{path}/{name}").trim_start_matches('/').to_owned())
            .collect();
        Self {
            file: format!("src/{file}"),
            path: path.to_owned(),
            named: Paths::of(&code),
            test_modules,
        }
    }

    /// The top-level module it belongs to; none for the crate roots.
    fn top(&self) -> Option<&str> {
        self.path.split('/').next().filter(|top| !top.is_empty())
    }

    fn is_within(&self, places: &[impl AsRef<str>]) -> bool {
        places.iter().any(|place| {
            self.path
                .strip_prefix(place.as_ref())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// What a path names directly below the crate root, if it goes through the root.
    fn target<'a>(&self, named: &'a Named) -> Option<&'a str> {
        let supers = named.segments.iter().take_while(|s| *s == "super").count();
        if supers == 0 {
            let rest = named.segments.strip_prefix(["crate".to_owned()].as_slice());
            return rest?.first().map(String::as_str);
        }
        let climbs_to_root = supers == self.path.split('/').count();
        let target = named.segments.get(supers).map(String::as_str);
        target.filter(|target| climbs_to_root && layer(target).is_some())
    }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// Everything that is out of place, a line each: file, line, what is wrong.
fn violations(files: &[(&str, &str)]) -> Vec<String> {
    let mut modules: Vec<_> = files
        .iter()
        .map(|(file, text)| Module::parse(file, text))
        .collect();
    // Unit tests may import anything.
    let tests: Vec<_> = modules
        .iter()
        .flat_map(|module| module.test_modules.clone())
        .collect();
    modules.retain(|module| !module.is_within(&tests));
    let reexports = reexports(&modules);
    let mut found = Vec::new();
    for module in &modules {
        let Some(top) = module.top() else {
            found.extend(edge_violations(module));
            continue;
        };
        let Some(own) = layer(top) else {
            found.push(format!(
                "{}:1: `{top}` is in no layer; add it to LAYERS and to ARCHITECTURE.md",
                module.file
            ));
            continue;
        };
        for named in &module.named {
            let Some(name) = module.target(named) else {
                continue;
            };
            let target = reexports.get(name).map_or(name, String::as_str);
            let place = format!("{}:{}", module.file, named.line);
            match layer(target) {
                Some(row) if row <= own => {}
                Some(_) => found.push(format!(
                    "{place}: `{top}` imports `{target}`, which lies below it"
                )),
                None => found.push(format!(
                    "{place}: `crate::{name}` is neither a module of a layer nor a name that lib.rs re-exports"
                )),
            }
        }
        found.extend(edge_violations(module));
    }
    found.dedup();
    found
}

fn edge_violations(module: &Module) -> impl Iterator<Item = String> {
    module.named.iter().flat_map(move |named| {
        EDGES
            .iter()
            .filter(move |(prefix, places, _)| {
                named.starts_with(prefix) && !module.is_within(places)
            })
            .map(move |(prefix, places, what)| {
                let places = if places.is_empty() {
                    "nowhere".to_owned()
                } else {
                    places.join(", ")
                };
                format!(
                    "{}:{}: `{prefix}` is {what}, which belongs into: {places}",
                    module.file, named.line
                )
            })
    })
}

/// The names that lib.rs re-exports from its modules, such as a macro, with the module they come from.
fn reexports(modules: &[Module]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for module in modules.iter().filter(|module| module.file == "src/lib.rs") {
        for named in &module.named {
            let segments = named.segments.as_slice();
            let segments = match segments {
                [root, rest @ ..] if root == "crate" || root == "self" => rest,
                all => all,
            };
            if let [top, .., name] = segments {
                names.insert(name.clone(), top.clone());
            }
        }
    }
    names
}

/// All Rust files below a directory, by name, with their paths relative to `root`.
fn read_sources(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(directory).expect("the sources are there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry can be listed").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_sources(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("it lies below the root");
            let name = name.to_str().expect("sources have plain names");
            let text = fs::read_to_string(&path).expect("a source can be read");
            files.push((name.replace('\\', "/"), text));
        }
    }
}

#[test]
fn modules_import_only_from_above_and_edges_stay_in_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    read_sources(&root, &root, &mut files);
    let files: Vec<_> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let found = violations(&files);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_architecture_lists_the_layers_in_this_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).unwrap();
    let section = text
        .split("\n## ")
        .find(|part| part.starts_with("Layers\n"));
    let listed: Vec<Vec<_>> = section
        .unwrap()
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
        .map(|cell| {
            cell.split(['`', ',', ' '])
                .filter(|name| !name.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(listed, LAYERS);
}

#[test]
fn a_violation_is_named_with_file_and_line() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "an import of a lower layer",
            "use std::fmt;\nuse crate::report::Pretty;\n",
            "src/mesh/a.rs:2: `mesh` imports `report`, which lies below it",
        ),
        (
            "one branch of a group",
            "use crate::{\n    object::Gvk,\n    engine::{Report, Summary as S},\n};\n",
            "src/mesh/a.rs:3: `mesh` imports `engine`, which lies below it",
        ),
        (
            "a path in an expression",
            "fn f() {\n    crate::rules::all()\n}\n",
            "src/mesh/a.rs:2: `mesh` imports `rules`, which lies below it",
        ),
        (
            "a path through the parents",
            "use super::super::cli::Args;\n",
            "src/mesh/a.rs:1: `mesh` imports `cli`, which lies below it",
        ),
        (
            "a name from nowhere",
            "use crate::helpers::join;\n",
            "src/mesh/a.rs:1: `crate::helpers` is neither a module of a layer nor a name that lib.rs re-exports",
        ),
        (
            "the file system",
            "use std::{fmt, fs};\n",
            "src/mesh/a.rs:1: `std::fs` is the file system, which belongs into: source/tree, discover, config/discover, baseline/store, engine/fix, cli/output, cli/init",
        ),
        (
            "a crate that one file hides",
            "fn f(e: &dyn ::miette::Diagnostic) {}\n",
            "src/mesh/a.rs:1: `miette` is the pretty renderer, which belongs into: report/pretty",
        ),
        (
            "code after a string with a comment mark",
            "const A: &str = \"//\"; use crate::cli::Args;\n",
            "src/mesh/a.rs:1: `mesh` imports `cli`, which lies below it",
        ),
        (
            "code after a quote character",
            "const A: char = '\"'; use crate::cli::Args;\n",
            "src/mesh/a.rs:1: `mesh` imports `cli`, which lies below it",
        ),
        (
            "code after unit tests",
            "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\nuse crate::cli::Args;\n",
            "src/mesh/a.rs:5: `mesh` imports `cli`, which lies below it",
        ),
    ];
    for (what, text, expected) in cases {
        assert_eq!(violations(&[("mesh/a.rs", text)]), [*expected], "{what}");
    }
}

#[test]
fn a_module_without_a_layer_is_a_violation() {
    assert_eq!(
        violations(&[("helpers.rs", "")]),
        ["src/helpers.rs:1: `helpers` is in no layer; add it to LAYERS and to ARCHITECTURE.md"]
    );
}

#[test]
fn what_is_in_place_is_silent() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "layers above and the own one",
            "mesh/a.rs",
            "use crate::{mesh::b, resource, source::Place};\n",
        ),
        (
            "siblings of a row",
            "baseline/store.rs",
            "use crate::suppress::Suppression;\nuse std::fs;\n",
        ),
        (
            "siblings through the parent",
            "mesh/a.rs",
            "use super::cli::Args;\n",
        ),
        (
            "comments",
            "mesh/a.rs",
            "// crate::cli::Args\n/* crate::cli /* std::fs::read */ std::fs::read */\n",
        ),
        (
            "strings",
            "mesh/a.rs",
            "const A: &str = \"\\\"crate::cli::Args\"; const B: &str = r#\"\" std::fs::read \"#;\n",
        ),
        (
            "lifetimes",
            "mesh/a.rs",
            "fn f<'a, 'b>(a: &'a str, b: &'b str) {} // 'crate::cli::Args\n",
        ),
        (
            "unit tests",
            "mesh/a.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::cli::Args;\n    fn f() { std::fs::read(\"}\") }\n}\n",
        ),
        (
            "edges where they belong",
            "source/tree/work.rs",
            "use std::fs;\nuse walkdir::WalkDir;\n",
        ),
        (
            "an exit code",
            "cli/mod.rs",
            "use std::process::ExitCode;\n",
        ),
    ];
    for (what, file, text) in cases {
        assert_eq!(violations(&[(file, text)]), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_name_that_the_crate_root_re_exports_counts_as_its_module() {
    let root = ("lib.rs", "mod rule;\npub(crate) use rule::declare_rule;\n");
    let import = "use crate::declare_rule;\n";
    assert_eq!(
        violations(&[root, ("rules/a.rs", import)]),
        Vec::<String>::new()
    );
    assert_eq!(
        violations(&[root, ("mesh/a.rs", import)]),
        ["src/mesh/a.rs:1: `mesh` imports `rule`, which lies below it"]
    );
}

#[test]
fn unit_tests_in_files_of_their_own_are_not_looked_at() {
    let parent = (
        "mesh/mod.rs",
        "#[cfg(test)]\npub(crate) mod testing;\n#[cfg(test)]\nmod tests;\n",
    );
    let import = "use crate::cli::Args;\n";
    for file in ["mesh/tests.rs", "mesh/testing.rs", "mesh/tests/client.rs"] {
        assert_eq!(
            violations(&[parent, (file, import)]),
            Vec::<String>::new(),
            "{file}"
        );
        assert_eq!(violations(&[(file, import)]).len(), 1, "{file}");
    }
}
