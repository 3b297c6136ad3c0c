//! `replacements`.

use super::field_path::{FieldPath, Leaf, Miss};
use crate::gitops::Problem;
use crate::gitops::kustomize::field_spec::selects;
use crate::gitops::kustomize::load;
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::target::Target;
use crate::object::Gvk;
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// The field that is meant where none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// Applies `replacements`.
pub(in crate::gitops) fn apply(
    replacements: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in replacements {
        for replacement in &written(entry, step) {
            if let Err(refusal) = replace(replacement, entry.place, resources, step) {
                step.problems.push(Problem::Refused {
                    place: refusal.place,
                    message: refusal.message,
                    help: refusal.help,
                });
            }
        }
    }
}

/// What an entry holds: itself, or what is in the file that it names.
fn written(entry: &Value, step: &mut Step<'_, '_>) -> Vec<Value> {
    let Some(path) = entry.get("path") else {
        return vec![entry.clone()];
    };
    let Some(reference) = path.spanned_text() else {
        return Vec::new();
    };
    let documents = load::documents(&reference, "the replacement", step);
    let documents = documents.unwrap_or_default().into_iter();
    documents
        .flat_map(|root| match root.node {
            Node::Sequence(items) => items,
            Node::Mapping(_) => vec![root],
            Node::Scalar(_) => Vec::new(),
        })
        .collect()
}

/// Applies one replacement that `via` calls for.
fn replace(
    replacement: &Value,
    via: Place,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let Some(targets) = replacement.get("targets") else {
        let message = "a replacement needs a source and targets";
        return Err(Refusal::new(replacement.place, message));
    };
    let value = source(replacement, resources)?;
    for target in targets.items() {
        let target = ReplacementTarget::read(target)?;
        for resource in &mut resources.resources {
            if target.selects(resource) {
                target.write(&value, via, resource, step)?;
            }
        }
    }
    Ok(())
}

/// The value that is copied.
fn source(replacement: &Value, resources: &ResourceMap) -> Result<Value, Refusal> {
    if let Some(value) = replacement.get("sourceValue") {
        return Ok(value.clone());
    }
    let Some(source) = replacement.get("source") else {
        let message = "a replacement needs a source and targets";
        return Err(Refusal::new(replacement.place, message));
    };
    let selector = Selector::read(source);
    let mut found = resources
        .resources
        .iter()
        .filter(|resource| resource.was_ever(|id| selector.selects(id)));
    let Some(first) = found.next() else {
        return Err(Refusal::new(
            source.place,
            format!(
                "no object is the source of the replacement: {}",
                selector.words()
            ),
        ));
    };
    if found.next().is_some() {
        return Err(Refusal::new(
            source.place,
            "the source of the replacement selects more than one object",
        )
        .with_help("add the namespace, group or version"));
    }
    let field = source.get("fieldPath");
    let text = field.and_then(Value::as_text).unwrap_or(DEFAULT_FIELD);
    let value = FieldPath::parse(text).get(&first.value);
    let Some(value) = value.filter(|value| !is_empty(value)) else {
        let place = field.map_or(source.place, |field| field.place);
        return Err(Refusal::new(
            place,
            format!("`{text}` of {} is missing", first.id()),
        ));
    };
    Options::read(source.get("options")).part_of(value, source.place)
}

/// Whether kustomize takes a value for none.
fn is_empty(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(scalar) => value.is_null() || scalar.text.is_empty(),
        Node::Sequence(items) => items.is_empty(),
        Node::Mapping(mapping) => mapping.entries.is_empty(),
    }
}

/// The object that a source names; what is not named is not asked for.
struct Selector {
    group: Box<str>,
    version: Box<str>,
    kind: Box<str>,
    name: Box<str>,
    namespace: Box<str>,
}

impl Selector {
    fn read(source: &Value) -> Self {
        let text = |key: &str| {
            let value = source.get(key).and_then(Value::as_text);
            Box::<str>::from(value.unwrap_or_default())
        };
        Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
        }
    }

    /// What is asked for, in words.
    fn words(&self) -> String {
        let fields = [
            ("group", &self.group),
            ("version", &self.version),
            ("kind", &self.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
        ];
        let given = fields.iter().filter(|(_, text)| !text.is_empty());
        let given: Vec<String> = given.map(|(key, text)| format!("{key} `{text}`")).collect();
        given.join(", ")
    }

    fn selects(&self, id: &ResourceId) -> bool {
        let named = ResourceId {
            gvk: Gvk {
                group: self.group.clone(),
                version: self.version.clone(),
                kind: self.kind.clone(),
            },
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        };
        (self.name.is_empty() || self.name == id.name)
            && (self.namespace.is_empty()
                || named.effective_namespace() == id.effective_namespace())
            && selects(&self.group, &self.version, &self.kind, id)
    }
}

/// Which part of a text is meant, and whether missing fields are made.
#[derive(Default)]
struct Options {
    delimiter: Box<str>,
    index: i64,
    create: bool,
}

impl Options {
    fn read(value: Option<&Value>) -> Self {
        let Some(value) = value else {
            return Self::default();
        };
        let delimiter = value.get("delimiter").and_then(Value::as_text);
        Self {
            delimiter: delimiter.unwrap_or_default().into(),
            index: value
                .get("index")
                .and_then(Value::as_integer)
                .unwrap_or_default(),
            create: value.get("create").and_then(Value::as_bool) == Some(true),
        }
    }

    /// The part of a source that is copied.
    fn part_of(&self, value: &Value, place: Place) -> Result<Value, Refusal> {
        if self.delimiter.is_empty() {
            return Ok(value.clone());
        }
        let Some(scalar) = value.as_scalar() else {
            return Err(Refusal::new(
                place,
                "only a text can be split by a delimiter",
            ));
        };
        let mut parts = scalar.text.split(&*self.delimiter);
        let part = usize::try_from(self.index)
            .ok()
            .and_then(|index| parts.nth(index));
        let Some(part) = part else {
            let message = format!("`{}` has no part {}", scalar.text, self.index);
            return Err(Refusal::new(place, message));
        };
        Ok(Value {
            place: value.place,
            node: Node::Scalar(Scalar {
                text: part.into(),
                style: scalar.style,
            }),
        })
    }

    /// A text in which one part is another.
    fn with_part(&self, old: &str, part: &str) -> String {
        let mut parts: Vec<&str> = old.split(&*self.delimiter).collect();
        match usize::try_from(self.index) {
            Err(_) => parts.insert(0, part),
            Ok(index) => match parts.get_mut(index) {
                Some(own) => *own = part,
                None => parts.push(part),
            },
        }
        parts.join(&self.delimiter)
    }
}

/// Where a replacement writes.
struct ReplacementTarget<'v> {
    select: Target,
    reject: Vec<Target>,
    paths: Vec<Spanned<Box<str>>>,
    options: Options,
    value: &'v Value,
}

impl<'v> ReplacementTarget<'v> {
    fn read(value: &'v Value) -> Result<Self, Refusal> {
        let Some(select) = value.get("select") else {
            let message = "a target of a replacement needs `select`";
            return Err(Refusal::new(value.place, message));
        };
        let reject = value.get("reject").map_or(&[][..], Value::items);
        let paths = value.get("fieldPaths").map_or(&[][..], Value::items);
        let mut paths: Vec<Spanned<Box<str>>> =
            paths.iter().filter_map(Value::spanned_text).collect();
        if paths.is_empty() {
            paths.push(Spanned::new(DEFAULT_FIELD.into(), value.place));
        }
        Ok(Self {
            select: Target::read(select)?,
            reject: reject.iter().map(Target::read).collect::<Result<_, _>>()?,
            paths,
            options: Options::read(value.get("options")),
            value,
        })
    }

    /// Whether an object is selected and not rejected.
    fn selects(&self, resource: &Resource) -> bool {
        self.select.fits_marks(resource)
            && resource.was_ever(|id| self.select.fits_id(id))
            && !self.reject.iter().any(|reject| {
                (reject.names_marks() && reject.fits_marks(resource))
                    || (reject.names_id() && resource.was_ever(|id| reject.fits_id(id)))
            })
    }

    /// Writes the value to every field.
    fn write(
        &self,
        value: &Value,
        via: Place,
        resource: &mut Resource,
        step: &mut Step<'_, '_>,
    ) -> Result<(), Refusal> {
        let leaf = self.options.create.then_some(match &value.node {
            Node::Scalar(_) => Leaf::Scalar,
            Node::Sequence(_) => Leaf::Sequence,
            Node::Mapping(_) => Leaf::Mapping,
        });
        for path in &self.paths {
            let mut is_split = true;
            let parsed = FieldPath::parse(&path.value);
            let missed = parsed.visit(&mut resource.value, leaf, path.place, &mut |field| {
                let previous = (field.place != path.place).then_some(field.place);
                is_split &= self.copy(value, (via, previous), field, step);
            });
            match missed {
                Ok(()) if is_split => {}
                Ok(()) => {
                    let message = "only a text can be split by a delimiter";
                    return Err(Refusal::new(self.value.place, message));
                }
                Err(Miss::IntoText) => step.unresolved(
                    path.place,
                    format!(
                        "`{}` leads into a text, which is not changed here",
                        path.value
                    ),
                ),
                Err(Miss::NotFound) => {
                    return Err(Refusal::new(
                        path.place,
                        format!("{} has no field `{}`", resource.id(), path.value),
                    )
                    .with_help("correct the path, or let `options: {create: true}` make it"));
                }
            }
        }
        Ok(())
    }

    /// Copies the value to one field; whether that is possible.
    fn copy(
        &self,
        value: &Value,
        (via, previous): (Place, Option<Place>),
        field: &mut Value,
        step: &mut Step<'_, '_>,
    ) -> bool {
        let place = step.changed(value.place, Cause::Replacement, Some(via), previous);
        let (Some(old), Some(new)) = (field.as_scalar(), value.as_scalar()) else {
            if !self.options.delimiter.is_empty() {
                return false;
            }
            *field = Value {
                place,
                node: value.node.clone(),
            };
            return true;
        };
        let text = if self.options.delimiter.is_empty() {
            new.text.clone()
        } else {
            self.options.with_part(&old.text, &new.text).into()
        };
        // A field keeps its type; one that was made takes that of the value.
        let style = if old.text.is_empty() && old.style == ScalarStyle::Plain {
            new.style
        } else if field.as_str().is_some() {
            ScalarStyle::Quoted
        } else {
            old.style
        };
        *field = Value {
            place,
            node: Node::Scalar(Scalar { text, style }),
        };
        true
    }
}
