//! `mtls-lint render`: the objects that a kustomization or folder deploys, as YAML.

use clap::Args;

use super::failure::{Exit, Failure};
use super::input::{InputArgs, tell_unread};
use super::nothing::{is_void, nothing_checked, tell_missing};
use super::output::{note, to_stdout};
use crate::engine::{self, Rendered, RenderedUnit, Request};
use crate::gitops::Problem;
use crate::report::{OriginComments, render_manifests};
use crate::source::Sources;
use crate::source::tree::Tree;
use crate::yaml::Value;

/// The flags of `render`.
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Only this unit, as `mtls-lint meshes` names it
    #[arg(long, value_name = "UNIT")]
    pub(super) unit: Option<String>,
    /// Say behind every changed field where it was written and what it was before
    #[arg(long)]
    pub(super) origin: bool,
}

/// Prints what the path deploys. What kustomize would refuse goes to standard error and ends with the status of findings.
pub(super) fn run(args: &RenderArgs, request: &Request, tree: &dyn Tree) -> Result<Exit, Failure> {
    let mut rendered = engine::render(request, tree)?;
    args.input.show_paths(|shown| rendered.show_paths(shown));
    if !rendered.missing.is_empty() {
        return Ok(tell_missing(&rendered.missing, &args.input, tree));
    }
    tell_unread(&rendered.summary);
    if is_void(request, &rendered.summary) {
        return Err(nothing_checked(&args.input, request, &rendered.summary));
    }
    let units = selected(args, &rendered)?;
    let mut is_refused = false;
    for unit in &units {
        for problem in &unit.problems {
            is_refused |= tell(problem, &rendered.sources);
        }
    }
    if is_refused {
        return Ok(Exit::Findings);
    }
    let objects: Vec<Value> = units
        .iter()
        .flat_map(|unit| unit.objects.iter().cloned())
        .collect();
    let is_silent = units
        .iter()
        .all(|unit| !unit.problems.iter().any(Problem::is_lack));
    if objects.is_empty() && is_silent && !rendered.is_built {
        return Err(Failure::input("the files that were read deploy nothing").with_help(
            "name a folder with a kustomization or manifests; `mtls-lint meshes --verbose` says of each file why it is part of nothing",
        ));
    }
    let comments = args.origin.then_some(OriginComments {
        sources: &rendered.sources,
        origins: &rendered.origins,
    });
    to_stdout(|out| render_manifests(&objects, comments, out))?;
    Ok(Exit::Success)
}

/// The units that are asked for.
fn selected<'r>(
    args: &RenderArgs,
    rendered: &'r Rendered,
) -> Result<Vec<&'r RenderedUnit>, Failure> {
    let Some(name) = &args.unit else {
        return Ok(rendered.units.iter().collect());
    };
    let found: Vec<&RenderedUnit> = rendered
        .units
        .iter()
        .filter(|unit| &*unit.name == name.as_str())
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = rendered.units.iter().map(|unit| &*unit.name).collect();
        let failure = Failure::usage(format!("there is no unit `{name}`"));
        return Err(failure.with_help(format!("the units are {}", names.join(", "))));
    }
    Ok(found)
}

/// Says what is wrong; whether the tool would refuse to build.
fn tell(problem: &Problem, sources: &Sources) -> bool {
    let (word, is_refused) = match problem {
        Problem::Refused { .. } | Problem::Broken { .. } => ("error", true),
        Problem::Unresolved { .. } | Problem::Variables { .. } | Problem::Chart { .. } => {
            ("unresolved", false)
        }
        Problem::Remark { .. } => ("note", false),
        Problem::Unnamed { .. } | Problem::Unversioned { .. } => ("not deployed", false),
    };
    let place = problem.place();
    let file = sources.file(place.span.file);
    let position = file.position(place.span.start as usize);
    note(&format!(
        "{word}: {}:{}:{}: {}",
        file.path(),
        position.line,
        position.column,
        problem.message()
    ));
    if let Some(help) = problem.help() {
        note(&format!("help: {help}"));
    }
    is_refused
}
