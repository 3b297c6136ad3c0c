#!/usr/bin/env bash
# What the workflow of a release asks of the repository.
#
#   scripts/release.sh version VERSION     ends where the sources are not of that version or CHANGELOG.md has no section of it
#   scripts/release.sh notes VERSION       prints that section
#   scripts/release.sh tag VERSION DIST    adds checksums, formula and krew manifest to the archives in DIST, commits the checksums
#                                          for the action, and tags that commit; nothing is pushed. Done again, with the
#                                          same archives in a fresh clone, it makes the same commit: a release that
#                                          stopped halfway can go on
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

[[ $# -ge 2 ]] || fail "usage: $0 version|notes|tag VERSION [DIST]"
version="$2"

notes() {
    awk -v heading="## [$version]" '
        index($0, "## ") == 1 { shown = ($0 == heading || index($0, heading " ") == 1); next }
        shown
    ' CHANGELOG.md
}

case "$1" in
version)
    own="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)"
    [[ "$version" == "$own" ]] || fail "the tag says $version, Cargo.toml $own"
    [[ -n "$(notes)" ]] || fail "CHANGELOG.md has no section \`## [$version]\`"
    printf 'version=%s\n' "$version"
    ;;
notes)
    notes
    ;;
tag)
    dist="$(cd "$3" && pwd)"
    (cd "$dist" && sha256sum mtls-lint-*.tar.gz mtls-lint.cdx.json THIRD-PARTY-LICENSES.txt >sha256sums.txt)
    scripts/channels.py "$dist/sha256sums.txt" "$dist"
    mv "$dist/checksums.txt" action/checksums.txt
    git add action/checksums.txt
    GIT_AUTHOR_DATE="$(git show --no-patch --format=%cI HEAD)"
    GIT_COMMITTER_DATE="$GIT_AUTHOR_DATE"
    export GIT_AUTHOR_DATE GIT_COMMITTER_DATE
    git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
        commit --quiet --message "Add the checksums of $version for the action"
    git tag "v$version"
    ;;
*)
    fail "$1: there is no such command"
    ;;
esac
