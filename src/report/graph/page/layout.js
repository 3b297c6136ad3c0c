// What is a row and what is a line: two trees, clients and destinations, and what goes on between their open rows.

/** A row of a tree. */
class Row {
  constructor(key, kind, title, parent) {
    this.key = key;
    this.kind = kind;
    this.title = title;
    this.note = "";
    this.parent = parent;
    this.level = parent ? parent.level + 1 : 1;
    this.children = new Map();
    this.edges = new Set();
    this.lines = [];
  }

  child(key, kind, title) {
    if (!this.children.has(key)) this.children.set(key, new Row(key, kind, title, this));
    return this.children.get(key);
  }

  /** How many edges of each verdict it is about, the worst first. */
  counts() {
    const counts = new Map();
    for (const edge of this.edges) counts.set(edge.verdict, (counts.get(edge.verdict) ?? 0) + 1);
    return VERDICTS.filter((verdict) => counts.has(verdict.id)).map((verdict) => ({
      verdict,
      count: counts.get(verdict.id),
    }));
  }
}

/** The rows of a tree from the top that are not inside of a closed one. */
function openRows(roots, isOpen) {
  const rows = [];
  const visit = (row) => {
    row.open = row.children.size > 0 && isOpen(row);
    rows.push(row);
    if (row.open) for (const child of row.children.values()) visit(child);
  };
  for (const root of roots.values()) visit(root);
  return rows;
}

/** The row itself, or the outermost closed row around it. */
function shown(row) {
  let found = row;
  for (let outer = row.parent; outer; outer = outer.parent) if (!outer.open) found = outer;
  return found;
}

const PROXY_ORDER = ["sidecar", "ztunnel", "gateway", "none"];

/** The client rows that an edge comes from, made where they are missing. */
function clientRows(roots, item, mesh) {
  const { proxy, allBut } = item.edge.set;
  const root = roots.get(proxy);
  if (allBut && !item.narrowed) return [root];
  return item.groups.map((index) => {
    const group = mesh.groups[index];
    const key = `${root.key}/${group.namespace}`;
    const namespace = root.child(key, "namespace", group.namespace);
    const names = group.workloads.map(nameOf);
    const row = namespace.child(`${key}/${index}`, "workloads", shortened(names, 3));
    row.group = group;
    return row;
  });
}

/** The destination row that an edge goes to, made where it is missing. */
function destinationRow(roots, edge) {
  const { namespace, title, destinations } = edge.to;
  const key = `to/${namespace}`;
  if (!roots.has(key)) roots.set(key, new Row(key, "namespace", namespace, null));
  const service = roots.get(key).child(`${key}/${edge.service}`, "service", title);
  service.service = edge.to;
  if (destinations.size === 1) {
    service.title = title + edge.address;
    return service;
  }
  service.note = counted(destinations.size, "destination");
  return service.child(`${service.key}${edge.address}`, "destination", edge.address);
}

/** With more lines than this names of rules no longer stand at them. */
const CROWDED = 60;

/** Both trees and the lines between their open rows. */
function layout(mesh, visible, state) {
  const clients = new Map();
  for (const proxy of PROXY_ORDER) {
    if (visible.some((item) => item.edge.set.proxy === proxy)) {
      clients.set(proxy, new Row(`from/${proxy}`, "proxy", PROXIES[proxy].all, null));
    }
  }
  const destinations = new Map();
  const ends = visible.map((item) => ({
    edge: item.edge,
    from: clientRows(clients, item, mesh),
    to: destinationRow(destinations, item.edge),
  }));
  for (const { edge, from, to } of ends) {
    for (const end of [...from, to]) {
      for (let row = end; row; row = row.parent) row.edges.add(edge);
    }
  }
  describe(mesh, clients, destinations);
  const isOpen = (row) => state.open.get(row.key) ?? state.defaultOpen(row);
  const left = openRows(sorted(clients, false), isOpen);
  const right = openRows(sorted(destinations, true), isOpen);
  const drawn = lines(ends);
  return { left, right, lines: drawn, isCrowded: drawn.length > CROWDED };
}

/** Rows in the order of their names, on every level below the first and there too if that is wanted. */
function sorted(rows, isRootSorted) {
  const entries = [...rows];
  if (isRootSorted) entries.sort(([, a], [, b]) => byText(a.title, b.title));
  for (const [, row] of entries) {
    const isPlain = [...row.children.values()].every((child) => child.kind !== "destination");
    row.children = isPlain ? sorted(row.children, true) : row.children;
  }
  return new Map(entries);
}

/** The small text of rows. */
function describe(mesh, clients, destinations) {
  for (const [proxy, row] of clients) {
    const groups = mesh.groups.filter((group) => group.proxy === proxy);
    const workloads = groups.reduce((sum, group) => sum + group.workloads.length, 0);
    const namespaces = new Set(groups.map((group) => group.namespace)).size;
    row.note = `${counted(workloads, "workload")} in ${counted(namespaces, "namespace")}`;
    for (const namespace of row.children.values()) {
      const inside = groups.filter((group) => group.namespace === namespace.title);
      const count = inside.reduce((sum, group) => sum + group.workloads.length, 0);
      namespace.note = counted(count, "workload");
    }
  }
  for (const row of destinations.values()) row.note = counted(row.children.size, "service");
}

/** One line for all edges between two open rows that have one verdict. */
function lines(ends) {
  const all = new Map();
  for (const { edge, from, to } of ends) {
    const target = shown(to);
    for (const source of new Set(from.map(shown))) {
      const key = `${source.key}\n${target.key}\n${edge.verdict}`;
      if (!all.has(key)) {
        const line = { key, from: source, to: target, verdict: edge.verdict, edges: [] };
        all.set(key, line);
        source.lines.push(line);
        target.lines.push(line);
      }
      all.get(key).edges.push(edge);
    }
  }
  return [...all.values()];
}

/** The rule that decides all edges of a line, and how many there are. */
function lineLabel(line) {
  const rules = new Set(line.edges.map((edge) => edge.rule));
  const rule = rules.size === 1 ? [...rules][0] : `${rules.size} rules`;
  const count = line.edges.length > 1 ? `${line.edges.length}` : "";
  return { rule, count };
}
