#!/usr/bin/env python3
"""Makes the archive of a release for one target, in dist/, with its checksum beside it.

    scripts/package.py [--target TARGET] [--about DIR] [--out DIR]

builds the program for TARGET (the machine this runs on, without one), which must be able to run here: the program writes its own
completions and manual. DIR holds what `scripts/licences.sh` wrote. The same commit, compiler and program give the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPLETIONS = {
    "bash": "mtls-lint.bash",
    "zsh": "_mtls-lint",
    "fish": "mtls-lint.fish",
    "elvish": "mtls-lint.elv",
    "powershell": "_mtls-lint.ps1",
}
LARGEST_PROGRAM = 12_000_000


def output(*command):
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def host():
    """The target of the machine this runs on."""
    return re.search(r"^host: (\S+)$", output("rustc", "-vV").decode(), re.M).group(1)


def build(target):
    """Builds the program without libraries that another machine may lack, and returns its path."""
    cargo_home = os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")
    # No path of this machine in messages, so that another one can build the same program.
    flags = [f"--remap-path-prefix={cargo_home}=/cargo", f"--remap-path-prefix={ROOT}=/mtls-lint"]
    if "apple" not in target:
        flags += ["-C", "target-feature=+crt-static"]
    # With `--target` even for the host: without it the flags would reach build scripts and macros, which cannot be static.
    command = ["cargo", "build", "--release", "--locked", "--bin", "mtls-lint", "--target", target]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)})
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return folder / target / "release" / ("mtls-lint.exe" if "windows" in target else "mtls-lint")


def check(program, target):
    """Ends where the program is not what is released: another version, too large, not static."""
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    printed = output(program, "--version").decode().strip()
    if printed != f"mtls-lint {version}":
        sys.exit(f"{program} is `{printed}`, not {version}")
    size = program.stat().st_size
    if size > LARGEST_PROGRAM:
        sys.exit(f"{program} has {size} bytes, more than {LARGEST_PROGRAM}")
    if "linux" in target and b"statically linked" not in output("ldd", program):
        sys.exit(f"{program} is not static")


def commands(program, path=()):
    """The commands of the program and those below them, as `--help` lists them."""
    text = output(program, *path, "-h").decode()
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.M)
    for name in re.findall(r"^  (\w[\w-]*)", listed.group(1) if listed else "", re.M):
        if name != "help":
            yield (*path, name)
            yield from commands(program, (*path, name))


def contents(program, about):
    """The files of the archive, by name."""
    files = {program.name: program.read_bytes()}
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"]:
        files[name] = (ROOT / name).read_bytes()
    for name in ["THIRD-PARTY-LICENSES.txt", "mtls-lint.cdx.json"]:
        files[name] = (about / name).read_bytes()
    for shell, name in COMPLETIONS.items():
        files[f"completions/{name}"] = output(program, "completions", shell)
    for path in [(), *commands(program)]:
        files[f"man/{'-'.join(['mtls-lint', *path])}.1"] = output(program, "man", *path)
    empty = [name for name, data in files.items() if not data]
    if empty:
        sys.exit(f"nothing is in {', '.join(empty)}")
    return files


def archive(files, executable):
    """The bytes of a .tar.gz in which nothing depends on when and where it was made, but for the time of the commit."""
    time = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=time, filename="") as stream:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(files):
                entry = tarfile.TarInfo(name)
                entry.size = len(files[name])
                entry.mtime = time
                entry.mode = 0o755 if name == executable else 0o644
                tar.addfile(entry, io.BytesIO(files[name]))
    return packed.getvalue()


def main():
    parser = argparse.ArgumentParser(description="Makes the archive of a release for one target")
    parser.add_argument("--target", default=host())
    parser.add_argument("--about", type=pathlib.Path, default=ROOT / "target/about")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "dist")
    arguments = parser.parse_args()

    if not arguments.about.is_dir():
        sys.exit(f"there is no {arguments.about}: scripts/licences.sh makes it, with cargo-about and cargo-cyclonedx")
    program = build(arguments.target)
    check(program, arguments.target)
    data = archive(contents(program, arguments.about), program.name)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"mtls-lint-{arguments.target}.tar.gz"
    path.write_bytes(data)
    checksum = f"{hashlib.sha256(data).hexdigest()}  {path.name}\n"
    path.with_name(f"{path.name}.sha256").write_bytes(checksum.encode())
    print(f"{path}: {len(data)} bytes, the program {program.stat().st_size}", flush=True)


if __name__ == "__main__":
    main()
