//! Files that no unit deploys, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::Inventory;
use super::{Files, Skipped, Unit, is_kustomization_file, shown};
use crate::source::FileId;
use crate::yaml::ProblemKind;

/// Says why a file is in no unit.
pub(super) struct Reasons<'a> {
    pub(super) files: &'a Files,
    pub(super) inventory: &'a Inventory,
    /// What the settings of CD resources leave out.
    pub(super) left_out: &'a BTreeMap<FileId, String>,
    /// Files that only components name which nothing uses, and the first of those.
    pub(super) unused: BTreeMap<FileId, Box<str>>,
}

impl<'a> Reasons<'a> {
    /// The reasons of a run.
    pub(super) fn new(
        files: &'a Files,
        inventory: &'a Inventory,
        left_out: &'a BTreeMap<FileId, String>,
    ) -> Self {
        let mut unused = BTreeMap::new();
        for directory in inventory.unused_components() {
            for file in inventory.closure(directory).files {
                unused
                    .entry(file)
                    .or_insert_with(|| directory.as_str().into());
            }
        }
        Self {
            files,
            inventory,
            left_out,
            unused,
        }
    }

    /// Whether a file must not be taken for plain manifests if no unit has it.
    pub(super) fn hides(&self, file: FileId) -> bool {
        let path = self.files.path(file);
        self.left_out.contains_key(&file)
            || self.unused.contains_key(&file)
            || self.inventory.chart_of_template(path).is_some()
            || self.files.is_reached(file)
    }

    /// Why a file is in no unit.
    pub(super) fn of(&self, file: FileId) -> Skipped {
        let path = self.files.path(file);
        Skipped {
            path: path.to_owned(),
            reason: self.reason(file),
        }
    }

    fn reason(&self, file: FileId) -> String {
        let path = self.files.path(file);
        if let Some(reason) = self.left_out.get(&file) {
            return reason.clone();
        }
        if let Some(chart) = self.inventory.chart_of_template(path) {
            let chart = shown(chart);
            return format!("a template of chart `{chart}`, which is not rendered");
        }
        let is_kustomization = is_kustomization_file(path);
        match self.unused.get(&file) {
            Some(_) if is_kustomization => return "a component that nothing uses".to_owned(),
            Some(component) => {
                return format!("only the component `{component}` names it, which nothing uses");
            }
            None => {}
        }
        if path.file_name() == Some("Chart.yaml") {
            return "says what a chart is".to_owned();
        }
        if self.files.is_reached(file) {
            return "outside of the paths that were named".to_owned();
        }
        let content = self.files.first_documents(file);
        match content.problems.first().map(|problem| problem.kind) {
            Some(ProblemKind::Template) => return "a template".to_owned(),
            Some(ProblemKind::Syntax | ProblemKind::AliasBudget) => {
                return "not read: broken YAML".to_owned();
            }
            None => {}
        }
        let reason = if content.document_count == 0 {
            "empty"
        } else if is_kustomization {
            "a kustomization that cannot be evaluated"
        } else if content
            .documents
            .iter()
            .any(|one| one.root.get("kind").is_none())
        {
            "Helm values or settings: no object"
        } else {
            "no object that matters to mutual TLS"
        };
        reason.to_owned()
    }
}

/// The files that only units in no mesh are made of.
pub(super) fn superseded(
    superseded: &BTreeMap<usize, String>,
    units: &[Unit],
    files: &Files,
) -> Vec<Skipped> {
    let alive = units.iter().enumerate();
    let alive = alive.filter(|(index, _)| !superseded.contains_key(index));
    let used: BTreeSet<FileId> = alive.flat_map(|(_, unit)| &unit.files).copied().collect();
    let mut reasons: BTreeMap<FileId, &str> = BTreeMap::new();
    for (&index, reason) in superseded {
        let members = units.get(index).map(|unit| &unit.files);
        for &file in members
            .into_iter()
            .flatten()
            .filter(|file| !used.contains(file))
        {
            reasons.entry(file).or_insert(reason);
        }
    }
    let skipped = reasons.into_iter().map(|(file, reason)| Skipped {
        path: files.path(file).to_owned(),
        reason: reason.to_owned(),
    });
    skipped.collect()
}
