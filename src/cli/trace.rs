//! `mtls-lint trace`: one decision, step by step.

use std::str::FromStr;

use clap::Args;

use super::failure::{Exit, Failure};
use super::input::InputArgs;
use crate::engine::Request;
use crate::source::tree::Tree;

/// The arguments of `trace`.
#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// The client, as `namespace/Kind/name` or `namespace/name`
    #[arg(value_name = "CLIENT")]
    pub(super) client: String,
    /// The destination
    #[arg(value_name = "HOST[:PORT][/SUBSET]")]
    pub(super) target: TraceTarget,
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
}

/// A destination as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceTarget {
    /// The host, in full or short.
    pub(super) host: String,
    /// The port; none for all.
    pub(super) port: Option<u16>,
    /// The subset; none for no subset.
    pub(super) subset: Option<String>,
}

impl FromStr for TraceTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, subset) = match text.split_once('/') {
            Some((address, subset)) => (address, Some(subset)),
            None => (text, None),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (address, None),
        };
        if host.is_empty() || subset.is_some_and(str::is_empty) {
            return Err("expected HOST[:PORT][/SUBSET], such as `web.shop:80/v1`".into());
        }
        Ok(Self {
            host: host.into(),
            port,
            subset: subset.map(str::to_owned),
        })
    }
}

/// A port from 1 to 65535.
fn parse_port(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|&port| port != 0)
        .ok_or_else(|| format!("`{text}` is not a port"))
}

/// Prints the decision.
pub(super) fn run(
    _args: &TraceArgs,
    _request: &Request,
    _tree: &dyn Tree,
) -> Result<Exit, Failure> {
    Err(Failure::usage("`trace` is not available in this build"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_with_an_optional_port_and_subset() {
        let table = [
            ("web", "web", None, None),
            ("web.shop:80", "web.shop", Some(80), None),
            ("web/v1", "web", None, Some("v1")),
            ("web.shop:8080/v1", "web.shop", Some(8080), Some("v1")),
        ];
        for (text, host, port, subset) in table {
            let target: TraceTarget = text.parse().expect("the target is valid");
            let found = (target.host.as_str(), target.port, target.subset.as_deref());
            assert_eq!(found, (host, port, subset), "{text}");
        }
    }

    #[test]
    fn a_target_without_host_or_with_a_bad_port_is_refused() {
        for text in ["", ":80", "web:http", "web:0", "web:70000", "web/", "/v1"] {
            assert!(text.parse::<TraceTarget>().is_err(), "{text}");
        }
    }
}
