//! Which files form which mesh: meshes, their units, what those deploy, and the files that nothing deploys.

mod json;
mod text;

use std::io::{self, Write};

use crate::gitops::{Deployment, Unit};
use crate::resource::decode_values;
use crate::source::{Place, Sources};

/// A format of the meshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshesFormat {
    /// A tree for people; `names_objects` to name objects and all files, which are counted else.
    Text {
        /// Whether objects and all files are named.
        names_objects: bool,
    },
    /// The stable interface `mtls-lint/meshes/1`.
    Json,
}

/// Writes the meshes of a deployment.
pub fn render_meshes(
    deployment: &Deployment,
    sources: &Sources,
    format: MeshesFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        MeshesFormat::Text { names_objects } => {
            let text = text::render(deployment, sources, names_objects);
            out.write_all(text.as_bytes())
        }
        MeshesFormat::Json => json::render(deployment, sources, out),
    }
}

/// Where the Helm values of a unit stand that say something about the mesh.
fn values(unit: &Unit) -> impl Iterator<Item = Place> {
    let values = unit.values.iter();
    let values = values.filter(|value| decode_values(value).is_some());
    values.map(|value| value.place)
}

/// A place as path and line.
fn position(place: Place, sources: &Sources) -> (&str, usize) {
    let file = sources.file(place.span.file);
    let line = file.position(place.span.start as usize).line;
    (file.path().as_str(), line)
}
