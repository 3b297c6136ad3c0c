//! Which changed line brings a finding: one of its own places, or one that is gone.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::lines::ChangedLines;
use crate::diagnostic::{Diagnostic, Fact, Label, PairId};
use crate::engine::Analysis;
use crate::mesh::{Decision, Mesh};
use crate::object::ObjectId;
use crate::source::{FileId, Place, SourceFile, Sources, Span};

/// Says of every finding which changed line brings it, and gives the files that its places are in: those of the run, and
/// behind them those of the base that a line is gone from.
pub(super) fn attribute(
    diagnostics: &mut [Diagnostic],
    now: &Analysis,
    before: &Analysis,
    lines: &ChangedLines<'_>,
    base: &str,
) -> Arc<Sources> {
    let mut gone = GoneFiles::new(&now.sources, &before.sources, base);
    let (objects, old_objects) = (extents(now), extents(before));
    for diagnostic in diagnostics.iter_mut() {
        let changed = changed_place(diagnostic, now, lines, base)
            .or_else(|| changed_object(diagnostic, &objects, now, lines, base));
        if let Some(label) = changed {
            tell(diagnostic, label);
            continue;
        }
        let lost = diagnostic
            .pairs
            .iter()
            .find_map(|&pair| lost_fact(pair, now, before, &old_objects, lines));
        if let Some(fact) = lost
            && let Some(place) = fact.place
        {
            let label = Label {
                place: gone.place(place),
                message: format!("`{base}` had this, which is gone now: {}", fact.text),
                object: fact.object,
            };
            tell(diagnostic, label);
        }
    }
    gone.into_sources()
}

/// Adds the changed line as a place and as a fact.
fn tell(diagnostic: &mut Diagnostic, label: Label) {
    diagnostic.evidence.push(Fact {
        text: label.message.clone(),
        assumed: false,
        place: Some(label.place),
        object: label.object.clone(),
    });
    if diagnostic.place != Some(label.place) {
        diagnostic.labels.push(label);
    }
}

/// The first place of a finding that is on a changed line: its own, that of a label, that of a fact, or one that leads to
/// them through a patch.
fn changed_place(
    diagnostic: &Diagnostic,
    now: &Analysis,
    lines: &ChangedLines<'_>,
    base: &str,
) -> Option<Label> {
    let own = diagnostic.place.map(|place| (place, &diagnostic.object));
    let labels = diagnostic
        .labels
        .iter()
        .map(|label| (label.place, &label.object));
    let facts = diagnostic
        .evidence
        .iter()
        .filter_map(|fact| Some((fact.place?, &fact.object)));
    let origins = &now.deployment.origins;
    let mut places = own.into_iter().chain(labels).chain(facts);
    places.find_map(|(place, object)| {
        let steps = origins.history(place).flat_map(|step| {
            let via = origins.change(step).and_then(|change| change.via);
            std::iter::once(step).chain(via)
        });
        let place = steps
            .take_while(|step| step.span.file.index() < now.sources.count())
            .find(|&step| lines.is_new(step, &now.sources))?;
        Some(Label {
            place,
            message: format!("this line is new or changed since `{base}`"),
            object: object.clone(),
        })
    })
}

/// Where every object is written, as a whole.
fn extents(analysis: &Analysis) -> FxHashMap<&ObjectId, Place> {
    let units = analysis.deployment.units.iter();
    units
        .flat_map(|unit| &unit.objects)
        .map(|object| (&object.id, object.value.place))
        .collect()
}

/// The first changed line of an object that a finding names, where none of the places themselves changed.
fn changed_object(
    diagnostic: &Diagnostic,
    objects: &FxHashMap<&ObjectId, Place>,
    now: &Analysis,
    lines: &ChangedLines<'_>,
    base: &str,
) -> Option<Label> {
    let facts = diagnostic
        .evidence
        .iter()
        .filter_map(|fact| fact.object.as_ref());
    let mut named = diagnostic.object.iter().chain(facts);
    named.find_map(|object| {
        let extent = objects.get(object)?;
        Some(Label {
            place: lines.first_new(*extent, &now.sources)?,
            message: format!("this line is new or changed since `{base}`"),
            object: Some(object.clone()),
        })
    })
}

/// A fact of the base about the same traffic that stood on a line which is gone, or in an object of which a line is.
fn lost_fact(
    pair: PairId,
    now: &Analysis,
    before: &Analysis,
    objects: &FxHashMap<&ObjectId, Place>,
    lines: &ChangedLines<'_>,
) -> Option<Fact> {
    let mesh = now.meshes.get(pair.mesh as usize)?;
    let decision = mesh.decisions().get(pair.decision as usize)?;
    let old_mesh = before
        .meshes
        .iter()
        .find(|other| other.name() == mesh.name())
        .or(before.meshes.first())?;
    let old = same_traffic(mesh, decision, old_mesh)?;
    let facts = old_mesh.evidence(old);
    let is_gone = |fact: &&Fact| {
        fact.place
            .is_some_and(|place| !place.is_assumed() && lines.is_gone(place, &before.sources))
    };
    if let Some(fact) = facts.iter().find(is_gone) {
        return Some(fact.clone());
    }
    facts.into_iter().find_map(|fact| {
        let extent = objects.get(fact.object.as_ref()?)?;
        let place = lines.first_gone(*extent, &before.sources)?;
        Some(Fact {
            place: Some(place),
            ..fact
        })
    })
}

/// The decision of another mesh about the same destination, and if possible about the same clients.
fn same_traffic<'m>(mesh: &Mesh, decision: &Decision, other: &'m Mesh) -> Option<&'m Decision> {
    let class = mesh.class_name(&decision.clients);
    let mut same = other
        .decisions()
        .iter()
        .filter(|one| one.destination == decision.destination)
        .peekable();
    let first = same.peek().copied();
    same.find(|one| other.class_name(&one.clients) == class)
        .or(first)
}

/// The files of a run with those of the base behind them that something is gone from.
struct GoneFiles<'a> {
    now: &'a Arc<Sources>,
    before: &'a Sources,
    base: &'a str,
    /// Files of the base, in the order in which they were asked for.
    added: Vec<FileId>,
}

impl<'a> GoneFiles<'a> {
    fn new(now: &'a Arc<Sources>, before: &'a Sources, base: &'a str) -> Self {
        Self {
            now,
            before,
            base,
            added: Vec::new(),
        }
    }

    /// A place of the base as a place of the joined files.
    fn place(&mut self, place: Place) -> Place {
        let file = place.span.file;
        let position = self.added.iter().position(|&added| added == file);
        let position = position.unwrap_or_else(|| {
            self.added.push(file);
            self.added.len() - 1
        });
        let index = self.now.count() + position;
        let file = FileId::new(index);
        Place {
            span: Span { file, ..place.span },
            ..place
        }
    }

    fn into_sources(self) -> Arc<Sources> {
        if self.added.is_empty() {
            return self.now.clone();
        }
        let now = self.now.iter().map(|(_, file)| file.clone());
        let gone = self.added.iter().map(|&id| {
            let file = self.before.file(id);
            SourceFile::new(
                format!("{}:{}", self.base, file.path()).into(),
                file.text().into(),
                file.role(),
            )
        });
        Arc::new(Sources::new(now.chain(gone).collect()))
    }
}
