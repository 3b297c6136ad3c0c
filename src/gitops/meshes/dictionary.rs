//! Names that people give to environments, clusters and regions. They decide nothing; a variant that is called so is more
//! than a collection of examples.

use camino::Utf8Path;

/// Words for environments.
const ENVIRONMENTS: &[&str] = &[
    "dev",
    "development",
    "int",
    "integration",
    "live",
    "perf",
    "preprod",
    "preview",
    "prd",
    "prod",
    "production",
    "qa",
    "sandbox",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "tst",
    "uat",
];

/// Words that regions start with.
const REGIONS: &[&str] = &[
    "af", "ap", "asia", "au", "ca", "eu", "europe", "me", "sa", "uk", "us",
];

/// Directories that hold one directory for each environment or cluster.
const PARENTS: &[&str] = &[
    "cluster",
    "clusters",
    "env",
    "environments",
    "envs",
    "overlays",
    "regions",
    "stages",
];

/// Whether a directory is called like an environment, a cluster or a region.
pub(super) fn is_environment(directory: &Utf8Path) -> bool {
    let name = directory.file_name().unwrap_or_default().to_lowercase();
    let mut words = name.split(['-', '_', '.']);
    let first = words.next().unwrap_or_default();
    let parent = directory.parent().and_then(Utf8Path::file_name);
    ENVIRONMENTS.contains(&first)
        || REGIONS.contains(&first)
        || words.any(|word| ENVIRONMENTS.contains(&word))
        || parent.is_some_and(|parent| PARENTS.contains(&parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_told_from_examples() {
        for path in ["prod", "apps/shop-staging", "eu-west-1", "clusters/blue"] {
            assert!(is_environment(path.into()), "{path}");
        }
        for path in ["chapter-2", "samples/bookinfo", "travels", ""] {
            assert!(!is_environment(path.into()), "{path}");
        }
    }
}
