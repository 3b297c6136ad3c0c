//! What Flux and Argo CD add to a kustomization before they build it.

use camino::Utf8PathBuf;

use crate::source::{Cause, Spanned};
use crate::yaml::Value;

/// What a CD tool adds to a kustomization before it builds it, each with the place in the CD resource. Lists go behind
/// those of the file, single values replace them.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct Additions {
    /// What the origins of what is added name, such as [`Cause::Flux`]; none where a kustomization stands for itself.
    pub(in crate::gitops) cause: Option<Cause>,
    /// The resources where the directory has no kustomization: files and directories with one, relative to it.
    pub(in crate::gitops) resources: Vec<Utf8PathBuf>,
    /// `namespace`.
    pub(in crate::gitops) namespace: Option<Spanned<Box<str>>>,
    /// `namePrefix`.
    pub(in crate::gitops) name_prefix: Option<Spanned<Box<str>>>,
    /// `nameSuffix`.
    pub(in crate::gitops) name_suffix: Option<Spanned<Box<str>>>,
    /// Entries of `labels`.
    pub(in crate::gitops) labels: Vec<Value>,
    /// `commonLabels`, a mapping.
    pub(in crate::gitops) common_labels: Option<Value>,
    /// `commonAnnotations`, a mapping.
    pub(in crate::gitops) common_annotations: Option<Value>,
    /// Entries of `components`.
    pub(in crate::gitops) components: Vec<Spanned<Box<str>>>,
    /// Whether components that do not exist are passed over.
    pub(in crate::gitops) ignore_missing_components: bool,
    /// Entries of `patches`.
    pub(in crate::gitops) patches: Vec<Value>,
    /// Entries of `patchesStrategicMerge`, each a mapping or a text.
    pub(in crate::gitops) patches_strategic_merge: Vec<Value>,
    /// Entries of `patchesJson6902`.
    pub(in crate::gitops) patches_json6902: Vec<Value>,
    /// Entries of `images`.
    pub(in crate::gitops) images: Vec<Value>,
    /// Entries of `replicas`.
    pub(in crate::gitops) replicas: Vec<Value>,
    /// Whether files outside of the directory of a kustomization may be named, as Flux allows.
    pub(in crate::gitops) allow_outside_files: bool,
}
