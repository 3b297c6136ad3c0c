//! Clients and hosts that no mesh has: what the user may have meant.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::mesh::Mesh;
use crate::rule::{did_you_mean, nearest};

/// How many names are listed.
const LISTED: usize = 10;

/// The failure for a client that no mesh has.
pub(super) fn unknown_client(text: &str, meshes: &[Mesh]) -> Failure {
    let names: BTreeSet<String> = meshes.iter().flat_map(Mesh::client_names).collect();
    let mut forms: Vec<&str> = Vec::new();
    for name in &names {
        // `namespace/Kind/name` in the forms that people use, the shortest last so that it wins.
        let parts: Vec<&str> = name.splitn(3, '/').collect();
        forms.push(name);
        forms.extend(parts.last());
    }
    let pairs: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let (namespace, rest) = name.split_once('/')?;
            let (_, name) = rest.split_once('/')?;
            Some(format!("{namespace}/{name}"))
        })
        .collect();
    let all = pairs.iter().map(String::as_str).chain(forms);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    failure("client", text, nearest(text, all), &names)
}

/// The failure for a host that no mesh has.
pub(super) fn unknown_host(text: &str, meshes: &[Mesh]) -> Failure {
    let names: BTreeSet<&str> = meshes.iter().flat_map(Mesh::host_names).collect();
    let mut forms: Vec<&str> = names.iter().copied().collect();
    for name in &names {
        let mut parts = name.match_indices('.').map(|(at, _)| at);
        // The name, and the name with its namespace.
        forms.extend(parts.next().and_then(|at| name.get(..at)));
        forms.extend(parts.next().and_then(|at| name.get(..at)));
    }
    let names: Vec<&str> = names.into_iter().collect();
    failure("host", text, nearest(text, forms), &names)
}

/// The failure for a name that can mean several things.
pub(super) fn ambiguous(what: &str, text: &str, names: &[String]) -> Failure {
    let listed: Vec<&str> = names.iter().map(String::as_str).collect();
    Failure::usage(format!("`{text}` can mean more than one {what}"))
        .with_help(format!("give one of: {}", list(&listed)))
}

fn failure(what: &str, text: &str, near: Option<&str>, names: &[&str]) -> Failure {
    let message = match near {
        Some(_) => format!("unknown {what} `{text}`{}", did_you_mean(near)),
        None => format!("unknown {what} `{text}`"),
    };
    let help = if names.is_empty() {
        let such = if what == "client" {
            "a workload, such as a Deployment"
        } else {
            "a Service or ServiceEntry"
        };
        format!(
            "the manifests that were read hold none; a {what} is {such}, and `mtls-lint meshes` says what was read"
        )
    } else {
        // Of many the nearest are the most likely.
        let mut names = names.to_vec();
        if names.len() > LISTED {
            names.sort_by_cached_key(|name| strsim::damerau_levenshtein(text, name));
        }
        format!("the mesh has: {}", list(&names))
    };
    Failure::usage(message).with_help(help)
}

/// The first names, and how many more there are.
fn list(names: &[&str]) -> String {
    let shown = names.iter().take(LISTED).copied().collect::<Vec<_>>();
    let shown = shown.join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
