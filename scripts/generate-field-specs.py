#!/usr/bin/env python3
"""Writes the fields that kustomize's transformers change by default, as a table of our own.

Reads kustomize's Go module from the module cache (`go mod download sigs.k8s.io/kustomize/api@VERSION` puts it there);
run from the root of the repository: scripts/generate-field-specs.py
"""

import pathlib
import re
import subprocess

RELEASE = "5.8.1"
MODULE = "sigs.k8s.io/kustomize/api@v0.21.1"
OUTPUT = pathlib.Path("src/gitops/kustomize/field_specs.txt")
FILES = [
    "nameprefix",
    "namesuffix",
    "commonlabels",
    "templatelabels",
    "commonannotations",
    "namespace",
    "varreference",
    "namereference",
    "images",
    "replicas",
]


def texts(directory):
    """The YAML texts of the Go constants, by the name of the constant."""
    found = {}
    for path in sorted(directory.glob("*.go")):
        for name, text, other in re.findall(
            r"(\w+)\s*=\s*`([^`]*)`(?:\s*\+\s*(\w+))?", path.read_text()
        ):
            found[name] = (text, other)
    return found


def whole(found, name):
    """The text of a constant with the one that it ends with."""
    text, other = found[name]
    return text + (whole(found, other) if other else "")


def items(lines, indent):
    """The mappings of a list that is indented by so many columns; one may hold a list under `fieldSpecs`."""
    out = []
    for position, line in enumerate(lines):
        text = line[indent:]
        if line[:indent].strip() or not text.strip():
            continue
        if text.startswith("- "):
            out.append({})
            text = "  " + text[2:]
        if text.startswith("  ") and not text.startswith("   ") and not text.startswith("  -"):
            key, _, value = text.strip().partition(":")
            if value.strip():
                out[-1][key] = value.strip()
            else:
                rest = lines[position + 1 :]
                end = next((i for i, l in enumerate(rest) if l.startswith("- ")), len(rest))
                out[-1][key] = items(rest[:end], indent + 2)
    return out


def kind(item):
    """Group, version and kind in one word."""
    return "|".join(item.get(key, "") for key in ("group", "version", "kind"))


def row(words, spec):
    """One line of the table."""
    create = ["create"] if spec.get("create") == "true" else []
    return " ".join([*words, kind(spec), spec["path"], *create])


def main():
    cache = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    found = texts(pathlib.Path(cache) / MODULE / "internal/konfig/builtinpluginconsts")
    by_name = {name.lower(): name for name in found}
    rows = []
    for file in FILES:
        name = by_name.get(f"{file}fieldspecs") or by_name[f"{file.rstrip('s')}fieldspecs"]
        lines = whole(found, name).strip("\n").split("\n")
        section = lines[0].rstrip(":")
        for item in items(lines[1:], 0):
            if "fieldSpecs" in item:
                rows += [row([section, kind(item)], spec) for spec in item["fieldSpecs"]]
            else:
                rows.append(row([section], item))
    head = [
        f"# The fields that the transformers of kustomize {RELEASE} change by default; made by scripts/generate-field-specs.py.",
        "# Section, for `nameReference` what is referred to, group|version|kind of the object, path, whether it is created.",
    ]
    OUTPUT.write_text("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    main()
