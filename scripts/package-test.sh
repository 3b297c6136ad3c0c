#!/usr/bin/env bash
# Tries the archive of a release on the machine it is for: unpacks and runs it, and lets the action install it.
#
#   scripts/package-test.sh dist/mtls-lint-TARGET.tar.gz      (`scripts/package.py` made it)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[[ $# == 1 ]] || { printf 'usage: %s ARCHIVE\n' "$0" >&2 && exit 2; }
archive="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

name=mtls-lint
[[ "$archive" != *windows* ]] || name=mtls-lint.exe
mkdir "$scratch/unpacked" && tar -xzf "$archive" -C "$scratch/unpacked"
cd "$scratch/unpacked"
for file in "$name" LICENSE-MIT LICENSE-APACHE README.md THIRD-PARTY-LICENSES.txt mtls-lint.cdx.json man/mtls-lint.1 \
    man/mtls-lint-check.1 completions/{mtls-lint.bash,_mtls-lint,mtls-lint.fish,_mtls-lint.ps1,mtls-lint.elv}; do
    [[ -s "$file" ]] || fail "the archive lacks $file"
done
[[ "$("./$name" --version)" == "mtls-lint $version" ]] || fail "$name is not version $version"
status=0
"./$name" --format concise "$root/testdata/seed/istio-1.0" >"$scratch/log" || status=$?
if [[ "$status" != 1 ]] || ! grep -q 'error\[override-drops-mtls\]' "$scratch/log"; then
    fail "the story ends with $status and $(cat "$scratch/log")"
fi
bash -n completions/mtls-lint.bash
printf 'ok: %s runs\n' "$(basename "$archive")"

python3 - "./$name" "$root/testdata/seed/istio-1.0" <<'PYTHON'
import statistics, subprocess, sys, time

def milliseconds():
    start = time.perf_counter()
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000

runs = [milliseconds() for _ in range(100)]
print(f"the story takes {min(runs):.1f} ms at best, {statistics.median(runs):.1f} ms as a rule")
if sys.platform == "linux" and min(runs) > 10:
    sys.exit("FAILED: more than 10 ms")
PYTHON

# The action takes the archive if it has its checksum. What stands in for curl checks the address.
case "$(uname -s)" in
Linux) os=Linux ;;
Darwin) os=macOS ;;
*) os=Windows ;;
esac
machine=X64
[[ ! "$(uname -m)" =~ ^(aarch64|arm64)$ ]] || machine=ARM64
mkdir "$scratch/stand-ins"
cat >"$scratch/stand-ins/curl" <<CURL
#!/usr/bin/env bash
[[ "\${@: -1}" == "https://github.com/mtls-lint/mtls-lint/releases/download/v$version/$(basename "$archive")" ]] || exit 1
while [[ "\$1" != --output ]]; do shift; done
cp "$archive" "\$2"
CURL
chmod +x "$scratch/stand-ins/curl"
cp -r "$root/action" "$scratch/action"
# `install CHECKSUM`: runs the first step of the action, which knows this checksum alone.
install() {
    printf '%s  %s\n' "$1" "$(basename "$archive")" >"$scratch/action/checksums.txt"
    rm -rf "$scratch/tools"
    env PATH="$scratch/stand-ins:/usr/bin:/bin" RUNNER_OS="$os" RUNNER_ARCH="$machine" RUNNER_TOOL_CACHE="$scratch/tools" \
        GITHUB_PATH="$scratch/path" GITHUB_OUTPUT="$scratch/output" bash "$scratch/action/install.sh" >"$scratch/log" 2>&1
}
checksum="$(cut -d ' ' -f 1 "$archive.sha256")"
install "$checksum" || fail "the action does not install it: $(cat "$scratch/log")"
grep -q 'release archive' "$scratch/log" || fail "the action installs something else: $(cat "$scratch/log")"
[[ "$("$(tail -n 1 "$scratch/path")/$name" --version)" == "mtls-lint $version" ]] || fail 'it is not on the PATH'
printf 'ok: the action installs it\n'
status=0
install "${checksum//[0-9]/0}" || status=$?
[[ "$status" == 2 ]] || fail "with a wrong checksum the action ends with $status"
grep -q 'has the checksum' "$scratch/log" || fail "$(cat "$scratch/log")"
printf 'ok: the action refuses another checksum\n'
