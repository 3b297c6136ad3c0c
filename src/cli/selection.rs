//! Which rules run and how bad their findings are: flags joined with the config file.

use std::collections::BTreeMap;

use super::args::RuleSelectionArgs;
use super::failure::Failure;
use super::input::joined;
use crate::config::{Config, Level, Override};
use crate::diagnostic::Severity;
use crate::engine::{PathRules, Request};
use crate::rules::find;

/// Refuses flags with names that no rule has.
pub(super) fn check_names(args: &RuleSelectionArgs) -> Result<(), Failure> {
    for name in args.select.iter().chain(&args.ignore) {
        find(name)?;
    }
    Ok(())
}

/// Selects the rules that run. Flags with names that no rule has are refused.
pub(super) fn select(
    args: &RuleSelectionArgs,
    config: &Config,
    request: &mut Request,
) -> Result<(), Failure> {
    check_names(args)?;
    request.rules.select = if args.select.is_empty() {
        config.select.clone()
    } else {
        args.select.clone()
    };
    let (severities, off) = parted(config.levels());
    let ignored = joined(&config.ignored_rules(), &off);
    request.rules.ignore = joined(&ignored, &args.ignore);
    request.rules.severities = severities;
    request.rules.overrides = config.overrides.iter().map(path_rules).collect();
    Ok(())
}

/// What differs in some paths, as the engine takes it.
fn path_rules(written: &Override) -> PathRules {
    let rules = written.rules.iter();
    let levels = rules.map(|(name, setting)| (name.clone(), setting.severity));
    let (severities, off) = parted(levels.collect());
    PathRules {
        paths: written.paths.clone(),
        select: written.select.clone(),
        ignore: joined(&written.ignore, &off),
        severities,
    }
}

/// The severities, and the rules that are off.
fn parted(levels: BTreeMap<String, Level>) -> (BTreeMap<String, Severity>, Vec<String>) {
    let mut severities = BTreeMap::new();
    let mut off = Vec::new();
    for (name, level) in levels {
        match level.severity() {
            Some(severity) => {
                severities.insert(name, severity);
            }
            None => off.push(name),
        }
    }
    (severities, off)
}
