#!/usr/bin/env bash
# Puts mtls-lint on the PATH of the job: the one that is there, a release archive with a known checksum, the package from
# PyPI, or a build from source, whatever of these is first to work. Runs in the bash 3.2 of macOS and the one of Git for Windows.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
releases=https://github.com/mtls-lint/mtls-lint/releases/download
own_version=0.1.0
version="${INPUT_VERSION:-$own_version}"

if ! [[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; then
    echo '::error::mtls-lint: the input "version" must be a version such as 0.1.0'
    exit 2
fi

# Whether a program is this version.
is_version() {
    [[ "$("$1" --version 2>/dev/null)" == "mtls-lint $version" ]]
}

# Ends with a program that works. The shells of later steps may be others than this one: on Windows they want its own paths.
use() {
    local folder on_path
    folder="$(cd "$(dirname "$1")" && pwd)"
    on_path="$folder"
    ! command -v cygpath >/dev/null || on_path="$(cygpath -w "$folder")"
    printf '%s\n' "$on_path" >>"$GITHUB_PATH"
    printf 'program=%s\nversion=%s\n' "$folder/$(basename "$1")" "$version" >>"$GITHUB_OUTPUT"
    printf 'mtls-lint %s: %s\n' "$version" "$2"
    exit 0
}

# The name of this machine in the names of archives.
target() {
    case "${RUNNER_OS:-}-${RUNNER_ARCH:-}" in
    Linux-X64) echo x86_64-unknown-linux-gnu ;;
    Linux-ARM64) echo aarch64-unknown-linux-gnu ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) echo unknown ;;
    esac
}

# From standard input: a name with a backslash would change what is printed.
sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum | cut -d ' ' -f 1
    else
        shasum -a 256 | cut -d ' ' -f 1
    fi
}

# Fetches an archive whose checksum is known. A wrong one ends the job: nothing else is tried then.
download() {
    local archive wanted found
    archive="mtls-lint-$(target).tar.gz"
    wanted="$(sed -n "s/^\([0-9a-f]\{64\}\)  $archive\$/\1/p" "$here/checksums.txt")"
    [[ -n "$wanted" && "$version" == "$own_version" ]] || return 1
    curl --fail --silent --show-error --location --retry 3 --output "$folder/$archive" "$releases/v$version/$archive" || return 1
    found="$(sha256 <"$folder/$archive")"
    if [[ "$found" != "$wanted" ]]; then
        echo "::error::mtls-lint: $archive has the checksum $found, not $wanted"
        exit 2
    fi
    # By its name alone: tar takes what stands before a colon, as in `C:/…`, for another machine.
    (cd "$folder" && tar -xzf "$archive")
}

if on_path="$(command -v mtls-lint)" && is_version "$on_path"; then
    use "$on_path" 'was on the PATH'
fi

name=mtls-lint
[[ "${RUNNER_OS:-}" != Windows ]] || name=mtls-lint.exe
folder="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/mtls-lint/$version/${RUNNER_ARCH:-unknown}"
[[ "${RUNNER_OS:-}" != Windows ]] || folder="${folder//\\//}"
mkdir -p "$folder"
! is_version "$folder/$name" || use "$folder/$name" 'was in the tool cache'
if download && is_version "$folder/$name"; then
    use "$folder/$name" 'release archive'
fi
if command -v pipx >/dev/null &&
    PIPX_HOME="$folder/pipx" PIPX_BIN_DIR="$folder" pipx install --force "mtls-lint==$version" && is_version "$folder/$name"; then
    use "$folder/$name" 'package from PyPI'
fi
if command -v cargo >/dev/null &&
    cargo install mtls-lint --version "=$version" --locked --root "$folder" && is_version "$folder/bin/$name"; then
    use "$folder/bin/$name" 'built from source'
fi
echo "::error::mtls-lint: version $version could not be installed: no release archive for this machine, and neither pipx nor cargo has it"
exit 2
