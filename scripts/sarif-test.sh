#!/usr/bin/env bash
# Lets Microsoft's validator judge the SARIF of every fixture by the rules of the format and those of GitHub's code scanning. That it
# follows the schema, `tests/formats.rs` says. Skips, and says so, where `npm install --prefix scripts --no-save
# @microsoft/sarif-multitool@5.7.0` was not run.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# The program itself: what npm puts beside it breaks at the `;` below.
multitool="${SARIF_MULTITOOL:-$root/scripts/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool}"
if [[ ! -x "$multitool" ]]; then
    printf 'skipped: the SARIF multitool is not installed\n'
    exit 0
fi
program="${MTLS_LINT:-$root/target/debug/mtls-lint}"
[[ -x "$program" ]] || { printf 'no mtls-lint in target/debug; cargo build makes it\n' >&2 && exit 1; }
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# `validate FOLDER`: what the validator says about the files in a folder; it ends with 0 whatever it finds.
validate() {
    "$multitool" validate "$1/*.sarif" --rule-kind 'Sarif;Ghas' --log ForceOverwrite --output "$scratch/judged" >"$scratch/log"
    grep -E ': (error|warning) ' "$scratch/log" || true
}

mkdir "$scratch/all" "$scratch/broken"
for fixture in "$root"/testdata/{seed/*,rules/*/*,vectors/*/*,projects/*,faq/*,overlay}/; do
    name="${fixture#"$root/testdata/"}"
    (cd "$fixture" && "$program" --exit-zero --allow-empty --format sarif .) >"$scratch/all/${name//\//-}.sarif" 2>"$scratch/log" ||
        fail "$name: $(cat "$scratch/log")"
done
count="$(find "$scratch/all" -name '*.sarif' | wc -l)"

# A validator that finds nothing in what is broken proves nothing.
sed 's/"ruleIndex": *[0-9]*/"ruleIndex": 9999/' "$scratch/all/seed-istio-1.0-.sarif" >"$scratch/broken/index.sarif"
[[ "$(validate "$scratch/broken")" == *SARIF1009* ]] || fail "a broken file passes: $(cat "$scratch/log")"

complaints="$(validate "$scratch/all")"
grep -q "^Done\. $count files scanned" "$scratch/log" || fail "not all $count files were read: $(cat "$scratch/log")"
[[ -z "$complaints" ]] || fail "$complaints"
printf 'ok: no error and no warning in the SARIF of %s fixtures\n' "$count"
