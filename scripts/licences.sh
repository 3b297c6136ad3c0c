#!/usr/bin/env bash
# Writes what an archive says about the crates in the program: THIRD-PARTY-LICENSES.txt and an SBOM, mtls-lint.cdx.json.
#
#   scripts/licences.sh [DIR]       (target/about without one)
#
# Takes cargo-about and cargo-cyclonedx (`cargo install --locked`), and the text of the LGPL as Debian and Ubuntu have it.
# The same commit gives the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
about="${1:-target/about}"
lgpl=/usr/share/common-licenses/LGPL-2.1
mkdir -p "$about"
about="$(cd "$about" && pwd)"

cargo about generate --locked --fail --config scripts/licences/about.toml scripts/licences/about.hbs \
    --output-file "$about/THIRD-PARTY-LICENSES.txt"
{
    printf '\n%s\n' '================================================================================'
    printf 'GNU Lesser General Public License 2.1 (LGPL-2.1-or-later)\n'
    printf '  GNU C Library, in the archives for Linux alone. To use another one, build the program from its source.\n'
    printf '%s\n\n' '================================================================================'
    cat "$lgpl"
} >>"$about/THIRD-PARTY-LICENSES.txt"

# The tool writes beside Cargo.toml, and where the sources lie into its names.
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" cargo cyclonedx --quiet --format json --spec-version 1.5 \
    --target all --no-build-deps --override-filename mtls-lint.cdx
sed -e "s|path+file://$PWD#|pkg:cargo/|" -e 's|?download_url=file://\.||' mtls-lint.cdx.json >"$about/mtls-lint.cdx.json"
rm mtls-lint.cdx.json
printf '%s\n' "$about"/THIRD-PARTY-LICENSES.txt "$about"/mtls-lint.cdx.json
