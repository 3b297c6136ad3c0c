//! How a kustomization comes together: resources, generators, components, transformers, in kustomize's order.

use std::collections::BTreeSet;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::additions::Additions;
use super::configuration::Configuration;
use super::file::{FileKind, Kustomization, empty_file};
use super::load::{self, Found};
use super::marks::Refusal;
use super::resource::{Resource, ResourceMap};
use super::session::{Session, Step};
use super::{generate, patch, plugins, transform};
use crate::gitops::{AppliedPatch, Problem};
use crate::source::tree::normalise;
use crate::source::{Cause, FileId, Place, Spanned};
use crate::yaml::Value;

/// A text with its place.
type Text = Spanned<Box<str>>;

/// What has come together so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Accumulated {
    /// The resources in the order of the output.
    pub(super) resources: ResourceMap,
    /// Which fields transformers change.
    pub(super) configuration: Configuration,
    /// The variables of all levels.
    pub(super) vars: Vec<Value>,
    /// What kustomize would refuse, and what only something else can evaluate.
    pub(super) problems: Vec<Problem>,
    /// The patches that took part.
    pub(super) patches: Vec<AppliedPatch>,
    /// The files that took part.
    pub(super) files: BTreeSet<FileId>,
}

/// A kustomization that is being evaluated.
pub(super) struct Level<'l> {
    /// Its directory, clean.
    pub(super) directory: &'l Utf8Path,
    /// What its file says.
    pub(super) kustomization: &'l Kustomization,
    /// What a CD tool adds to it.
    pub(super) additions: &'l Additions,
    /// The one that names it.
    pub(super) parent: Option<&'l Level<'l>>,
    /// Whether files outside of directories may be named.
    pub(super) allow_outside_files: bool,
}

/// What a level works with in one of its steps.
type Work<'a, 'f> = (&'a mut ResourceMap, Step<'a, 'f>);

impl Accumulated {
    /// What a step of a level works with.
    pub(super) fn work<'a, 'f>(
        &'a mut self,
        level: &'a Level<'_>,
        cause: Option<Cause>,
        session: &'a mut Session<'f>,
    ) -> Work<'a, 'f> {
        let step = Step {
            session,
            problems: &mut self.problems,
            patches: &mut self.patches,
            used: &mut self.files,
            directory: level.directory,
            configuration: &self.configuration,
            allow_outside_files: level.allow_outside_files,
            cause,
        };
        (&mut self.resources, step)
    }

    /// Takes in an object; one that is there already is refused.
    fn append(&mut self, resource: Resource) {
        let id = resource.id();
        let is_there = self
            .resources
            .resources
            .iter()
            .any(|known| known.id().is_same(&id));
        if is_there {
            let place = resource
                .metadata("name")
                .map_or(resource.value.place, |name| name.place);
            self.problems.push(Problem::Refused {
                place,
                message: format!("{id} is in this kustomization twice"),
                help: Some("keep one of them, or change the other with a patch".into()),
            });
            return;
        }
        self.resources.resources.push(resource);
    }

    /// Takes in what another kustomization builds.
    fn absorb(&mut self, other: &Self) {
        let offset = self.patches.len();
        for resource in &other.resources.resources {
            let mut resource = resource.clone();
            for patched in &mut resource.patches {
                patched.patch += offset;
            }
            self.append(resource);
        }
        self.configuration.merge(&other.configuration);
        self.vars.extend(other.vars.iter().cloned());
        self.problems.extend(other.problems.iter().cloned());
        self.patches.extend(other.patches.iter().cloned());
        self.files.extend(&other.files);
    }
}

/// Reads the kustomization of a directory. `named` is where it is named, if anywhere.
pub(super) fn read(
    directory: &Utf8Path,
    named: Option<Place>,
    accumulated: &mut Accumulated,
    session: &Session<'_>,
) -> Option<Kustomization> {
    let files = load::kustomization_files(directory, session.files);
    let file = *files.first()?;
    if let [_, second, ..] = files.as_slice() {
        accumulated.problems.push(Problem::Refused {
            place: named.unwrap_or_else(|| load::start_of(*second)),
            message: "there is more than one kustomization in this directory".into(),
            help: Some(format!("remove `{}`", session.files.path(*second))),
        });
    }
    accumulated.files.insert(file);
    let content = session.files.documents(file);
    for problem in &content.problems {
        accumulated.problems.push(Problem::Refused {
            place: Place {
                span: problem.span,
                ..load::start_of(file)
            },
            message: format!("the kustomization cannot be read: {}", problem.message),
            help: None,
        });
    }
    // kustomize reads the first document and no other.
    let first = content.documents.first().filter(|first| first.index == 0);
    let Some(document) = first else {
        if content.problems.is_empty() {
            accumulated.problems.push(empty_file(load::start_of(file)));
        }
        return Some(Kustomization::default());
    };
    Some(Kustomization::read(
        &document.root,
        &mut accumulated.problems,
    ))
}

/// Evaluates a level on top of what is there: nothing for a kustomization, the objects of its parent for a component.
pub(super) fn accumulate(
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    for resource in &level.kustomization.resources {
        take_resource(resource, level, accumulated, session);
    }
    configure(level, accumulated, session);
    generate(level, accumulated, session);
    for component in &level.kustomization.components {
        take_component(component, false, level, accumulated, session);
    }
    for component in &level.additions.components {
        let may_miss = level.additions.ignore_missing_components;
        take_component(component, may_miss, level, accumulated, session);
    }
    transform(level, accumulated, session);
    let (resources, mut step) = accumulated.work(level, None, session);
    transform::variables::claim(&level.kustomization.vars, resources, &mut step);
    let vars = level.kustomization.vars.iter().cloned();
    accumulated.vars.extend(vars);
}

/// Takes in an entry of `resources`: the objects of a file, or what another kustomization builds.
fn take_resource(
    reference: &Text,
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    match load::find(&reference.value, level.directory, session.files) {
        Found::File(file) => {
            let (_, mut step) = accumulated.work(level, None, session);
            let documents = load::documents_of(file, reference, &mut step);
            let (objects, refusals) = load::objects(documents.unwrap_or_default());
            accumulated
                .problems
                .extend(refusals.into_iter().map(refused));
            for object in objects {
                accumulated.append(Resource::new(object));
            }
        }
        Found::Directory(directory) => {
            take_directory(
                &directory,
                reference,
                FileKind::Kustomization,
                level,
                accumulated,
                session,
            );
        }
        Found::Remote => accumulated.problems.push(Problem::Unresolved {
            place: reference.place,
            message: format!("`{}` is not in this repository", reference.value),
            help: Some("what it adds is not known here; copy it into the repository".into()),
        }),
        Found::Missing => accumulated.problems.push(missing(reference)),
    }
}

/// Takes in an entry of `components`.
fn take_component(
    reference: &Text,
    may_miss: bool,
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    match load::find(&reference.value, level.directory, session.files) {
        Found::Directory(directory) => {
            take_directory(
                &directory,
                reference,
                FileKind::Component,
                level,
                accumulated,
                session,
            );
        }
        Found::Remote => accumulated.problems.push(Problem::Unresolved {
            place: reference.place,
            message: format!("component `{}` is not in this repository", reference.value),
            help: Some("what it changes is not known here; copy it into the repository".into()),
        }),
        Found::File(_) => accumulated.problems.push(Problem::Refused {
            place: reference.place,
            message: format!("component `{}` is a file", reference.value),
            help: Some("name the directory of its kustomization".into()),
        }),
        Found::Missing if may_miss => {}
        Found::Missing => accumulated.problems.push(missing(reference)),
    }
}

/// Takes in the kustomization of a directory.
fn take_directory(
    directory: &Utf8Path,
    reference: &Text,
    wanted: FileKind,
    level: &Level<'_>,
    accumulated: &mut Accumulated,
    session: &mut Session<'_>,
) {
    let mut levels = std::iter::successors(Some(level), |level| level.parent);
    if levels.any(|level| load::holds(directory, level.directory)) {
        accumulated.problems.push(Problem::Refused {
            place: reference.place,
            message: format!(
                "`{}` holds the kustomization that names it, so that it would include itself",
                reference.value
            ),
            help: Some("name a directory beside or below the kustomization".into()),
        });
        return;
    }
    let key = (directory.to_owned(), level.allow_outside_files);
    if wanted == FileKind::Kustomization
        && let Some(base) = session.bases.get(&key)
    {
        let base = Rc::clone(base);
        accumulated.absorb(&base);
        return;
    }
    let mut base = Accumulated::default();
    let into = match wanted {
        FileKind::Kustomization => &mut base,
        FileKind::Component => &mut *accumulated,
    };
    let Some(kustomization) = read(directory, Some(reference.place), into, session) else {
        accumulated.problems.push(Problem::Refused {
            place: reference.place,
            message: format!("`{}` has no kustomization", reference.value),
            help: Some("name its files, or write a kustomization there".into()),
        });
        return;
    };
    if kustomization.kind != wanted {
        accumulated.problems.push(wrong_kind(reference, wanted));
        return;
    }
    let below = Level {
        directory,
        kustomization: &kustomization,
        additions: &Additions::default(),
        parent: Some(level),
        allow_outside_files: level.allow_outside_files,
    };
    accumulate(&below, into, session);
    if wanted == FileKind::Kustomization {
        let base = Rc::new(base);
        session.bases.insert(key, Rc::clone(&base));
        accumulated.absorb(&base);
    }
}

/// Reads `configurations` and `crds`.
fn configure(level: &Level<'_>, accumulated: &mut Accumulated, session: &mut Session<'_>) {
    let mut own = Configuration::defaults();
    for reference in &level.kustomization.configurations {
        let (_, mut step) = accumulated.work(level, None, session);
        let documents = load::documents(reference, "the configuration", &mut step);
        for root in documents.iter().flatten() {
            own.add_configuration(root, step.problems);
        }
    }
    for reference in &level.kustomization.crds {
        let (_, mut step) = accumulated.work(level, None, session);
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
fn generate(level: &Level<'_>, accumulated: &mut Accumulated, session: &mut Session<'_>) {
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
        step.unresolved(chart.place, "only Helm can render this chart");
    }
    let roots = plugin_roots(&kustomization.generators, &mut step);
    plugins::generators(&roots, resources, &mut step);
}

/// Runs the transformers, each with what a CD tool adds to its field.
fn transform(level: &Level<'_>, accumulated: &mut Accumulated, session: &mut Session<'_>) {
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
    let roots = plugin_roots(&kustomization.transformers, &mut step);
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
    let (resources, mut step) = accumulated.work(level, None, session);
    for entry in &kustomization.labels {
        transform::labels::apply(entry, resources, &mut step);
    }
    if let Some(labels) = &kustomization.common_labels {
        transform::labels::common(labels, resources, &mut step);
    }
    if let Some(labels) = &additions.common_labels {
        let (resources, mut step) = accumulated.work(level, additions.cause, session);
        transform::labels::common(labels, resources, &mut step);
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
fn plugin_roots(entries: &[Value], step: &mut Step<'_, '_>) -> Vec<Value> {
    let mut roots = Vec::new();
    for entry in entries {
        let inline = load::inline(entry, step).unwrap_or_default();
        let is_object = inline.iter().any(|root| root.as_mapping().is_some());
        let documents = if is_object {
            Some(inline)
        } else if let Some(reference) = entry.spanned_text() {
            plugin_documents(&reference, step)
        } else {
            None
        };
        let (objects, refusals) = load::objects(documents.unwrap_or_default());
        step.problems.extend(refusals.into_iter().map(refused));
        roots.extend(objects);
    }
    roots
}

/// The documents that an entry of `generators` or `transformers` names.
fn plugin_documents(reference: &Text, step: &mut Step<'_, '_>) -> Option<Vec<Value>> {
    let files = step.session.files;
    let Found::Directory(directory) = load::find(&reference.value, step.directory, files) else {
        return load::documents(reference, "the configuration", step);
    };
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
    let level = Level {
        directory: &directory,
        kustomization: &kustomization,
        additions: &Additions::default(),
        parent: None,
        allow_outside_files: step.allow_outside_files,
    };
    // One that names a directory above itself would go on for ever.
    if load::holds(&directory, step.directory) {
        step.refuse(
            reference.place,
            format!("`{}` would include itself", reference.value),
        );
        return None;
    }
    accumulate(&level, &mut accumulated, step.session);
    step.problems.append(&mut accumulated.problems);
    step.used.append(&mut accumulated.files);
    let resources = accumulated.resources.resources.into_iter();
    Some(resources.map(|resource| resource.value).collect())
}

/// The problem of something that is not there.
fn missing(reference: &Text) -> Problem {
    Problem::Refused {
        place: reference.place,
        message: format!("`{}` does not exist", reference.value),
        help: None,
    }
}

/// The problem of a kustomization of the wrong kind.
fn wrong_kind(reference: &Text, wanted: FileKind) -> Problem {
    let path = &reference.value;
    let (message, help) = match wanted {
        FileKind::Component => (
            format!("`{path}` is no Component"),
            "name it under `resources`, or write `kind: Component` there",
        ),
        FileKind::Kustomization => (
            format!("`{path}` is a Component, which is no resource"),
            "name it under `components`",
        ),
    };
    Problem::Refused {
        place: reference.place,
        message,
        help: Some(help.into()),
    }
}

/// A refusal as a problem.
fn refused(refusal: Refusal) -> Problem {
    Problem::Refused {
        place: refusal.place,
        message: refusal.message,
        help: refusal.help,
    }
}

/// The kustomization that a CD tool makes up where a directory has none.
pub(super) fn made_up(
    directory: &Utf8Path,
    additions: &Additions,
    session: &Session<'_>,
) -> Kustomization {
    let resources = additions.resources.iter().filter_map(|path| {
        let full = normalise(&directory.join(path));
        let file = session.files.file(&full).or_else(|| {
            let files = load::kustomization_files(&full, session.files);
            files.first().copied()
        });
        Some(Spanned::new(path.as_str().into(), load::start_of(file?)))
    });
    Kustomization {
        resources: resources.collect(),
        ..Kustomization::default()
    }
}

/// The key of a base in the cache of a session: its directory, and whether files outside of it may be named.
pub(super) type BaseKey = (Utf8PathBuf, bool);
