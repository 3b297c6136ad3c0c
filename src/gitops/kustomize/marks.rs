//! How a patch leaves its mark on the places of what it changes.

use super::session::Step;
use crate::gitops::Problem;
use crate::source::{Cause, OriginId, Place};
use crate::yaml::{Node, Removed, RemovedItem, Value};

/// What makes the origins of the values that one patch writes.
pub(super) struct Marks<'a, 'b, 'f> {
    step: &'a mut Step<'b, 'f>,
    cause: Cause,
    via: Option<Place>,
    /// The origin of what overwrites nothing, made once.
    added: Option<OriginId>,
    /// Above zero while a patch is merged with itself, which changes nothing that is deployed yet.
    quiet: u32,
}

/// Something that kustomize would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Where it is written.
    pub(super) place: Place,
    /// What is wrong, as a headline.
    pub(super) message: String,
    /// What to do, as an instruction.
    pub(super) help: Option<String>,
}

impl Refusal {
    /// A refusal at a place.
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: None,
        }
    }

    /// The refusal as a problem of the unit.
    pub(super) fn into_problem(self) -> Problem {
        Problem::Refused {
            place: self.place,
            message: self.message,
            help: self.help,
        }
    }

    /// The same with an instruction.
    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

impl<'a, 'b, 'f> Marks<'a, 'b, 'f> {
    /// The marks of a patch that an entry calls for.
    pub(super) fn new(step: &'a mut Step<'b, 'f>, cause: Cause, via: Option<Place>) -> Self {
        Self {
            step,
            cause,
            via,
            added: None,
            quiet: 0,
        }
    }

    /// Does something without leaving marks.
    pub(super) fn quietly<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += 1;
        let result = f(self);
        self.quiet -= 1;
        result
    }

    /// Whether marks are left.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet > 0
    }

    /// The place of something written over something else.
    pub(super) fn changed(&mut self, written: Place, previous: Option<Place>) -> Place {
        let Some(previous) = previous else {
            return Place {
                span: written.span,
                origin: self.added(written),
            };
        };
        self.step
            .changed(written, self.cause, self.via, Some(previous))
    }

    /// Marks a value that a patch writes, with everything in it.
    pub(super) fn mark(&mut self, value: &mut Value, previous: Option<Place>) {
        if self.is_quiet() {
            return;
        }
        let origin = self.added(value.place);
        let place = self.changed(value.place, previous);
        set_origin(value, origin);
        value.place = place;
    }

    /// Marks the place of a key that a patch writes.
    pub(super) fn mark_key(&mut self, place: &mut Place) {
        if !self.is_quiet() {
            place.origin = self.added(*place);
        }
    }

    /// Remembers what a map or list had that its replacement lacks, removed at a place.
    pub(super) fn bury(&mut self, old: Value, new: &mut Value, place: Place) {
        if self.is_quiet() {
            return;
        }
        match (old.node, &mut new.node) {
            (Node::Mapping(old), Node::Mapping(new)) => {
                for entry in old.entries {
                    let key = &entry.key.value;
                    if !new.entries.iter().any(|kept| kept.key.value == *key) {
                        let place = self.changed(place, Some(entry.value.place));
                        new.removed.push(Removed { entry, place });
                    }
                }
            }
            (Node::Sequence(old), Node::Sequence(new)) => {
                for item in old.items {
                    if !new.iter().any(|kept| kept.is_equal(&item)) {
                        let place = self.changed(place, Some(item.place));
                        new.removed.push(RemovedItem { item, place });
                    }
                }
            }
            (Node::Scalar(_) | Node::Sequence(_) | Node::Mapping(_), _) => {}
        }
    }

    /// The origin of what overwrites nothing.
    fn added(&mut self, written: Place) -> OriginId {
        if let Some(added) = self.added {
            return added;
        }
        let place = self.step.changed(written, self.cause, self.via, None);
        self.added = Some(place.origin);
        place.origin
    }
}

/// Gives a value and everything in it an origin.
fn set_origin(value: &mut Value, origin: OriginId) {
    value.place.origin = origin;
    match &mut value.node {
        Node::Scalar(_) => {}
        Node::Sequence(items) => {
            for item in items {
                set_origin(item, origin);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                entry.key.place.origin = origin;
                set_origin(&mut entry.value, origin);
            }
        }
    }
}
