//! What other tools test on this topic, as a table (`testdata/peers.txt`): where they are right about the traffic this
//! linter says the same, and where they are not it says what happens. Notes are left out: nothing is broken by them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mtls_lint::diagnostic::Severity;
use mtls_lint::engine::{self, Request};
use mtls_lint::source::tree::Memory;

/// The domain of all services.
const DOMAIN: &str = "svc.cluster.local";

/// A case with one setting: its name, the setting, its objects and the findings as `rule object`.
#[derive(Clone, Default)]
struct Case {
    name: String,
    setting: String,
    objects: Vec<String>,
    expected: BTreeSet<String>,
}

/// The cases of the table.
fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/peers.txt");
    let text = fs::read_to_string(path).expect("the table can be read");
    let (mut title, mut common) = ("", Vec::new());
    let mut cases: Vec<Case> = Vec::new();
    let mut is_common = false;
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(group) = line.strip_prefix("== ") {
            (title, common, is_common) = (group, Vec::new(), true);
        } else if let Some(case) = line.strip_prefix("-- ") {
            let (name, setting) = case.rsplit_once(": ").expect("a case is `name: settings`");
            is_common = false;
            cases.push(Case {
                name: format!("{title}: {name}"),
                setting: setting.to_owned(),
                objects: common.clone(),
                expected: BTreeSet::new(),
            });
        } else if is_common {
            common.push(line.to_owned());
        } else {
            let case = cases.last_mut().expect("lines follow a case");
            match line.strip_prefix("=> ") {
                Some(finding) => drop(case.expected.insert(finding.to_owned())),
                None => case.objects.push(line.to_owned()),
            }
        }
    }
    let with = |case: &Case, setting: &str| Case {
        setting: setting.to_owned(),
        ..case.clone()
    };
    let spread = cases.iter().flat_map(|case| {
        let settings = case.setting.split(' ');
        settings
            .map(|setting| with(case, setting))
            .collect::<Vec<_>>()
    });
    spread.collect()
}

/// The object of a line: `service NS/NAME` with a pod, `plain NS/NAME` with one that has no proxy, `bare NS/NAME` with none;
/// `client NS`; `entry NS/NAME HOST`; `rule NS/NAME HOST POLICY [EXPORT…]`; `peer NS/NAME MODE [app=NAME] [PORT=MODE]…`;
/// `mesh-policy MODE`; `policy NS/NAME TARGET MODE`. `SD` stands for the domain of services.
fn manifest(line: &str) -> String {
    let line = line.replace("SD", DOMAIN);
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["bare", id] => service(id),
        ["mesh-policy", mode] => legacy("MeshPolicy", "{name: default}", "*", mode),
        ["policy", id, target, mode] => {
            let (namespace, name) = split(id);
            let metadata = format!("{{name: {name}, namespace: {namespace}}}");
            legacy("Policy", &metadata, target, mode)
        }
        ["client", namespace] => injected(namespace) + &pod(namespace, "sleep", true),
        ["service", id] => service(id) + &pod_of(id, true),
        ["plain", id] => service(id) + &pod_of(id, false),
        ["entry", id, host] => entry(id, host),
        ["rule", id, host, policy, exports @ ..] => rule(id, host, policy, exports),
        ["peer", id, mode, rest @ ..] => peer(id, mode, rest),
        other => panic!("{other:?}"),
    }
}

fn split(id: &str) -> (&str, &str) {
    id.split_once('/').expect("an object is `namespace/name`")
}

fn head(api_version: &str, kind: &str, id: &str) -> String {
    let (namespace, name) = split(id);
    format!(
        "---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
    )
}

fn service(id: &str) -> String {
    let name = split(id).1;
    head("v1", "Service", id)
        + &format!("spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 9080}}]}}\n")
}

fn pod_of(id: &str, has_proxy: bool) -> String {
    let (namespace, name) = split(id);
    pod(namespace, name, has_proxy)
}

/// A namespace whose pods get a proxy.
fn injected(namespace: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: {{istio-injection: enabled}}}}\n"
    )
}

/// A pod; the label says from 1.7 on whether it has a proxy, the annotation before.
fn pod(namespace: &str, name: &str, has_proxy: bool) -> String {
    let inject = format!("sidecar.istio.io/inject: '{has_proxy}'");
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels: {{app: {name}, \
         {inject}}}\n  annotations: {{{inject}}}\nspec: {{containers: [{{name: {name}, ports: [{{containerPort: 9080}}]}}]}}\n"
    )
}

fn entry(id: &str, host: &str) -> String {
    head("networking.istio.io/v1", "ServiceEntry", id)
        + &format!(
            "spec: {{hosts: [{host}], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS}}\n"
        )
}

fn rule(id: &str, host: &str, policy: &str, exports: &[&str]) -> String {
    let policy = match policy {
        "empty" => "",
        "mtls" => "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}",
        "disable" => "trafficPolicy: {tls: {mode: DISABLE}}",
        "simple" => "trafficPolicy: {tls: {mode: SIMPLE}}",
        "mutual" => {
            "trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /a}}"
        }
        "credential" => "trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}",
        "credential-for-pod" => {
            "trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}\n  workloadSelector: {matchLabels: {app: sleep}}"
        }
        "lb" => "trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}",
        "port-lb" => {
            "trafficPolicy: {portLevelSettings: [{port: {number: 9080}, loadBalancer: {simple: ROUND_ROBIN}}]}"
        }
        "port-simple" => {
            "trafficPolicy: {portLevelSettings: [{port: {number: 9080}, tls: {mode: SIMPLE}}]}"
        }
        "port-mtls" => {
            "trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 9080}, tls: {mode: ISTIO_MUTUAL}}]}"
        }
        "outlier" => "trafficPolicy: {outlierDetection: {consecutive5xxErrors: 7}}",
        "subset-simple" => {
            "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}\n  subsets: [{name: v1, labels: {app: web}, trafficPolicy: {tls: {mode: SIMPLE}}}]"
        }
        "v1" => "subsets: [{name: v1, labels: {version: v1}}]",
        "v2" => "subsets: [{name: v2, labels: {version: v2}}]",
        other => panic!("`{other}` is no policy"),
    };
    let exports = if exports.is_empty() {
        String::new()
    } else {
        format!("  exportTo: ['{}']\n", exports.join("', '"))
    };
    head("networking.istio.io/v1", "DestinationRule", id)
        + &format!("spec:\n  host: '{host}'\n  {policy}\n{exports}")
}

fn peer(id: &str, mode: &str, rest: &[&str]) -> String {
    let settings = rest.iter().filter_map(|word| word.split_once('='));
    let (apps, ports): (Vec<_>, Vec<_>) = settings.partition(|(key, _)| *key == "app");
    let selector = apps.first().map_or_else(String::new, |(_, app)| {
        format!("  selector: {{matchLabels: {{app: {app}}}}}\n")
    });
    let ports: Vec<String> = ports
        .iter()
        .map(|(port, mode)| format!("{port}: {{mode: {mode}}}"))
        .collect();
    let ports = if ports.is_empty() {
        String::new()
    } else {
        format!("  portLevelMtls: {{{}}}\n", ports.join(", "))
    };
    let spec = format!("  mtls: {{mode: {mode}}}\n{selector}{ports}");
    head("security.istio.io/v1", "PeerAuthentication", id) + &format!("spec:\n{spec}")
}

/// `MeshPolicy` and `Policy`, before 1.6.
fn legacy(kind: &str, metadata: &str, target: &str, mode: &str) -> String {
    let targets = match target {
        "*" => String::new(),
        name => format!("  targets: [{{name: {name}}}]\n"),
    };
    format!(
        "---\napiVersion: authentication.istio.io/v1alpha1\nkind: {kind}\nmetadata: {metadata}\nspec:\n{targets}  peers: \
         [{{mtls: {{mode: {mode}}}}}]\n"
    )
}

/// The errors and warnings of a case, as `rule object`.
fn found(case: &Case) -> BTreeSet<String> {
    let text: String = case.objects.iter().map(|line| manifest(line)).collect();
    let (version, auto_mtls) = match case.setting.as_str() {
        "on" => ("1.31", true),
        "off" => ("1.31", false),
        version => (version, false),
    };
    let request = Request {
        paths: vec![".".into()],
        istio_version: Some(version.to_owned()),
        auto_mtls: Some(auto_mtls),
        ..Request::default()
    };
    let tree = Memory::new([("case.yaml", text)]);
    let report = engine::lint(&request, &tree)
        .expect("the case can be linted")
        .report;
    let told = report.diagnostics.iter();
    told.filter(|finding| finding.severity > Severity::Note)
        .map(|finding| {
            let object = finding.object.as_ref().map_or_else(String::new, |object| {
                let namespace = object.namespace.as_ref();
                let namespace = namespace.map_or("", |namespace| namespace.as_str());
                format!("{namespace}/{}", object.name)
            });
            format!("{} {object}", finding.rule)
        })
        .collect()
}

#[test]
fn what_other_tools_test_is_told_where_it_is_true() {
    let cases = cases();
    assert!(cases.len() > 150, "only {} cases", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let (found, expected) = (found(case), &case.expected);
        if found != *expected {
            let line = format!(
                "{} ({})\n  expected {expected:?}\n  found    {found:?}\n",
                case.name, case.setting
            );
            wrong.push_str(&line);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
