// The data of the page, what it is called in words, and which of it the filters leave.

/** The verdicts, the worst first; the shapes at the ends of lines tell them apart without colours. */
const VERDICTS = [
  { id: "refused", title: "refused", meaning: "the connection fails" },
  { id: "blocked", title: "blocked", meaning: "the client's proxy does not let it out" },
  { id: "plaintext", title: "plaintext", meaning: "it works, in clear" },
  { id: "unknown", title: "unknown", meaning: "the input does not tell" },
  { id: "app-tls", title: "app TLS", meaning: "TLS of the application, not of the mesh" },
  { id: "encrypted", title: "encrypted", meaning: "Istio mutual TLS" },
];
const RANK = new Map(VERDICTS.map((verdict, rank) => [verdict.id, rank]));
const TITLE = new Map(VERDICTS.map((verdict) => [verdict.id, verdict.title]));

const PROXIES = {
  sidecar: { all: "Clients with a sidecar", of: "with a sidecar" },
  none: { all: "Clients without proxy", of: "without proxy" },
  gateway: { all: "Gateways", of: "gateways" },
  ztunnel: { all: "Clients behind ztunnel", of: "behind ztunnel" },
};

const TLS = {
  none: "no TLS",
  auto: "auto mTLS",
  istio_mutual: "ISTIO_MUTUAL",
  simple: "SIMPLE",
  mutual: "MUTUAL",
  no_cluster: "no such subset",
  not_visible: "not in the client's scope, passed through",
  blackhole: "not in the client's scope, blocked",
};

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
/** The order of names, in which `team-2` stands before `team-10`. */
const { compare: byText } = new Intl.Collator("en", { numeric: true });

/** Prepares a mesh: every edge gets references instead of positions, and the text that a search looks at. */
function prepare(mesh) {
  mesh.groups.forEach((group, index) => {
    group.index = index;
    group.text = `${group.namespace} ${group.workloads.join(" ")}`.toLowerCase();
  });
  for (const service of mesh.services) {
    service.title = shortHost(service, mesh);
    service.destinations = new Set();
  }
  mesh.edges.forEach((edge, index) => {
    edge.index = index;
    edge.set = mesh.clients[edge.clients];
    edge.to = mesh.services[edge.service];
    edge.rule = edge.rules.map((rule) => mesh.rules[rule].name).join(" + ");
    edge.address = edge.subset === null ? `:${edge.port}` : `:${edge.port}/${edge.subset}`;
    edge.to.destinations.add(edge.address);
    const behind = edge.endpoints.map((endpoint) => mesh.endpoints[endpoint].workload);
    edge.text = [edge.to.host, edge.to.namespace, edge.to.object, edge.address, edge.rule, ...behind]
      .join(" ")
      .toLowerCase();
  });
  return mesh;
}

/** A host without what its namespace says already. */
function shortHost(service, mesh) {
  const own = `.${service.namespace}${mesh.kubernetesSuffix}`;
  return service.host.endsWith(own) ? service.host.slice(0, -own.length) : service.host;
}

/** A destination as people type it. */
function addressOf(edge, mesh) {
  const host = edge.to.host;
  const suffix = mesh.kubernetesSuffix;
  return (host.endsWith(suffix) ? host.slice(0, -suffix.length) : host) + edge.address;
}

/** The namespaces of groups, each once. */
function namespacesOf(groups, mesh) {
  return [...new Set(groups.map((group) => mesh.groups[group].namespace))].sort(byText);
}

/** Up to three names, and how many more there are. */
function shortened(names, limit = 3) {
  const rest = names.length - limit;
  return names.slice(0, limit).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

const nameOf = (workload) => workload.slice(workload.indexOf("/") + 1);

/** A set of clients in words. */
function clientsTitle(set, mesh) {
  const proxy = PROXIES[set.proxy];
  if (set.allBut) {
    const others = namespacesOf(set.allBut, mesh);
    return proxy.all + (others.length > 0 ? `, but ${shortened(others)}` : "");
  }
  if (set.groups.length === 1) {
    const group = mesh.groups[set.groups[0]];
    return `${group.namespace}/${shortened(group.workloads.map(nameOf), 2)}`;
  }
  return `${proxy.all} in ${shortened(namespacesOf(set.groups, mesh))}`;
}

/**
 * The edges that the filters leave, each with the groups it is still about. An edge is narrowed where these are fewer
 * than it has, so that it is drawn from them and not from all clients of their kind.
 */
function visibleEdges(mesh, state) {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  const named = words.map((word) => mesh.groups.map((group) => group.text.includes(word)));
  const visible = [];
  for (const edge of mesh.edges) {
    if (!state.verdicts.has(edge.verdict)) continue;
    if (state.to !== "" && edge.to.namespace !== state.to) continue;
    let groups = edge.set.groups;
    if (state.from !== "") {
      groups = groups.filter((group) => mesh.groups[group].namespace === state.from);
    }
    // A word that the destination does not have must be one of a client's.
    words.forEach((word, at) => {
      if (!edge.text.includes(word)) groups = groups.filter((group) => named[at][group]);
    });
    if (groups.length > 0) {
      visible.push({ edge, groups, narrowed: groups.length < edge.set.groups.length });
    }
  }
  return visible;
}
