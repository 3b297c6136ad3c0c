#!/usr/bin/env python3
"""Writes what other channels want to know of a release: the Homebrew formula, the krew manifest and the checksums of the action.

    scripts/channels.py SHA256SUMS OUT

SHA256SUMS holds the lines that `sha256sum` prints of the archives of all targets. The templates are in `scripts/channels`; the
version is that of Cargo.toml. A target without a checksum ends the script.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "scripts/channels"
TARGETS = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "x86_64-unknown-linux-gnu",
]


def checksums(text):
    """The checksum of the archive of each target."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64}) [ *]mtls-lint-([\w-]+)\.tar\.gz", line)
        if match:
            found[match.group(2)] = match.group(1)
    lacking = [target for target in TARGETS if target not in found]
    if lacking:
        sys.exit(f"no checksum of the archive for {', '.join(lacking)}")
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sums = checksums(pathlib.Path(sys.argv[1]).read_text())
    out = pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    for template in sorted(TEMPLATES.iterdir()):
        text = template.read_text().replace("@VERSION@", version)
        text = re.sub(r"@SHA256 ([\w-]+)@", lambda match: sums[match.group(1)], text)
        (out / template.name).write_text(text)

    # The comment of the file stays, but for the sentence that there is none.
    heading = (ROOT / "action/checksums.txt").read_text().split("#\n# An archive")[0]
    lines = [f"{sums[target]}  mtls-lint-{target}.tar.gz\n" for target in TARGETS]
    (out / "checksums.txt").write_text(f"{heading}#\n# An archive that is not listed is not downloaded.\n{''.join(lines)}")


if __name__ == "__main__":
    main()
