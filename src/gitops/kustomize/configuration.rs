//! Which fields transformers change: the defaults of kustomize and what `configurations` and `crds` add.

use std::sync::{Arc, LazyLock};

use super::field_spec::{FieldSpec, FieldSpecs, any_kind, read_kind};
use super::order;
use crate::gitops::Problem;
use crate::object::Gvk;
use crate::source::Place;
use crate::yaml::Value;

/// The defaults, which a script writes from the sources of kustomize.
const DEFAULTS: &str = include_str!("field_specs.txt");

/// Which fields transformers change. Most kustomizations share the defaults.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct Configuration(Option<Arc<Fields>>);

/// The fields by what changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// `namePrefix`.
    pub(super) name_prefix: FieldSpecs,
    /// `nameSuffix`.
    pub(super) name_suffix: FieldSpecs,
    /// `namespace`.
    pub(super) namespace: FieldSpecs,
    /// `commonLabels`.
    pub(super) common_labels: FieldSpecs,
    /// `labels`.
    pub(super) labels: FieldSpecs,
    /// `templateLabels`.
    pub(super) template_labels: FieldSpecs,
    /// `commonAnnotations`.
    pub(super) common_annotations: FieldSpecs,
    /// `varReference`.
    pub(super) var_reference: FieldSpecs,
    /// `images`.
    pub(super) images: FieldSpecs,
    /// `replicas`.
    pub(super) replicas: FieldSpecs,
    /// `nameReference`.
    pub(super) name_reference: Vec<NameReference>,
}

/// The fields that hold names of objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameReference {
    /// The kind of what is referred to.
    pub(super) gvk: Gvk,
    /// The fields that refer to it.
    pub(super) referrers: FieldSpecs,
}

/// A field spec that contradicts another.
pub(super) type Contradiction = FieldSpec;

impl Configuration {
    /// What kustomize knows without being told.
    pub(in crate::gitops) fn defaults() -> Self {
        static FIELDS: LazyLock<Arc<Fields>> = LazyLock::new(|| Arc::new(Fields::defaults()));
        Self(Some(Arc::clone(&FIELDS)))
    }

    /// The fields.
    pub(super) fn fields(&self) -> &Fields {
        static NONE: LazyLock<Fields> = LazyLock::new(Fields::default);
        self.0.as_deref().unwrap_or(&NONE)
    }

    /// Adds what another configuration has: that of a base, or of a parent.
    pub(in crate::gitops) fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (Some(own), Some(other)) if Arc::ptr_eq(own, other) => {}
            (Some(own), Some(other)) => {
                // Each file was checked against the defaults when it was read, so that nothing new comes up here.
                let _ = Arc::make_mut(own).merge(other);
            }
            (own @ None, Some(other)) => *own = Some(Arc::clone(other)),
        }
    }

    /// Adds a file of `configurations`, given as the root of its document.
    pub(in crate::gitops) fn add_configuration(
        &mut self,
        root: &Value,
        problems: &mut Vec<Problem>,
    ) {
        self.add(&Fields::read(root, problems), root.place, problems);
    }

    /// Adds a file of `crds`, given as the root of its document: definitions of types in the form of `OpenAPI`.
    pub(in crate::gitops) fn add_definitions(&mut self, root: &Value, problems: &mut Vec<Problem>) {
        let mut fields = Fields::default();
        for entry in root.entries() {
            let properties = entry.value.at(&["Schema", "properties"]);
            let is_object = |properties: &&Value| {
                ["kind", "apiVersion", "metadata"]
                    .iter()
                    .all(|key| properties.entry(key).is_some())
            };
            if !properties.as_ref().is_some_and(is_object) {
                continue;
            }
            let name = &entry.key.value;
            let kind = name.rsplit('.').next().unwrap_or(name);
            let gvk = Gvk {
                kind: kind.into(),
                ..any_kind()
            };
            fields.define(root, name, &gvk, &mut Vec::new());
        }
        self.add(&fields, root.place, problems);
    }

    /// Adds fields that a file names.
    fn add(&mut self, fields: &Fields, place: Place, problems: &mut Vec<Problem>) {
        let own = Arc::make_mut(self.0.get_or_insert_default());
        if let Err(spec) = own.merge(fields) {
            problems.push(Problem::Refused {
                place,
                message: format!(
                    "`create` of the field `{}` contradicts what it is elsewhere",
                    spec.path
                ),
                help: None,
            });
        }
    }
}

impl Fields {
    /// What kustomize knows without being told.
    fn defaults() -> Self {
        let mut fields = Self::default();
        for line in DEFAULTS.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let _ = match words.as_slice() {
                [] | ["#", ..] => Ok(()),
                ["nameReference", target, rest @ ..] => match spec(rest).zip(kind(target)) {
                    Some((spec, gvk)) => fields.add_reference(gvk, &FieldSpecs(vec![spec])),
                    None => Ok(()),
                },
                [section, rest @ ..] => match (fields.section(section), spec(rest)) {
                    (Some(specs), Some(spec)) => specs.add(spec),
                    (Some(_) | None, _) => Ok(()),
                },
            };
        }
        fields.sort();
        fields
    }

    /// The field specs of a section, by its name in configuration files.
    fn section(&mut self, name: &str) -> Option<&mut FieldSpecs> {
        self.sections()
            .into_iter()
            .find(|(section, _)| *section == name)
            .map(|(_, specs)| specs)
    }

    /// All sections of field specs.
    fn sections(&mut self) -> [(&'static str, &mut FieldSpecs); 10] {
        [
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("namespace", &mut self.namespace),
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("commonAnnotations", &mut self.common_annotations),
            ("varReference", &mut self.var_reference),
            ("images", &mut self.images),
            ("replicas", &mut self.replicas),
        ]
    }

    /// Reads a file of `configurations`.
    fn read(root: &Value, problems: &mut Vec<Problem>) -> Self {
        let mut fields = Self::default();
        for entry in root.entries() {
            let name = &*entry.key.value;
            if name == "nameReference" {
                for item in entry.value.items() {
                    let specs = item.get("fieldSpecs").map_or(&[][..], Value::items);
                    let specs = FieldSpecs(specs.iter().map(FieldSpec::read).collect());
                    let _ = fields.add_reference(read_kind(item), &specs);
                }
            } else if let Some(section) = fields.section(name) {
                section
                    .0
                    .extend(entry.value.items().iter().map(FieldSpec::read));
            } else if !["apiVersion", "kind", "metadata"].contains(&name) {
                problems.push(Problem::Refused {
                    place: entry.key.place,
                    message: format!("kustomize knows no `{name}` in a configuration"),
                    help: None,
                });
            }
        }
        fields
    }

    /// Adds the fields that hold names of objects of a kind.
    fn add_reference(&mut self, gvk: Gvk, referrers: &FieldSpecs) -> Result<(), Contradiction> {
        let known = self.name_reference.iter_mut();
        if let Some(known) = known.into_iter().find(|known| known.gvk == gvk) {
            return known.referrers.extend(referrers);
        }
        self.name_reference.push(NameReference {
            gvk,
            referrers: referrers.clone(),
        });
        Ok(())
    }

    /// Adds all that others have.
    fn merge(&mut self, other: &Self) -> Result<(), Contradiction> {
        let mut other = other.clone();
        let others = other.sections();
        let sections = self.sections().into_iter().zip(others);
        let mut result = Ok(());
        for ((_, own), (_, other)) in sections {
            result = result.and(own.extend(other));
        }
        for reference in &other.name_reference {
            result = result.and(self.add_reference(reference.gvk.clone(), &reference.referrers));
        }
        self.sort();
        result
    }

    /// Puts everything into the order in which kustomize goes through it.
    fn sort(&mut self) {
        for (_, specs) in self.sections() {
            specs.0.sort_by_cached_key(|spec| order::of_type(&spec.gvk));
        }
        self.name_reference
            .sort_by_cached_key(|reference| order::of_type(&reference.gvk));
    }

    /// Adds what the definition of a type says about the fields of a kind; `path` leads to the type.
    fn define(&mut self, root: &Value, name: &str, gvk: &Gvk, path: &mut Vec<Box<str>>) {
        let properties = root
            .get(name)
            .and_then(|definition| definition.at(&["Schema", "properties"]));
        for property in properties.map_or(&[][..], Value::entries) {
            path.push(property.key.value.clone());
            self.define_property(&property.value, gvk, path);
            let target = property.value.get("$ref").and_then(Value::as_text);
            // A type that holds itself would go on for ever, as it does in kustomize.
            if let Some(target) = target.filter(|_| path.len() < DEEPEST) {
                self.define(root, target, gvk, path);
            }
            path.pop();
        }
    }

    /// Adds what the definition of a property says.
    fn define_property(&mut self, property: &Value, gvk: &Gvk, path: &[Box<str>]) {
        let spec = |more: Option<&str>| {
            let parts: Vec<&str> = path.iter().map(|part| &**part).chain(more).collect();
            FieldSpec {
                gvk: gvk.clone(),
                path: parts.join("/").into(),
                create: false,
            }
        };
        let extension = |name: &str| property.entry(name)?.value.as_scalar();
        for (name, section) in [
            ("x-kubernetes-annotation", &mut self.common_annotations),
            ("x-kubernetes-label-selector", &mut self.common_labels),
            ("x-kubernetes-identity", &mut self.name_prefix),
        ] {
            if extension(name).is_some() {
                // All of these have `create: false`, so that none contradicts another.
                let _ = section.add(spec(None));
            }
        }
        let version = extension("x-kubernetes-object-ref-api-version");
        let kind = extension("x-kubernetes-object-ref-kind");
        if let Some((version, kind)) = version.zip(kind) {
            let key = extension("x-kubernetes-object-ref-name-key");
            let key = key.map_or("name", |key| &*key.text);
            let target = Gvk {
                group: Box::default(),
                version: version.text.clone(),
                kind: kind.text.clone(),
            };
            let _ = self.add_reference(target, &FieldSpecs(vec![spec(Some(key))]));
        }
    }
}

/// How deep types may hold each other.
const DEEPEST: usize = 32;

/// Reads a kind of the table of defaults.
fn kind(word: &str) -> Option<Gvk> {
    let mut parts = word.split('|');
    Some(Gvk {
        group: parts.next()?.into(),
        version: parts.next()?.into(),
        kind: parts.next()?.into(),
    })
}

/// Reads a field spec of the table of defaults.
fn spec(words: &[&str]) -> Option<FieldSpec> {
    let (gvk, path, create) = match words {
        [gvk, path] => (gvk, path, false),
        [gvk, path, "create"] => (gvk, path, true),
        _ => return None,
    };
    Some(FieldSpec {
        gvk: kind(gvk)?,
        path: (*path).into(),
        create,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    #[test]
    fn every_line_of_the_table_is_a_field() {
        let lines = DEFAULTS.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let rest = match words.as_slice() {
                ["nameReference", target, rest @ ..] => {
                    assert!(kind(target).is_some(), "{line}");
                    rest
                }
                [section, rest @ ..] => {
                    assert!(Fields::default().section(section).is_some(), "{line}");
                    rest
                }
                [] => panic!("an empty line"),
            };
            assert!(spec(rest).is_some(), "{line}");
        }
        assert_eq!(Fields::defaults().namespace.0.len(), 3);
    }

    #[test]
    fn a_file_adds_to_the_defaults() {
        let mut configuration = Configuration::defaults();
        let mut problems = Vec::new();
        let file = "varReference: [{path: spec/host, kind: DestinationRule}]\n\
            nameReference: [{kind: Service, version: v1, fieldSpecs: [{path: spec/host}]}]\n";
        configuration.add_configuration(&root(file), &mut problems);
        assert_eq!(problems, []);
        let defaults = Configuration::defaults();
        let (before, after) = (defaults.fields(), configuration.fields());
        assert_eq!(
            after.var_reference.0.len(),
            before.var_reference.0.len() + 1
        );
        assert_eq!(after.name_reference.len(), before.name_reference.len());
    }

    #[test]
    fn a_field_that_is_made_here_and_not_there_is_refused() {
        let mut configuration = Configuration::defaults();
        let mut problems = Vec::new();
        let file = "namePrefix: [{path: metadata/name, create: true}]";
        configuration.add_configuration(&root(file), &mut problems);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn definitions_of_types_say_what_refers_to_what() {
        let definitions = "example.Bee:\n  Schema:\n    properties:\n      kind: {}\n      apiVersion: {}\n\
            \x20     metadata: {}\n      spec: {$ref: example.BeeSpec}\n\
            example.BeeSpec:\n  Schema:\n    properties:\n      secretRef:\n\
            \x20       x-kubernetes-object-ref-api-version: v1\n        x-kubernetes-object-ref-kind: Secret\n";
        let mut configuration = Configuration::default();
        configuration.add_definitions(&root(definitions), &mut Vec::new());
        let [reference] = configuration.fields().name_reference.as_slice() else {
            panic!("there is one reference");
        };
        assert_eq!(&*reference.gvk.kind, "Secret");
        let paths: Vec<&str> = reference.referrers.0.iter().map(|it| &*it.path).collect();
        assert_eq!(paths, ["spec/secretRef/name"]);
    }
}
