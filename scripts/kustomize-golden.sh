#!/usr/bin/env bash
# Asks the real kustomize what the cases of testdata/kustomize give, and writes its answers down.
#
#   scripts/kustomize-golden.sh                      all cases
#   scripts/kustomize-golden.sh smp- yaml-           only cases whose name contains one of the words
#   scripts/kustomize-golden.sh --tree FOLDER OUT    every kustomization below FOLDER, answers into OUT
#
# OUT then holds DIR/expected.yaml or DIR/expected-error.txt for every folder DIR with a kustomization;
# `KUSTOMIZE_BUILT=OUT cargo test --test kustomize` compares with these. `KUSTOMIZE` names the binary if it is not in PATH.
set -euo pipefail

readonly version=v5.8.1
kustomize=${KUSTOMIZE:-kustomize}
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Nothing is fetched: a remote base fails at once and in the same way everywhere.
export HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 GIT_ALLOW_PROTOCOL=file GIT_TERMINAL_PROMPT=0

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

check_version() {
    local found
    found=$("$kustomize" version 2>/dev/null) || found='no kustomize'
    [[ $found == "$version" ]] || fail "the answers are those of kustomize $version, not of $found;" \
        "install it with \`go install sigs.k8s.io/kustomize/kustomize/v5@$version\`, and set KUSTOMIZE if it is not in PATH"
}

# Builds $1 and writes the answer into the folder $2; machine paths below $3 and memory addresses do not stay in messages.
answer() {
    local root=$1 out=$2 base=$3 scratch
    scratch=$(mktemp -d)
    if "$kustomize" build "$root" >"$scratch/yaml" 2>"$scratch/messages"; then
        rm -f "$out/expected-error.txt"
        cp "$scratch/yaml" "$out/expected.yaml"
    else
        rm -f "$out/expected.yaml"
        sed -n '/^Error: /,$p' "$scratch/messages" |
            sed -E -e "s|$base/||g" -e 's|\{0x[0-9a-f]+|{|g' >"$out/expected-error.txt"
    fi
    rm -r "$scratch"
}

# Whether the name $1 contains one of the words that follow, or there are none.
chosen() {
    local name=$1 word
    shift
    (($# == 0)) && return 0
    for word in "$@"; do
        [[ $name == *"$word"* ]] && return 0
    done
    return 1
}

cases() {
    cd "$project/testdata/kustomize"
    local case count=0 wrong=()
    for case in *-*/; do
        case=${case%/}
        # What the linter does not evaluate has no answer to compare with.
        [[ $case == unresolved-* ]] && continue
        chosen "$case" "$@" || continue
        answer "$case/root" "$case" "$PWD"
        count=$((count + 1))
        if [[ $case == errors-* ]]; then
            [[ -e $case/expected-error.txt ]] || wrong+=("$case builds")
        elif [[ ! -e $case/expected.yaml ]]; then
            wrong+=("$case: $(head -n 1 "$case/expected-error.txt")")
        fi
    done
    printf '%d cases\n' "$count"
    ((${#wrong[@]} == 0)) || fail "cases that do not do what their prefix says:" "$(printf '\n  %s' "${wrong[@]}")"
}

tree() {
    (($# == 2)) || fail 'usage: kustomize-golden.sh --tree FOLDER OUT'
    local folder out root built=0 failed=0
    folder=$(cd "$1" && pwd)
    mkdir -p "$2"
    out=$(cd "$2" && pwd)
    while IFS= read -r root; do
        mkdir -p "$out/$root"
        answer "$folder/$root" "$out/$root" "$folder"
        if [[ -e $out/$root/expected.yaml ]]; then built=$((built + 1)); else failed=$((failed + 1)); fi
    done < <(cd "$folder" && find . \( -name kustomization.yaml -o -name kustomization.yml -o -name Kustomization \) \
        -type f -printf '%h\n' | sed -E 's|^\./||' | sort -u)
    ((built + failed > 0)) || fail "no kustomization below $1"
    printf '%d built, %d failed\n' "$built" "$failed"
}

check_version
if [[ ${1:-} == --tree ]]; then
    shift
    tree "$@"
else
    cases "$@"
fi
