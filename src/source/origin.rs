//! Origins: how a value came to be deployed as it is, and what it was before.

use super::Place;

/// How a value came to be what it is, an index into [`Origins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(u32);

impl OriginId {
    /// The origin of everything written in a manifest of the input.
    pub(crate) const BASE: Self = Self(0);
    /// The origin of everything given with `--assume`.
    pub(crate) const ASSUMED: Self = Self(1);
}

/// How many ids stand for something that is not in the table.
const RESERVED: u32 = 2;

/// Why a value stands where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'o> {
    /// Written in a manifest of the input.
    Base,
    /// Given with `--assume`: it is in the cluster and not in the repository, and never gets findings.
    Assumed,
    /// Made by something that changes manifests before they are applied.
    Changed(&'o Change),
}

/// What changed a value before it is applied. The place of the value is where the new text is written: in the patch, at
/// the transformer, at the definition of the variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What did it.
    pub cause: Cause,
    /// Where it is called for, if that is elsewhere than the place of the value: the entry of the kustomization that
    /// names the patch, the value that holds the variable.
    pub via: Option<Place>,
    /// Where the value stands that it overwrote, or that it changed a part of; none for what it added.
    pub previous: Option<Place>,
}

/// What changes manifests before they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A strategic merge patch of a kustomization.
    StrategicMergePatch,
    /// An operation of a JSON 6902 patch.
    JsonPatch,
    /// `namespace` of a kustomization.
    Namespace,
    /// `namePrefix` of a kustomization.
    NamePrefix,
    /// `nameSuffix` of a kustomization.
    NameSuffix,
    /// `labels` or `commonLabels` of a kustomization.
    Labels,
    /// `commonAnnotations` of a kustomization.
    Annotations,
    /// `images` of a kustomization.
    Images,
    /// `replicas` of a kustomization.
    Replicas,
    /// `replacements` of a kustomization; the place is the source.
    Replacement,
    /// `vars` of a kustomization; the place is what the variable refers to.
    Variable,
    /// A reference that follows the new name or namespace of what it names.
    Reference,
    /// A generator of a kustomization.
    Generator,
    /// `postBuild` of a Flux Kustomization; the place is the definition of the variable.
    Substitution,
    /// Another field of a Flux Kustomization.
    Flux,
    /// A field of an Argo CD Application.
    ArgoCd,
}

impl Cause {
    /// What did it, in the words of the tool, to be read after "by".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StrategicMergePatch => "a strategic merge patch",
            Self::JsonPatch => "a JSON patch",
            Self::Namespace => "`namespace` of the kustomization",
            Self::NamePrefix => "`namePrefix` of the kustomization",
            Self::NameSuffix => "`nameSuffix` of the kustomization",
            Self::Labels => "`labels` of the kustomization",
            Self::Annotations => "`commonAnnotations` of the kustomization",
            Self::Images => "`images` of the kustomization",
            Self::Replicas => "`replicas` of the kustomization",
            Self::Replacement => "a replacement",
            Self::Variable => "a variable of the kustomization",
            Self::Reference => "the new name of what it refers to",
            Self::Generator => "a generator",
            Self::Substitution => "a substitution of Flux",
            Self::Flux => "the Flux Kustomization",
            Self::ArgoCd => "the Argo CD Application",
        }
    }
}

/// The changes of a run, by [`OriginId`].
#[derive(Debug, Default)]
pub struct Origins {
    changes: Vec<Change>,
}

impl Origins {
    /// Takes in a change.
    pub(crate) fn add(&mut self, change: Change) -> OriginId {
        let index = u32::try_from(self.changes.len())
            .ok()
            .and_then(|index| index.checked_add(RESERVED));
        let Some(index) = index else {
            // Four billion changes do not fit into memory; if they did, the last ones would count as written.
            return OriginId::BASE;
        };
        self.changes.push(change);
        OriginId(index)
    }

    /// What an id of this run stands for.
    pub fn get(&self, id: OriginId) -> Origin<'_> {
        if id == OriginId::ASSUMED {
            return Origin::Assumed;
        }
        let index = id.0.checked_sub(RESERVED).map(|index| index as usize);
        match index.and_then(|index| self.changes.get(index)) {
            Some(change) => Origin::Changed(change),
            None => Origin::Base,
        }
    }

    /// The change that made the value at a place, if any did.
    pub fn change(&self, place: Place) -> Option<&Change> {
        match self.get(place.origin) {
            Origin::Changed(change) => Some(change),
            Origin::Base | Origin::Assumed => None,
        }
    }

    /// The places that a value went through, the newest first and the one in the base last.
    pub fn history(&self, place: Place) -> impl Iterator<Item = Place> {
        std::iter::successors(Some(place), |&place| self.change(place)?.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn place(start: u32, origin: OriginId) -> Place {
        Place {
            span: Span::new(FileId(0), start, start + 1),
            origin,
        }
    }

    #[test]
    fn the_history_of_a_value_leads_to_its_base() {
        let mut origins = Origins::default();
        let base = place(0, OriginId::BASE);
        let change = |cause, previous| Change {
            cause,
            via: None,
            previous: Some(previous),
        };
        let patched = place(10, origins.add(change(Cause::StrategicMergePatch, base)));
        let renamed = place(20, origins.add(change(Cause::NamePrefix, patched)));
        let starts: Vec<u32> = origins
            .history(renamed)
            .map(|place| place.span.start)
            .collect();
        assert_eq!(starts, [20, 10, 0]);
    }

    #[test]
    fn what_is_written_in_a_manifest_has_no_change() {
        let origins = Origins::default();
        assert_eq!(origins.get(OriginId::BASE), Origin::Base);
        assert_eq!(origins.get(OriginId::ASSUMED), Origin::Assumed);
        assert_eq!(origins.change(place(0, OriginId::BASE)), None);
    }
}
