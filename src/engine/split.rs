//! Findings about calls that VirtualServices lead elsewhere: where all HTTP calls of a host go to its subsets, the settings of
//! the host as a whole are for calls that nobody makes.

use super::doubt::lower;
use crate::diagnostic::{Diagnostic, PairId};
use crate::mesh::Mesh;
use crate::object::ObjectId;
use crate::source::Place;

/// Turns findings into notes of unknown certainty where routes lead the calls of all their pairs to subsets.
pub(super) fn doubt_split(diagnostics: &mut [Diagnostic], meshes: &[Mesh]) {
    for diagnostic in diagnostics {
        let pairs = diagnostic.pairs.iter();
        let splits: Option<Vec<_>> = pairs.map(|&pair| led_to_subsets(pair, meshes)).collect();
        let Some((object, place)) = splits.and_then(|splits| splits.first().copied()) else {
            continue;
        };
        diagnostic.message = format!("without a route to a subset, {}", diagnostic.message);
        let text = format!(
            "{object} leads HTTP calls to subsets, and no route leads to the port of the host as a whole"
        );
        lower(diagnostic, text, Some(place));
    }
}

/// The VirtualService that leads the calls of a pair to subsets.
fn led_to_subsets(pair: PairId, meshes: &[Mesh]) -> Option<(&ObjectId, Place)> {
    meshes
        .get(pair.mesh as usize)?
        .led_to_subsets(pair.decision)
}
