//! What the evaluation of all kustomizations of a run shares.

use std::collections::BTreeSet;
use std::rc::Rc;

use camino::Utf8Path;
use rustc_hash::FxHashMap;

use super::accumulate::{Accumulated, BaseKey};
use super::configuration::Configuration;
use super::resource::ResourceMap;
use crate::gitops::{AppliedPatch, Files, Problem};
use crate::source::{Cause, Change, FileId, OriginId, Origins, Place};

/// What the evaluation of all kustomizations of a run shares: the files, and the origins that it makes.
#[derive(Debug)]
pub(in crate::gitops) struct Session<'f> {
    /// The files.
    pub(in crate::gitops) files: &'f Files,
    /// How values came to be what they are.
    pub(in crate::gitops) origins: Origins,
    /// What kustomizations that others name build.
    pub(super) bases: FxHashMap<BaseKey, Rc<Accumulated>>,
}

impl<'f> Session<'f> {
    /// A session over the files of a run.
    pub(in crate::gitops) fn new(files: &'f Files) -> Self {
        Self {
            files,
            origins: Origins::default(),
            bases: FxHashMap::default(),
        }
    }

    /// The place of a value that something wrote over another: `written` says where, `via` what called for it, `previous`
    /// what was there before.
    pub(in crate::gitops) fn changed(
        &mut self,
        written: Place,
        cause: Cause,
        via: Option<Place>,
        previous: Option<Place>,
    ) -> Place {
        let origin: OriginId = self.origins.add(Change {
            cause,
            via,
            previous,
        });
        Place {
            span: written.span,
            origin,
        }
    }
}

/// What one step of a kustomization, such as a transformer, works with.
#[derive(Debug)]
pub(in crate::gitops) struct Step<'a, 'f> {
    /// What the whole run shares.
    pub(in crate::gitops) session: &'a mut Session<'f>,
    /// What kustomize would refuse, and what only something else can evaluate.
    pub(in crate::gitops) problems: &'a mut Vec<Problem>,
    /// The patches that took part.
    pub(in crate::gitops) patches: &'a mut Vec<AppliedPatch>,
    /// The files that took part.
    pub(in crate::gitops) used: &'a mut BTreeSet<FileId>,
    /// The directory of the kustomization.
    pub(in crate::gitops) directory: &'a Utf8Path,
    /// Which fields transformers change.
    pub(in crate::gitops) configuration: &'a Configuration,
    /// Whether files outside of the directory may be named.
    pub(in crate::gitops) allow_outside_files: bool,
    /// Whether the kustomization is a component.
    pub(in crate::gitops) is_component: bool,
    /// What origins name instead of the field of the kustomization: the CD tool that added it.
    pub(in crate::gitops) cause: Option<Cause>,
}

impl Step<'_, '_> {
    /// The place of a value that this step wrote: `written` says where, `via` what called for it, `previous` what was
    /// there before.
    pub(in crate::gitops) fn changed(
        &mut self,
        written: Place,
        cause: Cause,
        via: Option<Place>,
        previous: Option<Place>,
    ) -> Place {
        let cause = self.cause.unwrap_or(cause);
        self.session.changed(written, cause, via, previous)
    }

    /// Notes what kustomize would refuse; the evaluation goes on without it.
    pub(in crate::gitops) fn refuse(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::Refused {
            place,
            message: message.into(),
            help: None,
        });
    }

    /// Notes what only another program can evaluate.
    pub(in crate::gitops) fn unresolved(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::Unresolved {
            place,
            message: message.into(),
            help: None,
        });
    }
}

/// What a kustomization builds.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct Built {
    /// The resources in the order of the output.
    pub(in crate::gitops) resources: ResourceMap,
    /// What kustomize would refuse, and what only something else can evaluate.
    pub(in crate::gitops) problems: Vec<Problem>,
    /// The patches that took part, those that change nothing included.
    pub(in crate::gitops) patches: Vec<AppliedPatch>,
    /// Every file that took part.
    pub(in crate::gitops) files: BTreeSet<FileId>,
}
