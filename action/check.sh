#!/usr/bin/env bash
# Runs mtls-lint once, with every output that the inputs ask for, and keeps its exit code for the last step. Runs in the
# bash 3.2 of macOS (where an empty array counts as unset) and the one of Git for Windows.
set -euo pipefail

fail() {
    printf '::error::mtls-lint: %s\n' "$1"
    exit 2
}

one_of() {
    local name="$1" value="$2" allowed
    shift 2
    for allowed in "$@"; do
        [[ "$value" != "$allowed" ]] || return 0
    done
    fail "the input \"$name\" must be one of: $*"
}

# The commit that a pull request is compared with: the first parent of the merge commit that GitHub made, if that is what is
# checked out, which is newer than what the event says; else what the event says. A branch that others were merged into has two
# parents too, and its first one is its own past. A shallow clone knows the names of the parents.
pull_request_base() {
    local parents
    parents="$(git cat-file -p HEAD 2>/dev/null | sed -n -e '/^$/q' -e 's/^parent //p')"
    if [[ "${GITHUB_REF:-}" == refs/pull/*/merge && "$(git rev-parse HEAD 2>/dev/null)" == "${GITHUB_SHA:-}" &&
        "$(grep -c . <<<"$parents")" == 2 ]]; then
        head -n 1 <<<"$parents"
    else
        printf '%s\n' "$PULL_REQUEST_BASE"
    fi
}

# Whether a commit is here, fetched if need be. The token is given by the environment, where no other process sees it.
has_commit() {
    ! git cat-file -e "$1^{commit}" 2>/dev/null || return 0
    local credentials
    credentials="$(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 | tr -d '\r\n')"
    printf '::add-mask::%s\n' "$credentials"
    GIT_TERMINAL_PROMPT=0 GIT_CONFIG_COUNT=1 \
        GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
        GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $credentials" \
        git fetch --quiet --no-tags --depth=1 origin "$1" ||
        git fetch --quiet --no-tags --depth=1 origin "$1"
}

one_of fail-on "$INPUT_FAIL_ON" '' error warning note never
one_of annotations "$INPUT_ANNOTATIONS" true false
one_of sarif "$INPUT_SARIF" auto true false
one_of summary "$INPUT_SUMMARY" true false

results="$(mktemp -d "$RUNNER_TEMP/mtls-lint.XXXXXX")"
options=(--output "jsonl=$results/findings.jsonl" --output "sarif=$results/mtls-lint.sarif")
if [[ "$INPUT_ANNOTATIONS" == true ]]; then
    options+=(--format github)
else
    options+=(--format concise)
fi
[[ "$INPUT_SUMMARY" != true ]] || options+=(--output "markdown=$GITHUB_STEP_SUMMARY")
[[ -z "$INPUT_CONFIG" ]] || options+=(--config "$INPUT_CONFIG")
[[ -z "$INPUT_FAIL_ON" ]] || options+=(--fail-on "$INPUT_FAIL_ON")
[[ -z "$INPUT_BASELINE" ]] || options+=(--baseline "$INPUT_BASELINE")

base="$INPUT_BASE"
if [[ -z "$base" && -n "$PULL_REQUEST_BASE" ]]; then
    base="$(pull_request_base)"
    if ! has_commit "$base"; then
        printf '::warning::mtls-lint: the base %s of the pull request could not be fetched; all findings are reported, not only new ones\n' "$base"
        base=none
    fi
fi
[[ -z "$base" || "$base" == none ]] || options+=(--base "$base")

# Words are split at spaces and nothing else happens to them: no quotes, no globs, no variables.
words=()
read -r -d '' -a words <<<"$INPUT_ARGS" || true
options+=(${words[@]+"${words[@]}"})
paths=()
while IFS= read -r path; do
    path="${path%$'\r'}"
    [[ -z "$path" ]] || paths+=("$path")
done <<<"$INPUT_PATHS"

status=0
"$MTLS_LINT" check "${options[@]}" -- ${paths[@]+"${paths[@]}"} || status=$?

count() {
    grep -c -- "$1" "$results/findings.jsonl" 2>/dev/null || true
}
{
    printf 'exit-code=%s\n' "$status"
    if [[ -s "$results/mtls-lint.sarif" ]]; then
        printf 'sarif-file=%s\n' "$results/mtls-lint.sarif"
        printf 'findings=%s\n' "$(count '^{"type":"finding",')"
        printf 'errors=%s\n' "$(count '^{"type":"finding","rule":"[a-z0-9-]*","severity":"error",')"
        printf 'warnings=%s\n' "$(count '^{"type":"finding","rule":"[a-z0-9-]*","severity":"warning",')"
    fi
} >>"$GITHUB_OUTPUT"

# A run that could not be done has no findings to upload: they would close every alert. The token of a pull request from a
# fork cannot write.
upload=false
if [[ "$status" -le 1 && -s "$results/mtls-lint.sarif" ]]; then
    case "$INPUT_SARIF" in
    true) upload=true ;;
    auto)
        if [[ -n "$PULL_REQUEST_BASE" && "$PULL_REQUEST_FROM" != "$GITHUB_REPOSITORY" ]]; then
            printf '::notice::mtls-lint: nothing is uploaded to code scanning from a fork\n'
        elif [[ -z "$PULL_REQUEST_BASE" && -n "$base" && "$base" != none ]]; then
            printf '::notice::mtls-lint: nothing is uploaded to code scanning: with a base only new findings are reported, and the alerts of the branch for all others would be closed\n'
        else
            upload=true
        fi
        ;;
    esac
fi
printf 'upload=%s\n' "$upload" >>"$GITHUB_OUTPUT"
