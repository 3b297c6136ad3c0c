#!/usr/bin/env bash
# Runs the commands of docs/other-ci.md as they stand there, in a throw-away repository, and reads what they write as those
# systems do. Skips, and says so, what needs a program that is not installed.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
page="$root/docs/other-ci.md"
program="$root/target/debug/mtls-lint"
[[ -x "$program" ]] || { printf 'no mtls-lint in target/debug; cargo build makes it\n' >&2 && exit 1; }
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null PATH="$root/target/debug:$PATH"
breaker=apps/circuit-breaker.yaml

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    [[ ! -f "$scratch/log" ]] || cat "$scratch/log" >&2
    exit 1
}

git_here() {
    git -c user.name=t -c user.email=t@example.com -c commit.gpgsign=false "$@"
}

# The only line of the page that matches, without what stands around the command.
command_of() {
    local found
    found="$(sed -n "$1" "$page")"
    [[ -n "$found" && "$found" != *$'\n'* ]] || fail "the page has not one line for $1: $found"
    printf '%s' "$found"
}

# Runs a command of the page: `run STATUS COMMAND`.
run() {
    local status=0
    bash -o pipefail -c "$2" >"$scratch/log" 2>&1 || status=$?
    [[ "$status" == "$1" ]] || fail "$2 ended with $status, not $1"
}

has() {
    grep -q -- "$1" "$scratch/log" || fail "the output lacks: $1"
}

# A repository whose last commit breaks mutual TLS, as a merge request does.
mkdir "$scratch/repository"
cd "$scratch/repository"
cp -r "$root/testdata/seed/istio-1.0/." .
mv "$breaker" "$scratch/breaker"
git init --quiet --initial-branch=main
git_here add --all
git_here commit --quiet --message=start
git update-ref refs/remotes/origin/main HEAD
cp "$scratch/breaker" "$breaker"
git_here add --all
git_here commit --quiet --message=break

command="$(command_of 's/^    - \(mtls-lint .*gitlab=.*\)$/\1/p')"
run 1 "$command"
has "$breaker:8:3: error"
CI_MERGE_REQUEST_DIFF_BASE_SHA="$(git rev-parse HEAD~1)" run 1 "$command --base \"\$CI_MERGE_REQUEST_DIFF_BASE_SHA\""
CI_MERGE_REQUEST_DIFF_BASE_SHA="$(git rev-parse HEAD)" run 0 "$command --base \"\$CI_MERGE_REQUEST_DIFF_BASE_SHA\""
run 1 "$command"
python3 - gl-code-quality-report.json "$breaker" <<'PY'
import json, sys

(issue,) = json.load(open(sys.argv[1], encoding="utf-8"))
assert issue["location"]["path"] == sys.argv[2], issue
assert issue["location"].get("lines", issue["location"].get("positions"))["begin"] in (8, {"line": 8, "column": 3}), issue
assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}, issue
assert issue["description"] and issue["check_name"] == "override-drops-mtls" and issue["fingerprint"], issue
PY
printf 'ok: GitLab\n'

command="$(command_of 's/^  - script: \(.*\)$/\1/p')"
# shellcheck disable=SC2016 # that is how Azure writes it
run 1 "${command//'$(Build.ArtifactStagingDirectory)'/$scratch}"
python3 - "$scratch/mtls-lint.xml" "$breaker" <<'PY'
import sys
import xml.etree.ElementTree as tree

suites = tree.parse(sys.argv[1]).getroot()
assert suites.tag == "testsuites", suites.tag
assert [case.find("failure") is not None for case in suites.iter("testcase")].count(True) == 1
assert any(sys.argv[2] in (case.get("classname") or "") + (case.get("file") or "") for case in suites.iter("testcase"))
PY
printf 'ok: Azure DevOps\n'

run 0 "$(command_of "s/^        sh '\(.*\)'$/\1/p")"
python3 - mtls-lint.xml mtls-lint-junit.xml "$breaker" <<'PY'
import sys
import xml.etree.ElementTree as tree

checkstyle = tree.parse(sys.argv[1]).getroot()
assert checkstyle.tag == "checkstyle", checkstyle.tag
(file,) = checkstyle.iter("file")
(error,) = file.iter("error")
assert file.get("name") == sys.argv[3], file.attrib
assert (error.get("line"), error.get("severity")) == ("8", "error"), error.attrib
assert tree.parse(sys.argv[2]).getroot().tag == "testsuites"
PY
printf 'ok: Jenkins\n'

command="$(command_of '/^mtls-lint .*reviewdog/p')"
if command -v reviewdog >/dev/null; then
    # Without a pull request the comments go to the terminal.
    run 0 "${command/github-pr-review/local}"
    has "message:\"calls to .*path:\"$breaker\".*line:8 .*suggestions:.*ISTIO_MUTUAL"
    printf 'ok: reviewdog\n'
else
    printf 'skipped: reviewdog is not installed\n'
fi

command="$(command_of '/^kustomize build/p')"
if command -v kustomize >/dev/null; then
    mkdir -p overlays/prod
    printf 'resources: [../../mesh/mesh-policy.yaml, ../../mesh/destination-rule.yaml, ../../apps/httpbin.yaml, ../../apps/sleep.yaml, ../../%s]\n' \
        "$breaker" >overlays/prod/kustomization.yaml
    run 1 "${command/kustomize build/kustomize build --load-restrictor LoadRestrictionsNone}"
    has '<stdin>:.*override-drops-mtls\|<stdin>:[0-9]'
    rm -r overlays
    printf 'ok: kustomize\n'
else
    printf 'skipped: kustomize is not installed\n'
fi

run 1 'mtls-lint --base origin/main'
has 'override-drops-mtls'
run 0 'mtls-lint diff --base origin/main --format markdown'
has 'httpbin.default.svc.cluster.local'
for command in 'mtls-lint --base origin/main' 'mtls-lint diff --base origin/main --format markdown'; do
    grep -q "\`$command\`" "$page" || fail "the page has another command for pull requests than $command"
done
printf 'ok: pull requests of Argo CD and Flux\n'
