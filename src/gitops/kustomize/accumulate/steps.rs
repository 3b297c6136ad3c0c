//! The steps of one kustomization after its resources: configuration, generators, transformers.

use super::{Accumulated, Level, Text, accumulate, includes_itself, missing, read};
use crate::gitops::Problem;
use crate::gitops::kustomize::additions::Additions;
use crate::gitops::kustomize::configuration::Configuration;
use crate::gitops::kustomize::load::{self, Found};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::Resource;
use crate::gitops::kustomize::session::{Session, Step};
use crate::gitops::kustomize::{generate, patch, plugins, transform};
use crate::source::Cause;
use crate::yaml::Value;

/// Reads `configurations` and `crds`.
pub(super) fn configure(
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    let mut own = Configuration::defaults();
    for reference in &level.kustomization.configurations {
        let mut step = accumulated.reading(level, session);
        let documents = load::documents(reference, "the configuration", &mut step);
        for root in documents.iter().flatten() {
            own.add_configuration(root, step.problems);
        }
    }
    for reference in &level.kustomization.crds {
        let mut step = accumulated.reading(level, session);
        let documents = load::documents(reference, "the definition", &mut step);
        for root in documents.iter().flatten() {
            own.add_definitions(root, step.problems);
        }
    }
    accumulated.configuration.merge(&own);
    let schema = level.kustomization.openapi.as_ref();
    if let Some(path) = schema.and_then(|openapi| openapi.get("path")) {
        accumulated.problems.push(Problem::Unresolved {
            place: path.place,
            message: "the schema of `openapi` is not read here".into(),
            help: Some(
                "lists that it gives keys are replaced by patches as if it were not there".into(),
            ),
        });
    }
}

/// Runs the generators.
pub(super) fn generate(
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    let kustomization = level.kustomization;
    let (resources, mut step) = accumulated.work(level, None, session);
    generate::apply(
        &kustomization.config_map_generator,
        &kustomization.secret_generator,
        kustomization.generator_options.as_ref(),
        resources,
        &mut step,
    );
    for chart in &kustomization.helm_charts {
        let name = ["name", "chartName"].iter().find_map(|key| chart.get(key));
        let name = name.and_then(Value::as_text).unwrap_or_default();
        step.unresolved(
            chart.place,
            format!("only Helm can render the chart `{name}`"),
        );
    }
    let roots = plugin_roots(&kustomization.generators, level, &mut step);
    plugins::generators(&roots, resources, &mut step);
}

/// Runs the transformers, each with what a CD tool adds to its field.
pub(super) fn transform(
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    patch_and_name(level, accumulated, session);
    label(level, accumulated, session);
    let kustomization = level.kustomization;
    let additions = level.additions;
    for (cause, entries) in [
        (None, &kustomization.patches_json6902),
        (additions.cause, &additions.patches_json6902),
    ] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        patch::json6902(entries, resources, &mut step);
    }
    for (cause, entries) in [
        (None, &kustomization.replicas),
        (additions.cause, &additions.replicas),
    ] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        transform::replicas::apply(entries, resources, &mut step);
    }
    let images = without_overridden(&kustomization.images, &additions.images);
    for (cause, entries) in [(None, &images), (additions.cause, &additions.images)] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        transform::images::apply(entries, resources, &mut step);
    }
    let (resources, mut step) = accumulated.work(level, None, session);
    transform::replacements::apply(&kustomization.replacements, resources, &mut step);
    let roots = plugin_roots(&kustomization.transformers, level, &mut step);
    plugins::transformers(&roots, resources, &mut step);
    for validator in &kustomization.validators {
        step.unresolved(
            validator.place,
            "validators are programs, which are not run",
        );
    }
}

/// Runs the transformers for patches, namespaces and names.
fn patch_and_name(level: &Level<'_>, accumulated: &mut Accumulated, session: &mut Session<'_>) {
    let kustomization = level.kustomization;
    let additions = level.additions;
    for (cause, entries) in [
        (None, &kustomization.patches_strategic_merge),
        (additions.cause, &additions.patches_strategic_merge),
    ] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        patch::strategic_merge(entries, resources, &mut step);
    }
    for (cause, entries) in [
        (None, &kustomization.patches),
        (additions.cause, &additions.patches),
    ] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        patch::patches(entries, resources, &mut step);
    }
    if let Some((namespace, cause)) = either(
        kustomization.namespace.as_ref(),
        additions.namespace.as_ref(),
        additions,
    ) {
        let (resources, mut step) = accumulated.work(level, cause, session);
        transform::namespace::apply(namespace, resources, &mut step);
    }
    if let Some((prefix, cause)) = either(
        kustomization.name_prefix.as_ref(),
        additions.name_prefix.as_ref(),
        additions,
    ) {
        let (resources, mut step) = accumulated.work(level, cause, session);
        transform::names::prefix(prefix, resources, &mut step);
    }
    if let Some((suffix, cause)) = either(
        kustomization.name_suffix.as_ref(),
        additions.name_suffix.as_ref(),
        additions,
    ) {
        let (resources, mut step) = accumulated.work(level, cause, session);
        transform::names::suffix(suffix, resources, &mut step);
    }
}

/// Runs the transformers for labels and annotations.
fn label(level: &Level<'_>, accumulated: &mut Accumulated, session: &mut Session<'_>) {
    let kustomization = level.kustomization;
    let additions = level.additions;
    for (cause, entries, common) in [
        (None, &kustomization.labels, &kustomization.common_labels),
        (additions.cause, &additions.labels, &additions.common_labels),
    ] {
        let (resources, mut step) = accumulated.work(level, cause, session);
        for entry in entries {
            transform::labels::apply(entry, resources, &mut step);
        }
        if let Some(labels) = common {
            transform::labels::common(labels, resources, &mut step);
        }
    }
    for (cause, annotations) in [
        (None, &kustomization.common_annotations),
        (additions.cause, &additions.common_annotations),
    ] {
        if let Some(annotations) = annotations {
            let (resources, mut step) = accumulated.work(level, cause, session);
            transform::annotations::apply(annotations, resources, &mut step);
        }
    }
}

/// What a CD tool adds, or else what the file says, and what made it.
fn either<'t>(
    own: Option<&'t Text>,
    added: Option<&'t Text>,
    additions: &Additions,
) -> Option<(&'t Text, Option<Cause>)> {
    let added = added.map(|added| (added, additions.cause));
    added.or_else(|| own.map(|own| (own, None)))
}

/// The images of a file without those that a CD tool names too: its entry stands in their place.
fn without_overridden(own: &[Value], added: &[Value]) -> Vec<Value> {
    let name = |image: &Value| {
        image
            .get("name")
            .and_then(Value::as_text)
            .map(str::to_owned)
    };
    let is_added = |image: &Value| added.iter().any(|added| name(added) == name(image));
    own.iter()
        .filter(|image| !is_added(image))
        .cloned()
        .collect()
}

/// The objects that configure generators or transformers: texts that are objects, files, or directories with a
/// kustomization.
fn plugin_roots(entries: &[Value], level: &Level<'_>, step: &mut Step<'_, '_>) -> Vec<Value> {
    let mut configured = Accumulated::default();
    // kustomize takes an empty text for one with no object in it.
    for entry in entries.iter().filter(|one| one.as_text() != Some("")) {
        let inline = load::inline(entry, step).unwrap_or_default();
        let is_object = inline.iter().any(|root| root.as_mapping().is_some());
        let documents = if is_object {
            Some(inline)
        } else if let Some(reference) = entry.spanned_text() {
            plugin_documents(&reference, level, step)
        } else {
            None
        };
        let (objects, refusals) = load::objects(documents.unwrap_or_default());
        step.problems
            .extend(refusals.into_iter().map(Refusal::into_problem));
        for object in objects {
            configured.append(Resource::new(object));
        }
    }
    step.problems.append(&mut configured.problems);
    let resources = configured.resources.resources.into_iter();
    resources.map(|resource| resource.value).collect()
}

/// The documents that an entry of `generators` or `transformers` names.
fn plugin_documents(
    reference: &Text,
    level: &Level<'_>,
    step: &mut Step<'_, '_>,
) -> Option<Vec<Value>> {
    let files = step.session.files;
    let Found::Directory(directory) = load::find(&reference.value, step.directory, files) else {
        return load::documents(reference, "the configuration", step);
    };
    if level.is_within(&directory) {
        step.problems.push(includes_itself(reference));
        return None;
    }
    let mut accumulated = Accumulated::default();
    let kustomization = read(
        &directory,
        Some(reference.place),
        &mut accumulated,
        step.session,
    );
    let Some(kustomization) = kustomization else {
        step.problems.push(missing(reference));
        return None;
    };
    let below = Level {
        directory: &directory,
        kustomization: &kustomization,
        additions: &Additions::default(),
        parent: Some(level),
        allow_outside_files: step.allow_outside_files,
    };
    accumulate(&below, &mut accumulated, step.session);
    step.problems.append(&mut accumulated.problems);
    step.used.append(&mut accumulated.files);
    let resources = accumulated.resources.resources.into_iter();
    Some(resources.map(|resource| resource.value).collect())
}
