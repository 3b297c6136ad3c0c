//! Which fields transformers change: the defaults of kustomize and what `configurations` and `crds` add.

use std::sync::LazyLock;

use super::field_spec::FieldSpec;
use crate::gitops::Problem;
use crate::yaml::Value;

/// Which fields transformers change.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct Configuration {
    /// What `namePrefix` is put before.
    pub(super) name_prefix: Vec<FieldSpec>,
    /// What `nameSuffix` is put behind.
    pub(super) name_suffix: Vec<FieldSpec>,
    /// What `namespace` sets beside the namespace of every object.
    pub(super) namespace: Vec<FieldSpec>,
    /// Where `commonLabels` go.
    pub(super) common_labels: Vec<FieldSpec>,
    /// Where `labels` with `includeTemplates` go.
    pub(super) template_labels: Vec<FieldSpec>,
    /// Where `commonAnnotations` go.
    pub(super) common_annotations: Vec<FieldSpec>,
    /// Where images are.
    pub(super) images: Vec<FieldSpec>,
    /// Where the number of replicas is.
    pub(super) replicas: Vec<FieldSpec>,
    /// Where variables are filled in.
    pub(super) var_reference: Vec<FieldSpec>,
    /// Which fields hold the name of another object.
    pub(super) name_reference: Vec<NameReference>,
}

/// The fields that hold the name of an object of some kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameReference {
    /// The group of what is named; empty for any.
    pub(super) group: Box<str>,
    /// Its version; empty for any.
    pub(super) version: Box<str>,
    /// Its kind.
    pub(super) kind: Box<str>,
    /// The fields.
    pub(super) fields: Vec<FieldSpec>,
}

/// The defaults as `scripts/generate-field-specs.py` writes them.
const DEFAULTS: &str = include_str!("field_specs.txt");

static PARSED: LazyLock<Configuration> = LazyLock::new(|| parse(DEFAULTS));

impl Configuration {
    /// What kustomize knows without being told.
    pub(in crate::gitops) fn defaults() -> Self {
        PARSED.clone()
    }

    /// Adds what another configuration has: that of a base, or of a parent.
    pub(in crate::gitops) fn merge(&mut self, other: &Self) {
        let lists = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
            (&mut self.var_reference, &other.var_reference),
        ];
        for (own, others) in lists {
            for spec in others {
                add(own, spec.clone());
            }
        }
        for reference in &other.name_reference {
            self.add_reference(reference);
        }
    }

    /// Adds fields that hold a name, to those of the same kind if there are any.
    fn add_reference(&mut self, reference: &NameReference) {
        let same = self.name_reference.iter_mut().find(|known| {
            known.group == reference.group
                && known.version == reference.version
                && known.kind == reference.kind
        });
        match same {
            Some(known) => {
                for field in &reference.fields {
                    add(&mut known.fields, field.clone());
                }
            }
            None => self.name_reference.push(reference.clone()),
        }
    }

    /// The list of a section of a configuration file.
    fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            "varReference" => &mut self.var_reference,
            _ => return None,
        })
    }

    /// Adds a file of `configurations`, given as the root of its document.
    pub(in crate::gitops) fn add_configuration(
        &mut self,
        root: &Value,
        problems: &mut Vec<Problem>,
    ) {
        for entry in root.entries() {
            let name = &*entry.key.value;
            if name == "nameReference" {
                for item in entry.value.items() {
                    self.add_name_reference(item);
                }
                continue;
            }
            let Some(list) = self.section(name) else {
                problems.push(Problem::Refused {
                    place: entry.key.place,
                    message: format!("a configuration has no field `{name}`"),
                    help: None,
                });
                continue;
            };
            for spec in entry.value.items().iter().filter_map(FieldSpec::read) {
                add(list, spec);
            }
        }
    }

    fn add_name_reference(&mut self, item: &Value) {
        let text = |key: &str| {
            let value = item.get(key).and_then(Value::as_text);
            Box::<str>::from(value.unwrap_or_default())
        };
        let fields = item.get("fieldSpecs").map_or(&[][..], Value::items);
        self.add_reference(&NameReference {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            fields: fields.iter().filter_map(FieldSpec::read).collect(),
        });
    }

    /// Adds a file of `crds`, given as the root of its document: definitions of types in the form of `OpenAPI`, whose
    /// `x-kubernetes-` annotations say which fields hold labels, annotations or names.
    pub(in crate::gitops) fn add_definitions(&mut self, root: &Value, problems: &mut Vec<Problem>) {
        let _ = problems;
        let definitions: Vec<(&str, &Value)> = root
            .entries()
            .iter()
            .filter_map(|entry| Some((&*entry.key.value, entry.value.get("Schema")?)))
            .chain(
                root.get("definitions")
                    .map_or(&[][..], Value::entries)
                    .iter()
                    .map(|entry| (&*entry.key.value, &entry.value)),
            )
            .collect();
        for (name, schema) in &definitions {
            let properties = schema.get("properties");
            let is_object = properties.is_some_and(|properties| {
                ["kind", "apiVersion", "metadata"]
                    .iter()
                    .all(|key| properties.get(key).is_some())
            });
            if !is_object {
                continue;
            }
            let kind = name.rsplit('.').next().unwrap_or(name);
            let mut walk = Definitions {
                definitions: &definitions,
                kind,
                configuration: self,
                open: vec![*name],
            };
            walk.take(schema, &mut Vec::new());
        }
    }
}

/// A walk through the definitions of types.
struct Definitions<'d> {
    definitions: &'d [(&'d str, &'d Value)],
    kind: &'d str,
    configuration: &'d mut Configuration,
    /// The definitions that the walk is in, since they may hold themselves.
    open: Vec<&'d str>,
}

impl<'d> Definitions<'d> {
    fn take(&mut self, schema: &'d Value, path: &mut Vec<Box<str>>) {
        let properties = schema.get("properties").map_or(&[][..], Value::entries);
        for property in properties {
            path.push(property.key.value.clone());
            self.annotations(&property.value, path);
            let target = property.value.get("$ref").and_then(Value::as_text);
            let target = target.map(|text| text.trim_start_matches("#/definitions/"));
            let definitions = self.definitions;
            let found = definitions.iter().find(|(name, _)| Some(*name) == target);
            if let Some((name, schema)) = found
                && !self.open.contains(name)
            {
                self.open.push(name);
                self.take(schema, path);
                self.open.pop();
            }
            path.pop();
        }
    }

    /// What the annotations of a property say about its field.
    fn annotations(&mut self, property: &Value, path: &[Box<str>]) {
        let has = |key: &str| property.entry(key).is_some();
        let spec = |path: Vec<Box<str>>| FieldSpec {
            group: Box::default(),
            version: Box::default(),
            kind: self.kind.into(),
            path,
            create: false,
        };
        if has("x-kubernetes-annotation") {
            let spec = spec(path.to_vec());
            add(&mut self.configuration.common_annotations, spec);
        }
        if has("x-kubernetes-label-selector") {
            let spec = spec(path.to_vec());
            add(&mut self.configuration.common_labels, spec);
        }
        if has("x-kubernetes-identity") {
            let spec = spec(path.to_vec());
            add(&mut self.configuration.name_prefix, spec);
        }
        let text = |key: &str| property.get(key).and_then(Value::as_text);
        let version = text("x-kubernetes-object-ref-api-version");
        if let (Some(version), Some(kind)) = (version, text("x-kubernetes-object-ref-kind")) {
            let name = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut path = path.to_vec();
            path.push(name.into());
            let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
            let reference = NameReference {
                group: group.into(),
                version: version.into(),
                kind: kind.into(),
                fields: vec![spec(path)],
            };
            self.configuration.add_reference(&reference);
        }
    }
}

/// Adds a field spec, unless the same field is there.
pub(super) fn add(list: &mut Vec<FieldSpec>, spec: FieldSpec) {
    if !list.iter().any(|known| known.is_same_field(&spec)) {
        list.push(spec);
    }
}

/// Reads the table of defaults.
fn parse(table: &str) -> Configuration {
    let mut configuration = Configuration::default();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let section = words.next().unwrap_or_default();
        let referred = (section == "nameReference").then(|| gvk(words.next()));
        let (group, version, kind) = gvk(words.next());
        let path = words.next().unwrap_or_default();
        let spec = FieldSpec {
            group,
            version,
            kind,
            ..FieldSpec::of_all(path, words.next() == Some("create"))
        };
        match (referred, configuration.section(section)) {
            (Some((group, version, kind)), _) => configuration.add_reference(&NameReference {
                group,
                version,
                kind,
                fields: vec![spec],
            }),
            (None, Some(list)) => list.push(spec),
            (None, None) => {}
        }
    }
    configuration
}

/// Group, version and kind of a word of the table.
fn gvk(word: Option<&str>) -> (Box<str>, Box<str>, Box<str>) {
    let mut parts = word.unwrap_or_default().splitn(3, '|').map(Box::from);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let defaults = Configuration::defaults();
        let references = defaults.name_reference.iter();
        let fields = references.map(|reference| reference.fields.len());
        let count = [
            &defaults.name_prefix,
            &defaults.name_suffix,
            &defaults.namespace,
            &defaults.common_labels,
            &defaults.template_labels,
            &defaults.common_annotations,
            &defaults.images,
            &defaults.replicas,
            &defaults.var_reference,
        ]
        .map(Vec::len)
        .into_iter()
        .chain(fields)
        .sum::<usize>();
        let lines = DEFAULTS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(count, lines);
    }

    #[test]
    fn a_configuration_merged_with_itself_stays_the_same() {
        let mut defaults = Configuration::defaults();
        defaults.merge(&Configuration::defaults());
        assert_eq!(
            defaults.name_reference,
            Configuration::defaults().name_reference
        );
    }
}
