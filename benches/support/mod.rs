//! A repository of any size, the same for the same settings: what the benchmarks and the scale tests lint.

use std::fmt::Write as _;

/// What the repository holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repository {
    /// Namespaces; services are spread over them evenly.
    pub(crate) namespaces: usize,
    /// Services.
    pub(crate) services: usize,
    /// Deployments, dealt out to the services; at least one each.
    pub(crate) workloads: usize,
    /// DestinationRules: one beside each service, from the first on; once all have one, more in namespaces of clients.
    pub(crate) rules: usize,
    /// Namespaces with a Sidecar resource that imports the own namespace and the next, from the first on.
    pub(crate) sidecars: usize,
    /// Documents that no linter of Istio looks at, as every repository has them.
    pub(crate) bystanders: usize,
    /// Another seed shuffles which rule says what.
    pub(crate) seed: u64,
}

impl Repository {
    /// A repository of about this many Istio and Kubernetes objects in the proportions of real ones.
    pub(crate) fn of_size(objects: usize) -> Self {
        let services = (objects / 4).max(1);
        Self {
            namespaces: (services / 20).max(1),
            services,
            workloads: services,
            rules: services / 2,
            sidecars: 0,
            bystanders: objects - objects / 4 * 3,
            seed: 1,
        }
    }

    /// A large organisation's mesh, this many times over.
    pub(crate) fn large(times: usize) -> Self {
        Self {
            namespaces: 200 * times,
            services: 2_000 * times,
            workloads: 4_000 * times,
            rules: 3_000 * times,
            sidecars: 0,
            bystanders: 2_000 * times,
            seed: 1,
        }
    }

    /// The files, paths and texts, in the order of a walk.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut random = Random(self.seed);
        let mut files = mesh();
        for index in 0..self.namespaces {
            let name = self.namespace(index);
            let path = format!("apps/{name}/namespace.yaml");
            files.push((path, namespace(&name, index)));
        }
        for index in 0..self.sidecars.min(self.namespaces) {
            let (own, next) = (self.namespace(index), self.namespace(index + 1));
            let path = format!("apps/{own}/sidecar.yaml");
            files.push((path, sidecar(&own, &next)));
        }
        for index in 0..self.services {
            let namespace = self.namespace(index);
            let name = format!("service-{index}");
            let path = format!("apps/{namespace}/{name}");
            files.push((format!("{path}/service.yaml"), service(&name, &namespace)));
        }
        for index in 0..self.workloads.max(self.services) {
            let (name, namespace) = self.service(index);
            let version = index / self.services.max(1) + 1;
            let path = format!("apps/{namespace}/{name}/v{version}.yaml");
            files.push((path, deployment(&name, &namespace, version)));
        }
        for index in 0..self.rules {
            let (name, namespace) = self.service(index);
            // A client's own rule, seven namespaces further for each round.
            let round = index / self.services.max(1);
            let owner = self.namespace(index + 7 * round);
            let path = format!("apps/{owner}/rules/{name}-{round}.yaml");
            files.push((path, rule(&name, &namespace, &owner, random.next())));
        }
        for index in 0..self.bystanders {
            let namespace = self.namespace(index);
            let path = format!("apps/{namespace}/settings-{index}.yaml");
            files.push((path, bystander(index, &namespace, random.next())));
        }
        files.sort();
        files
    }

    /// Name and namespace of a service, counted round and round.
    fn service(&self, index: usize) -> (String, String) {
        let index = index % self.services.max(1);
        (format!("service-{index}"), self.namespace(index))
    }

    fn namespace(&self, index: usize) -> String {
        format!("team-{}", index % self.namespaces.max(1))
    }
}

/// `SplitMix64`: enough to vary texts, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Mutual TLS for the whole mesh, automatic mutual TLS off: every override shows.
fn mesh() -> Vec<(String, String)> {
    let policy = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: istio-system
spec:
  mtls:
    mode: STRICT
";
    let config = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio
  namespace: istio-system
data:
  mesh: |
    enableAutoMtls: false
";
    let rule = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: default
  namespace: istio-system
spec:
  host: \"*.local\"
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
";
    [
        ("mesh/config.yaml", config),
        ("mesh/policy.yaml", policy),
        ("mesh/rule.yaml", rule),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .into()
}

/// Every tenth namespace stays outside the mesh.
fn namespace(name: &str, index: usize) -> String {
    let injection = if index % 10 == 9 {
        "disabled"
    } else {
        "enabled"
    };
    format!(
        "\
apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels:
    istio-injection: {injection}
"
    )
}

fn sidecar(namespace: &str, next: &str) -> String {
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata:
  name: default
  namespace: {namespace}
spec:
  egress:
  - hosts:
    - ./*
    - istio-system/*
    - {next}/*
"
    )
}

fn service(name: &str, namespace: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
    targetPort: 8080
  - name: grpc
    port: 9090
"
    )
}

fn deployment(name: &str, namespace: &str, version: usize) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-v{version}
  namespace: {namespace}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
      version: v{version}
  template:
    metadata:
      labels:
        app: {name}
        version: v{version}
    spec:
      containers:
      - name: app
        image: registry.example/{name}:1.4.2
        ports:
        - containerPort: 8080
        - containerPort: 9090
        env:
        - name: LOG_LEVEL
          value: info
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
"
    )
}

/// One of the shapes that rules have in real repositories; a quarter of them takes mutual TLS away.
fn rule(name: &str, namespace: &str, owner: &str, choice: u64) -> String {
    const TLS: &str = "    tls:\n      mode: ISTIO_MUTUAL\n";
    let mut text = format!(
        "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {name}
  namespace: {owner}
spec:
  host: {}
  trafficPolicy:
",
        match choice % 3 {
            0 if owner == namespace => name.to_owned(),
            _ => format!("{name}.{namespace}.svc.cluster.local"),
        }
    );
    text.push_str(match choice / 3 % 8 {
        0 => "",
        1 => "    tls:\n      mode: DISABLE\n",
        _ => TLS,
    });
    text.push_str("    connectionPool:\n      tcp:\n        maxConnections: 100\n");
    match choice / 24 % 4 {
        0 => text.push_str(
            "    portLevelSettings:\n    - port:\n        number: 9090\n      loadBalancer:\n        simple: LEAST_REQUEST\n",
        ),
        1 => text.push_str(
            "  subsets:\n  - name: v1\n    labels:\n      version: v1\n    trafficPolicy:\n      loadBalancer:\n        simple: RANDOM\n",
        ),
        _ => {}
    }
    text
}

fn bystander(index: usize, namespace: &str, choice: u64) -> String {
    let mut text = format!(
        "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{index}
  namespace: {namespace}
data:
"
    );
    for key in 0..10 + choice % 30 {
        let value = choice.wrapping_mul(key + 1);
        let _ = writeln!(text, "  key-{key}: \"{value:016x}\"");
    }
    text
}
