//! References that follow the new names of what they refer to.

use super::note;
use crate::gitops::kustomize::field_spec::{
    FieldSpec, entry_mut, overwrite, selects, set_entry, string, text,
};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::object::Gvk;
use crate::source::{Cause, Spanned};
use crate::yaml::{Node, Value};

/// Makes references follow the new names of what they refer to.
pub(super) fn follow(resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let configuration = step.configuration;
    let candidates: Vec<Candidate> = resources.resources.iter().map(Candidate::new).collect();
    for (at, resource) in resources.resources.iter_mut().enumerate() {
        let Some(referrer) = candidates.get(at) else {
            continue;
        };
        let namespaces = match account_namespaces(resource) {
            Ok(namespaces) => namespaces,
            Err(refusal) => {
                note(Err(refusal), step);
                continue;
            }
        };
        let original = referrer.original();
        let mut reachable: Option<Vec<&Candidate>> = None;
        for reference in &configuration.fields().name_reference {
            let specs = reference.referrers.0.iter();
            for spec in specs.filter(|spec| spec.applies_to(&original.gvk)) {
                let reachable = reachable.get_or_insert_with(|| {
                    // What has no former name is never found by it.
                    let all = candidates.iter().filter(|one| !one.former.is_empty());
                    all.filter(|one| one.is_reachable(referrer, &namespaces))
                        .collect()
                });
                let role = spec
                    .path
                    .ends_with("roleRef/name")
                    .then(|| role(&resource.value))
                    .flatten();
                let mut link = Follower {
                    referrer,
                    target: &reference.gvk,
                    role,
                    reachable,
                    step,
                };
                let spec = FieldSpec {
                    create: false,
                    ..spec.clone()
                };
                let followed =
                    spec.visit(&mut resource.value, None, &mut |value, _| link.value(value));
                note(followed, step);
            }
        }
    }
}

/// The namespaces of the service accounts that a `RoleBinding` names.
fn account_namespaces(resource: &Resource) -> Result<Vec<Box<str>>, Refusal> {
    if text(&resource.value, "kind") != "RoleBinding" {
        return Ok(Vec::new());
    }
    let subjects = resource.value.get("subjects").map_or(&[][..], Value::items);
    let accounts = subjects
        .iter()
        .filter(|subject| text(subject, "kind") == "ServiceAccount");
    let namespaces = accounts.filter_map(|account| account.entry("namespace"));
    namespaces
        .map(|entry| {
            let refusal = || {
                let message = "kustomize wants a string as the namespace of a service account";
                Refusal::new(entry.value.place, message)
                    .with_help("write the namespace, or leave the field out")
            };
            entry.value.as_str().map(Box::from).ok_or_else(refusal)
        })
        .collect()
}

/// The kind that a role binding refers to, if it says so.
fn role(binding: &Value) -> Option<Gvk> {
    let field = |key| binding.at(&["roleRef"])?.entry(key)?.value.as_scalar();
    Some(Gvk {
        group: field("apiGroup")?.text.clone(),
        version: Box::default(),
        kind: field("kind")?.text.clone(),
    })
}

/// An object that may be referred to.
struct Candidate {
    id: ResourceId,
    former: Vec<ResourceId>,
    name: Option<Spanned<Box<str>>>,
    namespace: Option<Spanned<Box<str>>>,
    prefixes: Vec<Box<str>>,
    suffixes: Vec<Box<str>>,
}

impl Candidate {
    /// What counts of an object.
    fn new(resource: &Resource) -> Self {
        Self {
            id: resource.id(),
            former: resource.former_ids(),
            name: resource.metadata("name"),
            namespace: resource.metadata("namespace"),
            prefixes: resource.name_prefixes.clone(),
            suffixes: resource.name_suffixes.clone(),
        }
    }

    /// What it was known by where it is written.
    fn original(&self) -> &ResourceId {
        self.former.first().unwrap_or(&self.id)
    }

    /// Whether an object may refer to it, as far as namespaces go.
    fn is_reachable(&self, referrer: &Self, account_namespaces: &[Box<str>]) -> bool {
        referrer.id.is_cluster_scoped()
            || self.id.is_cluster_scoped()
            || self.id.effective_namespace() == referrer.id.effective_namespace()
            || account_namespaces.contains(&self.id.namespace)
    }

    /// Whether an object in this namespace may refer to it; a service account may be elsewhere.
    fn shares_namespace(&self, referrer: &Self) -> bool {
        referrer.id.is_cluster_scoped()
            || self.id.is_cluster_scoped()
            || &*self.id.gvk.kind == "ServiceAccount"
            || self.id.effective_namespace() == referrer.id.effective_namespace()
    }

    /// Whether its name was given the same prefixes and suffixes as that of another; `or_none` says whether none will do.
    fn shares_affixes(&self, other: &Self, or_none: bool) -> bool {
        let same = |own: &[Box<str>], others: &[Box<str>]| {
            let is_empty = own.is_empty() || others.is_empty();
            (or_none && is_empty) || end_alike(own, others)
        };
        same(&self.prefixes, &other.prefixes) && same(&self.suffixes, &other.suffixes)
    }
}

/// Whether one of two lists ends with the other; an empty one only with an empty one.
fn end_alike(one: &[Box<str>], other: &[Box<str>]) -> bool {
    if one.is_empty() || other.is_empty() {
        return one.is_empty() && other.is_empty();
    }
    one.ends_with(other) || other.ends_with(one)
}

/// What makes one field of an object follow.
struct Follower<'w, 'a, 'f> {
    referrer: &'w Candidate,
    /// The kind of what is referred to.
    target: &'w Gvk,
    /// The kind that a role binding says.
    role: Option<Gvk>,
    reachable: &'w [&'w Candidate],
    step: &'w mut Step<'a, 'f>,
}

impl Follower<'_, '_, '_> {
    /// Makes a field follow: a name, a mapping with a name and a namespace, or a list of such.
    fn value(&mut self, value: &mut Value) -> Result<(), Refusal> {
        if value.is_null() {
            return Ok(());
        }
        match &mut value.node {
            Node::Scalar(_) => self.name(value),
            Node::Mapping(_) => self.mapping(value),
            Node::Sequence(items) => items.iter_mut().try_for_each(|item| match &item.node {
                Node::Scalar(_) if item.is_null() => Ok(()),
                Node::Scalar(_) => self.name(item),
                Node::Mapping(_) => self.mapping(item),
                Node::Sequence(_) => Err(Refusal::new(
                    item.place,
                    "kustomize wants a name or a mapping with one here",
                )),
            }),
        }
    }

    /// Makes a name follow.
    fn name(&mut self, value: &mut Value) -> Result<(), Refusal> {
        let old = value.as_text().unwrap_or_default();
        let found = self.select(old, self.reachable, false, value)?;
        if let Some(name) = found.and_then(|found| found.name.as_ref())
            && *name.value != *old
        {
            self.write(value, name);
        }
        Ok(())
    }

    /// Makes a mapping with a name, and perhaps a namespace, follow.
    fn mapping(&mut self, value: &mut Value) -> Result<(), Refusal> {
        let Some(old) = value.entry("name") else {
            return Err(Refusal::new(
                value.place,
                "kustomize looks for a `name` here and finds none",
            ));
        };
        let old = old.value.as_scalar().map_or("", |scalar| &*scalar.text);
        let in_namespace;
        let candidates = match value.entry("namespace") {
            None => self.reachable,
            Some(entry) => {
                let namespace = entry.value.as_scalar().map_or("", |scalar| &*scalar.text);
                in_namespace = self.in_namespace(namespace);
                &in_namespace
            }
        };
        let Some(found) = self.select(old, candidates, true, value)? else {
            return Ok(());
        };
        let (name, namespace) = (found.name.clone(), found.namespace.clone());
        let namespace = namespace.filter(|namespace| !namespace.value.is_empty());
        let Some(name) = name else {
            return Ok(());
        };
        if *name.value == *old && namespace.is_none() {
            return Ok(());
        }
        if let Some(entry) = entry_mut(value, "name")
            && *name.value != *entry.value.as_text().unwrap_or_default()
        {
            self.write(&mut entry.value, &name);
        }
        let Some(namespace) = namespace else {
            return Ok(());
        };
        if let Some(entry) = entry_mut(value, "namespace") {
            if entry.value.as_text() != Some(&namespace.value) {
                self.write(&mut entry.value, &namespace);
            }
        } else {
            let cause = Cause::Reference;
            let place = self
                .step
                .session
                .changed(namespace.place, cause, None, None);
            let key = Spanned::new("namespace".into(), place);
            set_entry(value, key, string(&namespace.value, place));
        }
        Ok(())
    }

    /// The candidates that are written in a namespace, or else those that are in it now.
    fn in_namespace(&self, namespace: &str) -> Vec<&Candidate> {
        let those = |id: fn(&Candidate) -> &ResourceId| -> Vec<&Candidate> {
            let all = self.reachable.iter().copied();
            all.filter(|one| {
                let id = id(one);
                !id.is_cluster_scoped() && id.effective_namespace() == namespace
            })
            .collect()
        };
        let written = those(Candidate::original);
        if written.is_empty() {
            those(|one| &one.id)
        } else {
            written
        }
    }

    /// Writes a text over a scalar.
    fn write(&mut self, value: &mut Value, new: &Spanned<Box<str>>) {
        let previous = Some(value.place);
        let session = &mut *self.step.session;
        value.place = session.changed(new.place, Cause::Reference, None, previous);
        overwrite(value, &new.value);
        let is_string = value.as_str().is_some();
        if !is_string {
            value.node = string(&new.value, value.place).node;
        }
    }

    /// The one object that a name refers to.
    fn select<'c>(
        &self,
        old: &str,
        candidates: &[&'c Candidate],
        with_namespace: bool,
        value: &Value,
    ) -> Result<Option<&'c Candidate>, Refusal> {
        let was = |one: &Candidate, wanted: &Gvk| {
            let mut former = one.former.iter();
            former.any(|id| selects(wanted, &id.gvk))
        };
        let mut found: Vec<&Candidate> = candidates
            .iter()
            .copied()
            .filter(|one| {
                one.former.iter().any(|id| &*id.name == old)
                    && was(one, self.target)
                    && self.role.as_ref().is_none_or(|role| was(one, role))
                    && one.shares_namespace(self.referrer)
            })
            .collect();
        if found.len() > 1 {
            found.retain(|one| one.shares_affixes(self.referrer, true));
        }
        if found.len() > 1 {
            found.retain(|one| one.shares_affixes(self.referrer, false));
        }
        let Some((first, rest)) = found.split_first() else {
            return Ok(None);
        };
        let are_alike = rest.iter().all(|one| {
            one.id.name == first.id.name
                && (!with_namespace || one.id.namespace == first.id.namespace)
        });
        if are_alike {
            return Ok(Some(first));
        }
        let ids: Vec<String> = found.iter().map(|one| format!("`{}`", one.id)).collect();
        Err(Refusal::new(
            value.place,
            format!("`{old}` may refer to {}", ids.join(" or ")),
        ))
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::gitops::kustomize::testing::{files, problems, spot};
    use crate::gitops::kustomize::{Additions, Session, build};
    use crate::source::Cause;

    #[test]
    fn a_reference_stands_where_the_new_name_is_written() {
        let files = files(&[
            (
                "kustomization.yaml",
                "resources: [a.yaml]\nnamePrefix: p-\n",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\n\
                 apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\n\
                 spec:\n  tls:\n  - secretName: s\n",
            ),
        ]);
        let mut session = Session::new(&files);
        let built = build(Utf8Path::new(""), &Additions::default(), &mut session);
        let mut objects = built.resources.resources.iter();
        let ingress = objects.find(|it| &*it.id().gvk.kind == "Ingress");
        let tls = ingress.and_then(|ingress| ingress.value.at(&["spec", "tls"]));
        let name = &tls.expect("it is there").items()[0];
        let name = name.get("secretName").expect("it is there");
        assert_eq!(name.as_text(), Some("p-s"));
        assert_eq!(spot(&files, name.place), "kustomization.yaml:2");
        let change = session.origins.change(name.place).expect("it changed");
        assert_eq!(change.cause, Cause::Reference);
        let previous = change.previous.map(|place| spot(&files, place));
        assert_eq!(previous.as_deref(), Some("a.yaml:10"));
    }

    #[test]
    fn a_role_binding_is_refused_for_its_subjects_even_if_nothing_has_a_new_name() {
        let binding = |subject: &str| {
            let text = format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b}}\n\
                 subjects:\n- {{name: s, {subject}}}\n"
            );
            let files = files(&[
                ("kustomization.yaml", "resources: [a.yaml]\n"),
                ("a.yaml", &text),
            ]);
            problems(&files, "")
        };
        let refused = ["a.yaml:5: kustomize wants a string as the namespace of a service account"];
        assert_eq!(binding("kind: ServiceAccount, namespace: null"), refused);
        assert_eq!(binding("kind: ServiceAccount, namespace: 5"), refused);
        assert_eq!(binding("kind: ServiceAccount, namespace: n"), [""; 0]);
        assert_eq!(binding("kind: Group, namespace: null"), [""; 0]);
    }
}
