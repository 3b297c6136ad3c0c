//! What transformers make of objects. The expected values are what kustomize v5.8.1 prints.

use crate::gitops::Files;
use crate::gitops::kustomize::testing::{files, objects, outline, problems, spot};
use crate::gitops::kustomize::{Additions, Session, build};
use crate::source::{Cause, Change, Place};
use crate::yaml::Value;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: x}\n\
    spec: {selector: {app: web}, ports: [{name: http, port: 8080}]}\n";
const THING: &str = "apiVersion: x.io/v1\nkind: Thing\nmetadata: {name: t}\n\
    spec: {host: web, number: 5, list: [{name: app, v: 1}, {name: my-app, v: 2}], dots: a.b.c}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
    spec:\n  template:\n    spec:\n      containers:\n      - {name: c, image: 'nginx:1', args: [$(HOST)]}\n";

/// A kustomization in the root of a repository, and the files that it names.
fn repository(kustomization: &str, resources: &[&str]) -> Files {
    let names: Vec<String> = (0..resources.len())
        .map(|at| format!("{at}.yaml"))
        .collect();
    let text = format!(
        "resources: [{}]\n{kustomization}sortOptions: {{order: fifo}}\n",
        names.join(", ")
    );
    let mut texts = vec![("kustomization.yaml", text.as_str())];
    texts.extend(
        names
            .iter()
            .map(String::as_str)
            .zip(resources.iter().copied()),
    );
    files(&texts)
}

/// What a kustomization makes of a path in the first object.
fn made(kustomization: &str, resources: &[&str], path: &[&str]) -> String {
    let files = repository(kustomization, resources);
    let mut session = Session::new(&files);
    let built = build("".into(), &Additions::default(), &mut session);
    assert_eq!(built.problems, [], "{kustomization}");
    let first = built.resources.resources.first();
    let value = first.and_then(|resource| resource.value.at(path));
    value.map_or_else(|| "nothing".to_owned(), outline)
}

/// Where a value of the first object is written, what changed it, and where it was written before.
fn origin(kustomization: &str, resources: &[&str], path: &[&str]) -> (String, Cause, String) {
    let files = repository(kustomization, resources);
    let mut session = Session::new(&files);
    let built = build("".into(), &Additions::default(), &mut session);
    let first = &built.resources.resources[0];
    let place = first.value.at(path).expect("the field is there").place;
    let change = session.origins.change(place).expect("it was changed");
    let written = |place: Place| {
        let text = files.sources().text(place.span);
        format!("{} {text}", spot(&files, place))
    };
    let Change {
        cause, previous, ..
    } = *change;
    let previous = previous.map_or_else(|| "nothing".to_owned(), written);
    (written(place), cause, previous)
}

#[test]
fn a_namespace_moves_every_object_and_no_host() {
    let service = made("namespace: prod\n", &[SERVICE], &["metadata", "namespace"]);
    assert_eq!(service, "prod");
    let thing = made("namespace: prod\n", &[THING], &["metadata", "namespace"]);
    assert_eq!(thing, "prod");
    assert_eq!(
        made("namespace: prod\n", &[THING], &["spec", "host"]),
        "web"
    );
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}";
    let role = made("namespace: prod\n", &[role], &["metadata", "namespace"]);
    assert_eq!(role, "nothing");
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: x}}";
    let namespace = made("namespace: prod\n", &[namespace], &["metadata", "name"]);
    assert_eq!(namespace, "prod");
}

#[test]
fn subjects_follow_a_namespace_if_they_are_named_default_or_move_with_it() {
    let binding = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, \
        subjects: [{kind: ServiceAccount, name: default, namespace: y}, {kind: ServiceAccount, name: sa, namespace: x}, \
        {kind: ServiceAccount, name: other, namespace: x}]}\n";
    let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa, namespace: x}}\n";
    assert_eq!(
        made("namespace: prod\n", &[binding, account], &["subjects"]),
        "[{kind: ServiceAccount, name: default, namespace: prod}, \
          {kind: ServiceAccount, name: sa, namespace: prod}, \
          {kind: ServiceAccount, name: other, namespace: x}]"
    );
}

#[test]
fn a_namespace_that_makes_one_object_of_two_is_refused() {
    let other = SERVICE.replace("namespace: x", "namespace: y");
    let files = repository("namespace: prod\n", &[SERVICE, &other]);
    assert_eq!(
        problems(&files, ""),
        ["kustomization.yaml:2: namespace `prod` makes two objects the same: Service prod/web"]
    );
}

#[test]
fn prefixes_and_suffixes_leave_namespaces_and_definitions_alone() {
    let affixes = "namePrefix: a-\nnameSuffix: -z\n";
    assert_eq!(made(affixes, &[SERVICE], &["metadata", "name"]), "a-web-z");
    for kind in [
        "apiVersion: v1, kind: Namespace",
        "apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition",
        "apiVersion: apiregistration.k8s.io/v1, kind: APIService",
    ] {
        let object = format!("{{{kind}, metadata: {{name: web}}}}");
        assert_eq!(
            made(affixes, &[&object], &["metadata", "name"]),
            "web",
            "{kind}"
        );
    }
}

#[test]
fn webhooks_follow_the_name_and_namespace_of_their_service() {
    let webhook = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, \
        metadata: {name: w}, webhooks: [{clientConfig: {service: {name: web, namespace: x}}}, \
        {clientConfig: {service: {name: other, namespace: x}}}]}\n";
    assert_eq!(
        made(
            "namespace: prod\nnamePrefix: p-\n",
            &[webhook, SERVICE],
            &["webhooks"]
        ),
        "[{clientConfig: {service: {name: p-web, namespace: prod}}}, \
          {clientConfig: {service: {name: other, namespace: x}}}]"
    );
}

#[test]
fn a_name_that_may_refer_to_two_objects_is_resolved_by_prefix() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {volumes: [{configMap: {name: cm}}]}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n";
    let files = files(&[
        ("kustomization.yaml", "resources: [a, b]\n"),
        (
            "a/kustomization.yaml",
            "resources: [p.yaml, c.yaml]\nnamePrefix: a-\n",
        ),
        ("a/p.yaml", pod),
        ("a/c.yaml", map),
        (
            "b/kustomization.yaml",
            "resources: [p.yaml, c.yaml]\nnamePrefix: b-\n",
        ),
        ("b/p.yaml", pod),
        ("b/c.yaml", map),
    ]);
    let volumes = objects(&files, "");
    assert!(volumes.contains("{configMap: {name: a-cm}}"), "{volumes}");
    assert!(volumes.contains("{configMap: {name: b-cm}}"), "{volumes}");
}

#[test]
fn labels_reach_selectors_and_templates_as_far_as_they_are_told() {
    let labels = |options: &str| format!("labels: [{{pairs: {{a: \"1\"}}{options}}}]\n");
    let selector = ["spec", "selector"];
    assert_eq!(made(&labels(""), &[SERVICE], &selector), "{app: web}");
    assert_eq!(
        made(&labels(", includeSelectors: true"), &[SERVICE], &selector),
        "{a: \"1\", app: web}"
    );
    let template = ["spec", "template", "metadata"];
    assert_eq!(made(&labels(""), &[DEPLOYMENT], &template), "nothing");
    assert_eq!(
        made(
            &labels(", includeTemplates: true"),
            &[DEPLOYMENT],
            &template
        ),
        "{labels: {a: \"1\"}}"
    );
    let own = ", fields: [{path: spec/marks, kind: Thing, create: true}]";
    assert_eq!(
        made(&labels(own), &[THING], &["spec", "marks"]),
        "{a: \"1\"}"
    );
}

#[test]
fn common_annotations_reach_templates() {
    let path = ["spec", "template", "metadata", "annotations"];
    assert_eq!(
        made("commonAnnotations: {a: b}\n", &[DEPLOYMENT], &path),
        "{a: b}"
    );
}

#[test]
fn a_tag_suffix_is_added_by_both_passes_over_the_images() {
    for (image, expected) in [
        ("newTag: '2'", "nginx:2"),
        ("newName: other", "other:1"),
        ("tagSuffix: -a", "nginx:1-a-a"),
    ] {
        let images = format!("images: [{{name: nginx, {image}}}]\n");
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: 'nginx:1'}]}\n";
        let found = made(&images, &[pod], &["spec", "containers"]);
        assert_eq!(found, format!("[{{image: {expected}}}]"));
    }
}

#[test]
fn replicas_of_nothing_are_refused() {
    assert_eq!(
        made(
            "replicas: [{name: web, count: 3}]\n",
            &[DEPLOYMENT],
            &["spec", "replicas"]
        ),
        "3"
    );
    let files = repository("replicas: [{name: other, count: 3}]\n", &[DEPLOYMENT]);
    assert_eq!(
        problems(&files, ""),
        ["kustomization.yaml:2: `replicas` names `other`, which is no object with replicas here"]
    );
}

/// A replacement from the service to the thing.
fn replacement(source: &str, target: &str) -> String {
    format!(
        "replacements:\n- source: {{kind: Service{source}}}\n  targets: [{{select: {{kind: Thing}}, {target}}}]\n"
    )
}

#[test]
fn a_replacement_writes_what_its_source_says() {
    let port = ", fieldPath: spec.ports.0.port";
    let namespace = ", fieldPath: metadata.namespace";
    for (source, target, path, expected) in [
        ("", "fieldPaths: [spec.host]", "host", "web"),
        (port, "fieldPaths: [spec.number]", "number", "8080"),
        (port, "fieldPaths: [spec.host]", "host", "\"8080\""),
        (
            port,
            "fieldPaths: [spec.new], options: {create: true}",
            "new",
            "8080",
        ),
        (
            namespace,
            "fieldPaths: [spec.dots], options: {delimiter: ., index: 1}",
            "dots",
            "a.x.c",
        ),
        (
            namespace,
            "fieldPaths: [spec.dots], options: {delimiter: ., index: -1}",
            "dots",
            "x.a.b.c",
        ),
        (
            namespace,
            "fieldPaths: [spec.dots], options: {delimiter: ., index: 9}",
            "dots",
            "a.b.c.x",
        ),
        (
            ", fieldPath: spec.selector",
            "fieldPaths: [spec.list]",
            "list",
            "{app: web}",
        ),
        (
            port,
            // The text is a regular expression that need not match all of the name.
            "fieldPaths: ['spec.list.[name=app].v']",
            "list",
            "[{name: app, v: 8080}, {name: my-app, v: 8080}]",
        ),
        (
            port,
            "fieldPaths: ['spec.list.[name=new].v'], options: {create: true}",
            "list",
            "[{name: app, v: 1}, {name: my-app, v: 2}, {name: new, v: 8080}]",
        ),
        (
            port,
            "fieldPaths: ['spec.list.*.v']",
            "list",
            "[{name: app, v: 8080}, {name: my-app, v: 8080}]",
        ),
    ] {
        let text = replacement(source, target);
        let files = repository(&text, &[THING, SERVICE]);
        assert_eq!(problems(&files, ""), Vec::<String>::new(), "{text}");
        assert_eq!(
            made(&text, &[THING, SERVICE], &["spec", path]),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_replacement_that_leads_nowhere_is_refused() {
    for (source, target, expected) in [
        (
            "",
            "fieldPaths: [spec.nope]",
            "Thing t has no field `spec.nope`",
        ),
        (
            "",
            "fieldPaths: [spec.number]",
            "kustomize cannot write `web` over a value of another type",
        ),
        (
            ", fieldPath: spec.nope",
            "fieldPaths: [spec.host]",
            "Service x/web has no `spec.nope`, which is the source",
        ),
        (
            ", name: other",
            "fieldPaths: [spec.host]",
            "the source of this replacement, Service `other`, is not in the kustomization",
        ),
        (
            ", fieldPath: metadata.name, options: {delimiter: ., index: 3}",
            "fieldPaths: [spec.host]",
            "`web` has no part 3",
        ),
    ] {
        let text = replacement(source, target);
        let found = problems(&repository(&text, &[THING, SERVICE]), "");
        let [found] = found.as_slice() else {
            panic!("{text}: {found:?}");
        };
        assert!(found.ends_with(expected), "{found}");
    }
}

#[test]
fn a_target_may_be_inside_of_json_or_yaml_in_a_text() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n  json: '{\"b\": {\"c\": \"x\"}, \"a\": \"<1>\"}'\n  yaml: |\n    b:\n      c: x\n    n: 1\n";
    let to = |paths: &str| {
        format!(
            "replacements:\n- source: {{kind: Service}}\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [{paths}]}}]\n"
        )
    };
    for (path, field, expected) in [
        (
            "data.json.b.c",
            "json",
            r#""{\"a\":\"\\u003c1\\u003e\",\"b\":{\"c\":\"web\"}}""#,
        ),
        ("data.yaml.b.c", "yaml", "b:\n  c: web\nn: 1"),
    ] {
        let found = made(&to(path), &[map, SERVICE], &["data", field]);
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn rejected_objects_are_no_targets() {
    let text = "replacements:\n- source: {kind: Service}\n  targets: [{select: {kind: Thing}, reject: [{name: t}], fieldPaths: [spec.host]}]\n";
    let other = THING.replace("host: web", "host: other");
    assert_eq!(made(text, &[&other, SERVICE], &["spec", "host"]), "other");
}

/// Variables for the host and the port.
const VARS: &str = "vars:\n- {name: HOST, objref: {apiVersion: v1, kind: Service, name: web}}\n\
    - {name: PORT, objref: {apiVersion: v1, kind: Service, name: web}, fieldref: {fieldPath: 'spec.ports[0].port'}}\n";

#[test]
fn variables_are_filled_in_where_they_may_stand() {
    let pod = |args: &str| {
        let spec = format!("spec: {{containers: [{{args: [{args}]}}]}}");
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{spec}\n")
    };
    for (text, expected) in [
        ("'$(HOST):$(PORT)'", "web:8080"),
        ("$(HOST)", "web"),
        ("$(PORT)", "8080"),
        ("p$(PORT)", "p8080"),
        ("$$(HOST)", "\"$(HOST)\""),
        ("$(OTHER)", "\"$(OTHER)\""),
    ] {
        let found = made(VARS, &[&pod(text), SERVICE], &["spec", "containers"]);
        assert_eq!(found, format!("[{{args: [{expected}]}}]"), "{text}");
    }
    // A host of a custom resource is no such place unless a configuration says so.
    let thing = THING.replace("host: web", "host: $(HOST)");
    assert_eq!(
        made(VARS, &[&thing, SERVICE], &["spec", "host"]),
        "\"$(HOST)\""
    );
}

#[test]
fn variables_of_nothing_are_refused() {
    let missing = VARS.replace("name: web", "name: other");
    let found = problems(&repository(&missing, &[DEPLOYMENT, SERVICE]), "");
    assert_eq!(
        found,
        [
            "kustomization.yaml:3: variable `HOST` refers to an object that is not here",
            "kustomization.yaml:4: variable `PORT` refers to an object that is not here",
        ]
    );
}

#[test]
fn local_configuration_is_not_deployed() {
    let local = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {config.kubernetes.io/local-config: \"true\"}}}\n";
    assert_eq!(objects(&repository("", &[local]), ""), "");
}

#[test]
fn what_a_transformer_writes_leads_to_its_line() {
    let namespace = origin("namespace: prod\n", &[SERVICE], &["metadata", "namespace"]);
    assert_eq!(
        namespace,
        (
            "kustomization.yaml:2 prod".into(),
            Cause::Namespace,
            "0.yaml:3 x".into()
        )
    );
    let name = origin("namePrefix: a-\n", &[SERVICE], &["metadata", "name"]);
    assert_eq!(
        name,
        (
            "kustomization.yaml:2 a-".into(),
            Cause::NamePrefix,
            "0.yaml:3 web".into()
        )
    );
    let label = origin(
        "commonLabels: {app: other}\n",
        &[SERVICE],
        &["spec", "selector", "app"],
    );
    assert_eq!(
        label,
        (
            "kustomization.yaml:2 other".into(),
            Cause::Labels,
            "0.yaml:4 web".into()
        )
    );
    let label = origin(
        "commonLabels: {a: b}\n",
        &[SERVICE],
        &["spec", "selector", "a"],
    );
    assert_eq!(
        label,
        (
            "kustomization.yaml:2 b".into(),
            Cause::Labels,
            "nothing".into()
        )
    );
    let replicas = origin(
        "replicas: [{name: web, count: 3}]\n",
        &[DEPLOYMENT],
        &["spec", "replicas"],
    );
    assert_eq!(
        replicas,
        (
            "kustomization.yaml:2 3".into(),
            Cause::Replicas,
            "nothing".into()
        )
    );
}

#[test]
fn what_a_replacement_writes_leads_to_its_source() {
    let text = replacement("", "fieldPaths: [spec.host]");
    assert_eq!(
        origin(&text, &[THING, SERVICE], &["spec", "host"]),
        (
            "1.yaml:3 web".into(),
            Cause::Replacement,
            "0.yaml:4 web".into()
        )
    );
}

#[test]
fn a_reference_leads_to_the_name_that_it_follows() {
    let api = "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: a}, spec: {service: {name: web, namespace: x}}}\n";
    assert_eq!(
        origin(
            "namePrefix: a-\n",
            &[api, SERVICE],
            &["spec", "service", "name"]
        ),
        (
            "kustomization.yaml:2 a-".into(),
            Cause::Reference,
            "0.yaml:1 web".into()
        )
    );
}

#[test]
fn a_variable_leads_to_what_it_refers_to() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {host: h-$(HOST)}}\n";
    assert_eq!(
        origin(VARS, &[pod, SERVICE], &["metadata", "labels", "host"]),
        (
            "1.yaml:3 web".into(),
            Cause::Variable,
            "0.yaml:3 h-$(HOST)".into()
        )
    );
}

#[test]
fn what_a_cd_tool_adds_is_blamed_on_the_tool() {
    let files = repository("", &[SERVICE]);
    let file = files
        .file("kustomization.yaml".into())
        .expect("it was given");
    let written: &Value = &files.documents(file).documents[0].root;
    let additions = Additions {
        cause: Some(Cause::Flux),
        namespace: Some(crate::source::Spanned::new("prod".into(), written.place)),
        ..Additions::default()
    };
    let mut session = Session::new(&files);
    let built = build("".into(), &additions, &mut session);
    let place = built.resources.resources[0]
        .metadata("namespace")
        .expect("it has one")
        .place;
    assert_eq!(
        session.origins.change(place).map(|it| it.cause),
        Some(Cause::Flux)
    );
}
