//! What Graphviz and Mermaid draw: boxes for namespaces, nodes in them, and a line for all answers that look the same.

use std::collections::BTreeSet;

use indexmap::{IndexMap, IndexSet};

use super::{GraphNodes, clients_with};
use crate::diagnostic::counted;
use crate::mesh::graph::{ClientSet, Graph, GraphEdge, GraphGroup};
use crate::mesh::{ProxyKind, Verdict};
use crate::report::text::one_line;
use crate::resource::DestinationRule;

/// How many names stand in a node or at a line; the rest is counted.
const NAMES: usize = 3;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A group of clients.
    Clients,
    /// All clients with a kind of proxy, but for exceptions that its lines name.
    Everyone,
    /// A service.
    Service,
    /// A namespace.
    Namespace,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// Unique within the picture, a word.
    pub(super) id: String,
    /// What it stands for.
    pub(super) shape: Shape,
    /// The text, line by line.
    pub(super) lines: Vec<String>,
}

/// A box with nodes.
#[derive(Debug, Default)]
pub(super) struct Area {
    /// The title; none for nodes that stand in no box.
    pub(super) title: Option<String>,
    /// The nodes.
    pub(super) nodes: Vec<Node>,
}

/// A line from clients to a destination.
#[derive(Debug)]
pub(super) struct Line {
    /// The node of the clients.
    pub(super) from: String,
    /// The node of the destination.
    pub(super) to: String,
    /// The verdict.
    pub(super) verdict: Verdict,
    /// The text, line by line.
    pub(super) lines: Vec<String>,
}

/// What is drawn for one mesh.
#[derive(Debug)]
pub(super) struct Picture {
    /// The name of the mesh.
    pub(super) mesh: String,
    /// The boxes: first what is in no namespace, then the namespaces.
    pub(super) areas: Vec<Area>,
    /// The lines.
    pub(super) lines: Vec<Line>,
}

impl Picture {
    /// Draws a graph; `prefix` makes the ids of several meshes differ.
    pub(super) fn of(graph: &Graph<'_>, nodes: GraphNodes, prefix: &str) -> Self {
        let artist = Artist {
            graph,
            prefix,
            suffix: graph.mesh.kubernetes_suffix(),
        };
        let (areas, lines) = match nodes {
            GraphNodes::Services => (artist.service_areas(), artist.service_lines()),
            GraphNodes::Namespaces => (artist.namespace_areas(), artist.namespace_lines()),
        };
        Self {
            mesh: one_line(graph.mesh.name()).into_owned(),
            areas,
            lines,
        }
    }
}

/// Draws one graph.
struct Artist<'a> {
    graph: &'a Graph<'a>,
    prefix: &'a str,
    /// What Kubernetes hosts end with.
    suffix: String,
}

/// What lines between services have in common, apart from their ports and subsets.
type ServiceLine<'a> = (String, usize, Verdict, &'a [usize], Option<&'a [usize]>);

impl<'a> Artist<'a> {
    /// The sets of clients with an edge, apart from those that only explain one.
    fn sets(&self) -> impl Iterator<Item = &'a ClientSet> {
        let edges = self.graph.edges.iter();
        edges.filter_map(|edge| self.graph.clients.get(edge.clients))
    }

    /// The nodes for clients of many namespaces.
    fn everyone(&self) -> Area {
        let wide = self.sets().filter(|set| set.all_but.is_some());
        let proxies: BTreeSet<ProxyKind> = wide.map(|set| set.proxy).collect();
        let nodes = proxies.into_iter().map(|proxy| {
            let groups = self.graph.groups.iter();
            let groups: Vec<_> = groups.filter(|group| group.proxy == proxy).collect();
            let workloads = groups.iter().map(|group| group.workloads.len()).sum();
            let namespaces: BTreeSet<&str> = groups.iter().map(|group| group.namespace).collect();
            Node {
                id: self.everyone_id(proxy),
                shape: Shape::Everyone,
                lines: vec![
                    clients_with(proxy).to_owned(),
                    format!(
                        "{} in {}",
                        counted(workloads, "workload"),
                        counted(namespaces.len(), "namespace")
                    ),
                ],
            }
        });
        Area {
            title: None,
            nodes: nodes.collect(),
        }
    }

    /// A box for each namespace that has clients of their own or services.
    fn service_areas(&self) -> Vec<Area> {
        let narrow = self.sets().filter(|set| set.all_but.is_none());
        let drawn: BTreeSet<usize> = narrow.flat_map(|set| &set.groups).copied().collect();
        let mut areas: IndexMap<&str, Vec<Node>> = IndexMap::new();
        for (position, group) in self.graph.groups.iter().enumerate() {
            if drawn.contains(&position) {
                let node = self.group_node(position, group);
                areas.entry(group.namespace).or_default().push(node);
            }
        }
        for (position, service) in self.graph.services.iter().enumerate() {
            let namespace = service.namespace.as_str();
            let node = self.service_node(position);
            areas.entry(namespace).or_default().push(node);
        }
        areas.sort_unstable_keys();
        let areas = areas.into_iter().map(|(namespace, nodes)| Area {
            title: Some(one_line(namespace).into_owned()),
            nodes,
        });
        std::iter::once(self.everyone()).chain(areas).collect()
    }

    fn group_node(&self, position: usize, group: &GraphGroup<'_>) -> Node {
        let names = group.workloads.iter();
        let names = names.map(|name| name.split_once('/').map_or(&**name, |(_, name)| name));
        Node {
            id: self.group_id(position),
            shape: Shape::Clients,
            lines: vec![
                shortened(&names.collect::<Vec<_>>(), ", "),
                match group.proxy {
                    ProxyKind::None => "no proxy".to_owned(),
                    ProxyKind::Sidecar | ProxyKind::Gateway | ProxyKind::Ztunnel => {
                        group.proxy.as_str().to_owned()
                    }
                },
            ],
        }
    }

    fn service_node(&self, position: usize) -> Node {
        let mut lines = vec![self.service_name(position)];
        let edges = self.graph.edges.iter();
        let edges = edges.filter(|edge| edge.service == position);
        let behind: IndexSet<String> = edges
            .flat_map(|edge| &edge.endpoints)
            .filter_map(|&endpoint| self.graph.endpoints.get(endpoint))
            .map(|endpoint| {
                let name = endpoint.label.rsplit('/').next().unwrap_or_default();
                format!("{name}:{} {}", endpoint.port, endpoint.accepts.as_str())
            })
            .collect();
        let rest = behind.len().saturating_sub(NAMES);
        lines.extend(
            behind
                .iter()
                .take(NAMES)
                .map(|text| one_line(text).into_owned()),
        );
        if rest > 0 {
            lines.push(format!("and {rest} more"));
        }
        Node {
            id: self.service_id(position),
            shape: Shape::Service,
            lines,
        }
    }

    /// The host of a service as short as its box allows.
    fn service_name(&self, position: usize) -> String {
        let Some(service) = self.graph.services.get(position) else {
            return String::new();
        };
        let host = service.host.as_str();
        let own = format!(".{}{}", service.namespace, self.suffix);
        one_line(host.strip_suffix(&own).unwrap_or(host)).into_owned()
    }

    /// A line for all ports and subsets of a service that clients reach with one verdict by the same rules.
    fn service_lines(&self) -> Vec<Line> {
        let mut lines: IndexMap<ServiceLine<'_>, Vec<String>> = IndexMap::new();
        for edge in &self.graph.edges {
            let all_but = self.all_but(edge);
            let destination = match edge.subset {
                Some(subset) => format!("{}/{subset}", edge.port),
                None => edge.port.to_string(),
            };
            for from in self.sources(edge, |group, _| self.group_id(group)) {
                let key = (from, edge.service, edge.verdict, &*edge.rules, all_but);
                lines.entry(key).or_default().push(destination.clone());
            }
        }
        let lines = lines.into_iter().map(|(key, destinations)| {
            let (from, service, verdict, rules, all_but) = key;
            let names: Vec<&str> = destinations.iter().map(String::as_str).collect();
            let mut text = vec![format!("{}: {}", shortened(&names, ", "), verdict.as_str())];
            if !rules.is_empty() {
                text.push(self.rule_names(rules));
            }
            text.extend(all_but.and_then(|groups| self.exceptions(groups)));
            Line {
                from,
                to: self.service_id(service),
                verdict,
                lines: text,
            }
        });
        lines.collect()
    }

    /// A node for each namespace with clients of its own or services.
    fn namespace_areas(&self) -> Vec<Area> {
        let mut area = self.everyone();
        let names = self.namespaces();
        area.nodes
            .extend(names.iter().enumerate().map(|(position, name)| {
                let services = self.graph.services.iter();
                let services = services
                    .filter(|service| service.namespace.as_str() == *name)
                    .count();
                let groups = self.graph.groups.iter();
                let groups = groups.filter(|group| group.namespace == *name);
                let workloads = groups.map(|group| group.workloads.len()).sum();
                let (services, workloads) =
                    (counted(services, "service"), counted(workloads, "workload"));
                Node {
                    id: self.namespace_id(position),
                    shape: Shape::Namespace,
                    lines: vec![
                        one_line(name).into_owned(),
                        format!("{services}, {workloads}"),
                    ],
                }
            }));
        vec![area]
    }

    fn namespaces(&self) -> IndexSet<&'a str> {
        let narrow = self.sets().filter(|set| set.all_but.is_none());
        let groups = narrow.flat_map(|set| &set.groups);
        let clients = groups.filter_map(|&group| self.graph.groups.get(group));
        let services = self
            .graph
            .services
            .iter()
            .map(|service| service.namespace.as_str());
        let mut names: IndexSet<&str> = clients
            .map(|group| group.namespace)
            .chain(services)
            .collect();
        names.sort_unstable();
        names
    }

    /// A line for all answers of one verdict between two namespaces.
    fn namespace_lines(&self) -> Vec<Line> {
        let names = self.namespaces();
        let id = |name: &str| self.namespace_id(names.get_index_of(name).unwrap_or_default());
        let mut lines: IndexMap<(String, String, Verdict), usize> = IndexMap::new();
        for edge in &self.graph.edges {
            let Some(service) = self.graph.services.get(edge.service) else {
                continue;
            };
            let to = id(service.namespace.as_str());
            for from in self.sources(edge, |_, group| id(group.namespace)) {
                *lines.entry((from, to.clone(), edge.verdict)).or_default() += 1;
            }
        }
        let lines = lines.into_iter().map(|((from, to, verdict), count)| Line {
            from,
            to,
            verdict,
            lines: vec![format!("{count} {}", verdict.as_str())],
        });
        lines.collect()
    }

    /// The nodes an edge comes from: one for many clients, or those of its groups, each once.
    fn sources(
        &self,
        edge: &GraphEdge<'_>,
        id: impl Fn(usize, &GraphGroup<'_>) -> String,
    ) -> IndexSet<String> {
        let Some(set) = self.graph.clients.get(edge.clients) else {
            return IndexSet::new();
        };
        if set.all_but.is_some() {
            return IndexSet::from([self.everyone_id(set.proxy)]);
        }
        let groups = set.groups.iter();
        groups
            .filter_map(|&group| Some(id(group, self.graph.groups.get(group)?)))
            .collect()
    }

    fn all_but(&self, edge: &GraphEdge<'_>) -> Option<&'a [usize]> {
        let set = self.graph.clients.get(edge.clients)?;
        set.all_but.as_deref()
    }

    /// Who is not meant by all clients of a kind.
    fn exceptions(&self, groups: &[usize]) -> Option<String> {
        let groups = groups
            .iter()
            .filter_map(|&group| self.graph.groups.get(group));
        let names: IndexSet<&str> = groups.map(|group| group.namespace).collect();
        let names: Vec<&str> = names.into_iter().collect();
        (!names.is_empty()).then(|| format!("but {}", shortened(&names, ", ")))
    }

    fn rule_names(&self, rules: &[usize]) -> String {
        let rules = rules.iter().filter_map(|&rule| self.graph.rules.get(rule));
        let names: Vec<String> = rules.map(|rule| rule_name(rule)).collect();
        one_line(&names.join(" + ")).into_owned()
    }

    fn everyone_id(&self, proxy: ProxyKind) -> String {
        format!("{}all_{}", self.prefix, proxy.as_str())
    }

    fn group_id(&self, position: usize) -> String {
        format!("{}client{position}", self.prefix)
    }

    fn service_id(&self, position: usize) -> String {
        format!("{}service{position}", self.prefix)
    }

    fn namespace_id(&self, position: usize) -> String {
        format!("{}namespace{position}", self.prefix)
    }
}

/// A rule as the matrix names it.
pub(super) fn rule_name(rule: &DestinationRule) -> String {
    format!("{}/{}", rule.meta.namespace, rule.meta.id.name)
}

/// The first names, and how many more there are.
fn shortened(names: &[&str], separator: &str) -> String {
    let shown = names.iter().take(NAMES).copied().collect::<Vec<_>>();
    let shown = shown.join(separator);
    let text = match names.len().saturating_sub(NAMES) {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    };
    one_line(&text).into_owned()
}
