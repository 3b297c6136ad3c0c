//! How a kustomization comes together: resources, generators, components, transformers, in kustomize's order.

mod steps;

use std::collections::BTreeSet;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::additions::Additions;
use super::configuration::Configuration;
use super::file::{FileKind, Kustomization, empty_file};
use super::load::{self, Found};
use super::marks::Refusal;
use super::resource::{Resource, ResourceId, ResourceMap};
use super::session::{Session, Step};
use super::transform;
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
    /// The ids of the resources, while nothing but additions happens to them.
    known: Option<FxHashSet<ResourceId>>,
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

impl Level<'_> {
    /// Whether a directory holds this kustomization or one that led to it.
    fn is_within(&self, directory: &Utf8Path) -> bool {
        let mut levels = std::iter::successors(Some(self), |level| level.parent);
        levels.any(|level| load::holds(directory, level.directory))
    }
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
        self.known = None;
        self.split(level, cause, session)
    }

    /// What a step of a level reads files with; it leaves the resources alone.
    fn reading<'a, 'f>(
        &'a mut self,
        level: &'a Level<'_>,
        session: &'a mut Session<'f>,
    ) -> Step<'a, 'f> {
        self.split(level, None, session).1
    }

    /// The resources, and what else a step works with.
    fn split<'a, 'f>(
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
            is_component: cause.is_none() && level.kustomization.kind == FileKind::Component,
            cause,
        };
        (&mut self.resources, step)
    }

    /// Takes in an object; one that is there already is refused.
    fn append(&mut self, resource: Resource) {
        let id = resource.id();
        let resources = &self.resources.resources;
        let known = self.known.get_or_insert_with(|| {
            let ids = resources.iter().map(Resource::id);
            ids.map(ResourceId::into_effective).collect()
        });
        let is_there = !known.insert(id.clone().into_effective());
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
    steps::configure(level, accumulated, session);
    steps::generate(level, accumulated, session);
    for component in &level.kustomization.components {
        take_component(component, false, level, accumulated, session);
    }
    for component in &level.additions.components {
        let may_miss = level.additions.ignore_missing_components;
        take_component(component, may_miss, level, accumulated, session);
    }
    steps::transform(level, accumulated, session);
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
            let mut step = accumulated.reading(level, session);
            let documents = load::documents_of(file, reference, &mut step);
            let (objects, refusals) = load::objects(documents.unwrap_or_default());
            accumulated
                .problems
                .extend(refusals.into_iter().map(Refusal::into_problem));
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
    if level.is_within(directory) {
        accumulated.problems.push(includes_itself(reference));
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

/// The problem of a directory that holds what names it.
fn includes_itself(reference: &Text) -> Problem {
    Problem::Refused {
        place: reference.place,
        message: format!(
            "`{}` holds the kustomization that names it, so that it would include itself",
            reference.value
        ),
        help: Some("name a directory beside or below the kustomization".into()),
    }
}

/// The problem of something that is not there.
fn missing(reference: &Text) -> Problem {
    Problem::Refused {
        place: reference.place,
        message: match &*reference.value {
            "" => "an empty entry names no file and no directory".into(),
            path => format!("`{path}` does not exist"),
        },
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

#[cfg(test)]
mod tests;
