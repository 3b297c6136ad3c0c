//! The facts of a decision are all it rests on: an object that none of them names can go, and the decision stays.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::config::Settings;
use super::decision::{Decision, Destination};
use super::version::IstioVersion;
use super::{Mesh, Resource};
use crate::gitops;
use crate::object::ObjectId;
use crate::resource::decode;
use crate::source::{FileId, FileRole, SourceFile, Sources};
use crate::yaml::{ReadOptions, read};

/// How many decisions of a case are thinned out.
const SAMPLE: usize = 20;
/// The folders of the vectors whose cases take part, with the version they are read at.
const FOLDERS: &[(&str, &str)] = &[
    ("named", "1.31"),
    ("named-ambient", "1.31"),
    ("hand", "1.31"),
    ("random/core", "1.31"),
    ("random/inside", "1.31"),
    ("random/which", "1.31"),
    ("random/server", "1.31"),
    ("random/registry", "1.31"),
    ("random/ambient", "1.31"),
    ("named-legacy", "1.4.10"),
    ("legacy/hand", "1.1.17"),
    ("legacy/random", "1.5.10"),
];

/// What a decision says, in words that hold for another mesh too.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    rules: Vec<String>,
    tls: &'static str,
    endpoints: Vec<String>,
    verdict: &'static str,
}

impl Said {
    fn by(mesh: &Mesh, decision: &Decision) -> Self {
        let entry = decision.selection.entry.map(|id| mesh.rules.entry(id));
        let from = entry.into_iter().flat_map(|entry| &entry.from);
        let endpoints = decision.endpoints.iter().map(|endpoint| {
            let (sends, accepts) = (endpoint.sends.as_str(), endpoint.accepts.as_str());
            format!("{}:{} {sends} {accepts}", endpoint.label, endpoint.port)
        });
        Self {
            rules: from
                .map(|&id| mesh.rules.rule(id).meta.id.to_string())
                .collect(),
            tls: decision.tls.as_str(),
            endpoints: endpoints.collect(),
            verdict: decision.verdict.as_str(),
        }
    }
}

/// The decision of a mesh for a client and a destination.
fn find(mesh: &Mesh, client: &ObjectId, destination: &Destination) -> Option<Decision> {
    let decisions = mesh.decide_host(&destination.host).into_iter();
    decisions
        .filter(|decision| decision.destination == *destination)
        .find(|decision| {
            let groups = mesh.clients.members(&decision.clients).into_iter();
            let mut workloads = groups.flat_map(|id| &mesh.clients.group(id).workloads);
            workloads.any(|&id| mesh.workloads[id as usize].id() == client)
        })
}

/// The resources of a case.
fn resources(case: &Path) -> Vec<Resource> {
    let text = fs::read_to_string(case.join("manifests.yaml")).expect("the case can be read");
    let file = SourceFile::new("manifests.yaml".into(), text.into(), FileRole::Input);
    let options = ReadOptions {
        prefilter: true,
        alias_budget: 1_000,
    };
    let content = read(FileId(0), &file, options);
    let sources = Sources::new(vec![file]);
    let manifests = gitops::deploy_plain(vec![(FileId(0), content)], &sources, None);
    let objects = manifests.objects.iter();
    objects
        .flat_map(|object| decode(object, &sources).resources)
        .collect()
}

/// Objects that every decision may rest on: the mesh config, and what global settings are inferred from.
fn global(mesh: &Mesh, resources: &[Resource]) -> BTreeSet<ObjectId> {
    let configs = resources.iter().filter_map(|resource| match resource {
        Resource::MeshConfig(config) => Some(config.meta.as_ref()?.id.clone()),
        _ => None,
    });
    let ambient = mesh.config.ambient.iter();
    configs
        .chain(ambient.filter_map(|fact| fact.object.clone()))
        .collect()
}

/// What is wrong with the evidence of a case, one line for each decision and object.
fn unsound(case: &Path, version: &str) -> Vec<String> {
    let resources = resources(case);
    let settings = Settings {
        istio_version: IstioVersion::parse(version),
        ..Settings::default()
    };
    let mesh = Mesh::build("default", resources.clone(), &settings);
    let global = global(&mesh, &resources);
    let stride = mesh.decisions().len().div_ceil(SAMPLE).max(1);
    let mut questions = Vec::new();
    for decision in mesh.decisions().iter().step_by(stride) {
        let group = mesh.clients.representative(&decision.clients);
        let members = &group.expect("every class has a client").workloads;
        let sample = members.iter().find(|&&id| !decision.is_target(id));
        let id = |workload: u32| mesh.workloads[workload as usize].id().clone();
        let client = id(*sample.unwrap_or(&members[0]));
        let mut named = global.clone();
        named.extend(
            mesh.evidence(decision)
                .into_iter()
                .filter_map(|fact| fact.object),
        );
        // The client and the endpoints are what the decision is about.
        named.insert(client.clone());
        named.extend(decision.endpoints.iter().filter_map(|e| e.workload).map(id));
        questions.push((client, decision, Said::by(&mesh, decision), named));
    }
    let mut out = Vec::new();
    for (position, object) in resources.iter().enumerate() {
        let Some(meta) = object.meta() else { continue };
        let id = &meta.id;
        if questions.iter().all(|(.., named)| named.contains(id)) {
            continue;
        }
        let mut fewer = resources.clone();
        fewer.remove(position);
        let (parts, config) = Mesh::settle(fewer, &settings);
        let fewer = Mesh::link("default".to_owned(), parts, config);
        for (client, decision, said, _) in
            questions.iter().filter(|(.., named)| !named.contains(id))
        {
            let other = find(&fewer, client, &decision.destination);
            let now = other.map(|other| Said::by(&fewer, &other));
            // The subset is no longer asked about where only that rule defined it.
            let is_moot = now.is_none() && decision.destination.subset.is_some();
            if now.as_ref() != Some(said) && !is_moot {
                let to = &decision.destination;
                let subset = to.subset.as_deref().unwrap_or_default();
                out.push(format!(
                    "{}: {client} to {}:{} {subset}: without {id} it is {now:?} and not {said:?}",
                    case.display(),
                    to.host,
                    to.port
                ));
            }
        }
    }
    out
}

/// All cases with their versions.
fn cases() -> Vec<(PathBuf, &'static str)> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors");
    let mut out = Vec::new();
    for (folder, version) in FOLDERS {
        let Ok(entries) = fs::read_dir(vectors.join(folder)) else {
            continue;
        };
        let cases = entries.map(|entry| entry.expect("the folder can be listed").path());
        out.extend(
            cases
                .filter(|case| case.join("manifests.yaml").is_file())
                .map(|case| (case, *version)),
        );
    }
    out
}

#[test]
fn an_object_that_no_fact_names_changes_nothing() {
    let cases = cases();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    let wrong: Vec<Vec<String>> = cases
        .par_iter()
        .map(|(case, version)| unsound(case, version))
        .collect();
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for line in &wrong {
        let kind = line
            .split("without ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        *kinds
            .entry(kind.unwrap_or_default().to_owned())
            .or_default() += 1;
    }
    let listed: Vec<&String> = wrong.iter().take(20).collect();
    assert!(
        wrong.is_empty(),
        "{} times, {kinds:?}:\n{listed:#?}",
        wrong.len()
    );
}
