#!/usr/bin/env python3
"""Writes src/gitops/kustomize/kubernetes.txt: which lists of Kubernetes' own kinds kustomize merges by which keys, and which
kinds it knows to have no namespace, as the OpenAPI document inside kyaml says.

Needs Go. Run it from the root of the project when kustomize moves to another version:

    scripts/generate-merge-keys.py
"""

import pathlib
import subprocess
import tempfile

KUSTOMIZE = "v5.8.1"
KYAML = "v0.21.1"
OUT = pathlib.Path("src/gitops/kustomize/kubernetes.txt")

PROGRAM = r"""
package main

import (
	"fmt"
	"sort"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// short is the name of a definition without what all of them share.
func short(name string) string {
	name = strings.TrimPrefix(name, "io.k8s.api.")
	return strings.TrimPrefix(name, "io.k8s.")
}

// target is the definition that a schema refers to.
func target(s *spec.Schema) string {
	ref := s.Ref.String()
	if ref == "" && s.Items != nil && s.Items.Schema != nil {
		ref = s.Items.Schema.Ref.String()
	}
	return strings.TrimPrefix(ref, "#/definitions/")
}

// keys are those of a list that is merged.
func keys(s *spec.Schema) (string, bool) {
	rs := openapi.ResourceSchema{Schema: s}
	strategy, list := rs.PatchStrategyAndKeyList()
	for _, one := range strings.Split(strategy, ",") {
		if one == "merge" && s.Type.Contains("array") {
			if len(list) == 0 {
				return "*", true
			}
			return strings.Join(list, ","), true
		}
	}
	return "", false
}

func main() {
	definitions := openapi.Schema().Definitions
	// A definition matters if a merged list is below it.
	matters := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for name, definition := range definitions {
			if matters[name] {
				continue
			}
			for _, property := range definition.Properties {
				property := property
				_, merged := keys(&property)
				if merged || matters[target(&property)] {
					matters[name] = true
					changed = true
				}
			}
		}
	}
	var lines []string
	for name, definition := range definitions {
		if gvks, found := definition.Extensions["x-kubernetes-group-version-kind"]; found && matters[name] {
			for _, one := range gvks.([]interface{}) {
				gvk := one.(map[string]interface{})
				version := gvk["version"].(string)
				if group := gvk["group"].(string); group != "" {
					version = group + "/" + version
				}
				meta := yaml.TypeMeta{APIVersion: version, Kind: gvk["kind"].(string)}
				if openapi.SchemaForResourceType(meta) == nil || strings.HasSuffix(meta.Kind, "List") {
					continue
				}
				lines = append(lines, fmt.Sprintf("kind %s %s %s", version, gvk["kind"], short(name)))
			}
		}
		// Lists of objects are unpacked before anything is merged.
		if !matters[name] || strings.HasSuffix(name, "List") {
			continue
		}
		for field, property := range definition.Properties {
			property := property
			list, merged := keys(&property)
			below := target(&property)
			if !merged && !matters[below] {
				continue
			}
			if !merged {
				list = "-"
			}
			if !matters[below] {
				below = "-"
			}
			lines = append(lines, fmt.Sprintf("field %s %s %s %s", short(name), field, list, short(below)))
		}
	}
	for _, one := range SCOPED {
		parts := strings.SplitN(one, " ", 2)
		meta := yaml.TypeMeta{APIVersion: parts[0], Kind: parts[1]}
		if openapi.IsCertainlyClusterScoped(meta) {
			lines = append(lines, fmt.Sprintf("cluster %s %s", meta.APIVersion, meta.Kind))
		}
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
}
"""


def go(directory, *args):
    return subprocess.run(["go", *args], cwd=directory, check=True, capture_output=True, text=True).stdout


def scoped_kinds(directory):
    """The kinds whose scope kyaml knows without its OpenAPI document."""
    where = go(directory, "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kustomize/kyaml").strip()
    source = (pathlib.Path(where) / "openapi/openapi.go").read_text()
    table = source.split("var precomputedIsNamespaceScoped")[1].split("\n}")[0]
    kinds = []
    for line in table.splitlines()[1:]:
        parts = line.split('"')
        kinds.append(f"{parts[1]} {parts[3]}")
    return kinds


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory)
        (path / "go.mod").write_text(
            f"module generate\n\ngo 1.24\n\nrequire sigs.k8s.io/kustomize/kyaml {KYAML}\n"
        )
        (path / "main.go").write_text("package main\n\nimport _ \"sigs.k8s.io/kustomize/kyaml/openapi\"\n\nfunc main() {}\n")
        go(directory, "mod", "tidy")
        kinds = "".join(f"\t{kind!r},\n".replace("'", '"') for kind in scoped_kinds(directory))
        (path / "main.go").write_text(PROGRAM + f"\nvar SCOPED = []string{{\n{kinds}}}\n")
        go(directory, "mod", "tidy")
        lines = go(directory, "run", ".")
    OUT.write_text(
        f"# What kustomize {KUSTOMIZE} knows of Kubernetes' own kinds, from the OpenAPI document in kyaml {KYAML}.\n"
        "# Written by scripts/generate-merge-keys.py; not edited by hand.\n"
        "#\n"
        "# cluster <apiVersion> <kind>: has no namespace\n"
        "# field <type> <name> <keys> <type>: what is below a field, and the keys if it is a list that is merged\n"
        "#   (`*` for a list of scalars, `-` for a field that is no such list, `-` as type where nothing below matters)\n"
        "# kind <apiVersion> <kind> <type>: the type of a kind\n" + lines
    )


if __name__ == "__main__":
    main()
