#!/usr/bin/env python3
"""Writes src/resource/schema/tables.rs from the CRD schemas that Istio publishes with its API.

    scripts/generate-schemas.py [VERSION]

needs Go (to download the module `istio.io/api`), rustfmt and PyYAML. What the tables leave out: descriptions, patterns, and rules
in CEL other than those for ports and durations.
"""

import json
import pathlib
import re
import subprocess
import sys

import yaml

VERSION = "v1.31.1"
CRDS = "kubernetes/customresourcedefinitions.gen.yaml"
OUTPUT = pathlib.Path(__file__).parent.parent / "src/resource/schema/tables.rs"
KINDS = [
    "DestinationRule",
    "PeerAuthentication",
    "ServiceEntry",
    "Sidecar",
    "VirtualService",
    "WorkloadEntry",
    "WorkloadGroup",
]

# Texts that name something, in which no character may be invisible: whole paths below `spec`, or their ends.
NAMES = [
    "address",
    "addresses[]",
    "credentialName",
    "delegate.name",
    "delegate.namespace",
    "exportTo[]",
    "gateways[]",
    "host",
    "hosts[]",
    "labels.*",
    "matchLabels.*",
    "ports[].name",
    "serviceAccount",
    "sniHosts[]",
    "sourceLabels.*",
    "sourceNamespace",
    "subset",
    "subsets[].name",
]

INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
LARGEST_PORT = 65535


class Tables:
    """The constants of the file: one for each distinct list of fields, named by where it was seen first."""

    def __init__(self):
        self.names = {}
        self.constants = []

    def fields(self, schema, path):
        """The name of the constant that holds the fields of an object."""
        required = schema.get("required", [])
        fields = []
        for name, child in sorted(schema["properties"].items()):
            flag = "true" if name in required else "false"
            below = self.schema(child, f"{path}.{name}")
            fields.append(f"field({json.dumps(name)}, {flag}, {below})")
        body = ", ".join(fields)
        if body not in self.names:
            name = self.unused_name(path)
            self.names[body] = name
            self.constants.append(f"const {name}: &[Field] = &[{body}];")
        return self.names[body]

    def unused_name(self, path):
        """The kind and as many of the last words of a path as tell it from the names before."""
        kind, *words = re.sub(r"\[\]|\.\*", "", path).split(".")
        for count in range(1, len(words) + 1):
            name = constant([kind, *words[-count:]])
            if name not in self.names.values():
                return name
        raise ValueError(path)

    def schema(self, schema, path):
        """A schema with its limits as an expression."""
        kept = limits(schema)
        plain = self.plain(schema, path)
        return f"Limited(&{plain}, &[{', '.join(kept)}])" if kept else plain

    def plain(self, schema, path):
        """A schema without its limits as an expression."""
        match schema["type"]:
            case "object" if "properties" in schema:
                return f"Object({self.fields(schema, path)})"
            case "object":
                return f"Map(&{self.schema(schema['additionalProperties'], path + '.*')})"
            case "array":
                return f"List(&{self.schema(schema['items'], path + '[]')})"
            case "string":
                return text(schema, path)
            case "integer":
                low, high = integer_range(schema)
                return f"Integer({limit(low)}, {limit(high)})"
            case "number":
                low, high = schema.get("minimum"), schema.get("maximum")
                low = "f64::NEG_INFINITY" if low is None else f"{low}.0"
                high = "f64::INFINITY" if high is None else f"{high}.0"
                return f"Number({low}, {high})"
            case "boolean":
                return "Boolean"
        raise ValueError(f"{path}: {schema}")


def text(schema, path):
    """What a string may be."""
    if "enum" in schema:
        return f"Enum(&[{', '.join(map(json.dumps, schema['enum']))}])"
    if "duration(self)" in rules(schema):
        return "Duration"
    below = "." + path.split(".spec.", 1)[-1]
    return "Name" if any(below.endswith("." + name) for name in NAMES) else "Text"


def limits(schema):
    """The limits of size, and the fields that exclude each other. `oneOf` always allows that none is given."""
    sizes = ("Items", "Properties", "Length")
    found = [f"AtLeast({schema['min' + size]})" for size in sizes if "min" + size in schema]
    found += [f"AtMost({schema['max' + size]})" for size in sizes if "max" + size in schema]
    for choice in [schema, *schema.get("allOf", [])]:
        if "oneOf" in choice:
            none, *each = choice["oneOf"]
            assert none == {"not": {"anyOf": each}}, choice
            names = [name for one in each for name in one["required"]]
            assert len(names) == len(each), choice
            found.append(f"OneOf(&[{', '.join(map(json.dumps, names))}])")
    return found


def integer_range(schema):
    """The least and the largest value. A port may be 0 here: to older versions that is no port at all."""
    low, high = INT32 if schema.get("format") == "int32" else INT64
    low, high = schema.get("minimum", low), schema.get("maximum", high)
    if "self <= 65535" in rules(schema):
        high = LARGEST_PORT
    return low, high


def limit(value):
    """A limit as Rust writes it."""
    names = dict(zip([*INT32, *INT64], ["I32_MIN", "I32_MAX", "i64::MIN", "i64::MAX"]))
    return names.get(value, f"{value:_}")


def rules(schema):
    """The rules in CEL."""
    return " ".join(rule["rule"] for rule in schema.get("x-kubernetes-validations", []))


def constant(words):
    """`DestinationRule`, `trafficPolicy` as the name of a constant."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", "_".join(words)).upper()


def generate(version, documents):
    """The text of the file, before rustfmt."""
    crds = {crd["spec"]["names"]["kind"]: crd["spec"] for crd in documents if crd}
    tables, kinds = Tables(), []
    for kind in KINDS:
        spec = crds[kind]
        served = spec["versions"]
        schemas = [strip(each["schema"]["openAPIV3Schema"]) for each in served]
        assert all(each == schemas[0] for each in schemas), f"{kind}: versions differ"
        root = schemas[0]
        required = "true" if "spec" in root.get("required", []) else "false"
        fields = tables.fields(root["properties"]["spec"], f"{kind}.spec")
        kinds.append(
            f"Kind {{ group: {json.dumps(spec['group'])}, name: {json.dumps(kind)}, "
            f"versions: &[{', '.join(json.dumps(each['name']) for each in served)}], "
            f"root: &[API_VERSION, KIND, METADATA, "
            f'field("spec", {required}, Object({fields})), STATUS] }}'
        )
    return "\n\n".join(
        [
            f"//! The fields of Istio's kinds as published with `istio.io/api` {version}.\n"
            "//!\n"
            f"//! Generated by `scripts/generate-schemas.py` from `{CRDS}`; do not edit.",
            "use super::Schema::{Boolean, Duration, Enum, Integer, Limited, List, Map, Name, Number, Object, Text};\n"
            "use super::common::{API_VERSION, KIND, METADATA, STATUS};\n"
            "use super::limit::Limit::{AtLeast, AtMost, OneOf};\n"
            "use super::{Field, I32_MAX, I32_MIN, Kind, field};",
            f"/// The kinds by name.\npub(super) static KINDS: &[Kind] = &[{', '.join(kinds)}];",
            *tables.constants,
        ]
    )


def strip(schema):
    """A schema without descriptions, to compare versions."""
    if isinstance(schema, dict):
        return {
            key: strip(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    return [strip(each) for each in schema] if isinstance(schema, list) else schema


def main():
    """Downloads the module and writes the file."""
    version = sys.argv[1] if len(sys.argv) > 1 else VERSION
    command = ["go", "mod", "download", "-json", f"istio.io/api@{version}"]
    module = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    text = (pathlib.Path(module["Dir"]) / CRDS).read_text()
    OUTPUT.write_text(generate(version, yaml.load_all(text, yaml.CSafeLoader)) + "\n")
    subprocess.run(["rustfmt", "--edition", "2024", str(OUTPUT)], check=True)


if __name__ == "__main__":
    main()
