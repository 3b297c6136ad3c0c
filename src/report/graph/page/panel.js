// The details at the side: the overview, or what is selected with the evidence of its answers.

/** How many answers are listed at first. */
const LISTED = 60;

/** How many rules the overview lists at first. */
const RULES = 12;

/** Shows what is selected. */
function showPanel(mesh, visible, view, state, actions) {
  const panel = document.getElementById("panel");
  const subject = subjectOf(view, state);
  panel.replaceChildren(
    ...(subject ? selection(mesh, subject, state, actions) : overview(mesh, visible, actions)),
  );
  panel.scrollTop = 0;
}

/** What is selected: its title and its edges. */
function subjectOf(view, state) {
  const { selected } = state;
  if (!selected) return null;
  if (selected.kind === "line") {
    const line = view.lines.find((other) => other.key === selected.key);
    return line && { title: `${line.from.title} → ${line.to.title}`, edges: line.edges, line };
  }
  if (selected.kind === "rule") {
    const edges = new Set(view.lines.flatMap((line) => line.edges));
    const title = selected.key === "" ? "No rule" : `DestinationRule ${selected.key}`;
    return { title, edges: [...edges].filter((edge) => edge.rule === selected.key) };
  }
  const row = [...view.left, ...view.right].find((other) => other.key === selected.key);
  return row && { title: row.title, edges: [...row.edges], row };
}

/** The details of a selection. */
function selection(mesh, subject, state, actions) {
  const back = element("button", { type: "button", class: "back", "aria-keyshortcuts": "Escape" }, "← Overview");
  back.addEventListener("click", actions.clear);
  const parts = [back, element("h2", {}, subject.title)];
  const { row } = subject;
  if (row?.group) parts.push(workloadList(row.group));
  if (row?.service) {
    const { object, host, location } = row.service;
    parts.push(element("p", { class: "where" }, `${object}, `, element("code", {}, host), " ", place(location)));
  }
  if (state.selected.kind === "rule") {
    const rules = new Set(subject.edges.flatMap((edge) => edge.rules));
    for (const rule of rules) parts.push(ruleLine(mesh.rules[rule]));
  }
  const edges = subject.edges.sort((a, b) => RANK.get(a.verdict) - RANK.get(b.verdict) || a.index - b.index);
  if (edges.length !== 1) parts.push(element("p", { class: "note" }, `${counted(edges.length, "answer")}, the worst first`));
  parts.push(...answers(mesh, edges));
  return parts;
}

/** The workloads of a group. */
function workloadList(group) {
  const list = element("ul", { class: "workloads" }, ...group.workloads.map((name) => element("li", {}, name)));
  return element(
    "div",
    {},
    element("p", { class: "note" }, `${counted(group.workloads.length, "workload")} of namespace ${group.namespace} ${PROXIES[group.proxy].of}, for which all answers are the same`),
    list,
  );
}

/** A rule with where it stands. */
function ruleLine(rule) {
  return element("p", { class: "where" }, `${rule.name} for host `, element("code", {}, rule.host), " ", place(rule.location));
}

/** Answers to open, the first ones at once and the rest when asked for. */
function answers(mesh, edges) {
  const list = element("div", { class: "answers" });
  const show = (from) => {
    const next = edges.slice(from, from + LISTED);
    list.append(...next.map((edge) => answer(mesh, edge, edges.length === 1)));
    const rest = edges.length - from - next.length;
    if (rest === 0) return;
    const more = element("button", { type: "button", class: "more" }, `Show more (${rest} left)`);
    more.addEventListener("click", () => {
      const last = list.querySelector("details:last-of-type");
      more.remove();
      show(from + LISTED);
      last?.nextElementSibling?.querySelector("summary")?.focus();
    });
    list.append(more);
  };
  show(0);
  return [list];
}

/** One answer; what it rests on is made when it is opened. */
function answer(mesh, edge, isOpen) {
  const summary = element(
    "summary",
    {},
    badge(edge.verdict),
    edge.partial ? " partly" : null,
    element("span", { class: "pair" }, clientsTitle(edge.set, mesh), " → ", element("b", {}, addressOf(edge, mesh))),
    element("span", { class: "note" }, edge.rule === "" ? "no DestinationRule" : `decided by ${edge.rule}`),
  );
  const made = element("details", {}, summary);
  const fill = () => {
    if (made.open && made.childElementCount === 1) made.append(...evidence(mesh, edge));
  };
  made.addEventListener("toggle", fill);
  made.open = isOpen;
  fill();
  return made;
}

/** What an answer rests on. */
function evidence(mesh, edge) {
  const parts = [
    element(
      "dl",
      {},
      element("dt", {}, "rule"),
      element("dd", {}, ...(edge.rules.length > 0 ? edge.rules.map((rule) => ruleLine(mesh.rules[rule])) : ["none"])),
      element("dt", {}, "client's side"),
      element("dd", {}, TLS[edge.tls]),
    ),
    endpointTable(mesh, edge),
  ];
  for (const reason of edge.because) {
    const set = mesh.clients[reason.clients];
    const of = edge.because.length > 1 ? ` for ${clientsTitle(set, mesh)}` : "";
    const facts = reason.facts.map((fact) => factItem(mesh.facts[fact]));
    parts.push(element("h3", {}, `Why${of}`), element("ol", { class: "facts" }, ...facts));
  }
  if (edge.further > 0) {
    parts.push(element("p", { class: "note" }, `${counted(edge.further, "further part")} of these clients, with facts of their own, get the same answer`));
  }
  const command = traceCommand(mesh, edge);
  if (command) {
    parts.push(element("p", { class: "note" }, "Step by step, with what would help:"), element("code", { class: "command" }, command));
  }
  return parts;
}

/** What every endpoint is sent and accepts. */
function endpointTable(mesh, edge) {
  if (edge.endpoints.length === 0) return element("p", { class: "note" }, "no endpoint here");
  const rows = edge.endpoints.map((index) => {
    const { workload, port, sends, accepts, verdict } = mesh.endpoints[index];
    const texts = [`${workload}:${port}`, sends, accepts.replaceAll("_", " ")];
    const cells = texts.map((text) => element("td", {}, ...breakable(text)));
    return element("tr", {}, ...cells, element("td", {}, badge(verdict)));
  });
  const heads = ["endpoint", "is sent", "accepts", ""].map((text) => element("th", { scope: "col" }, text));
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

/** A fact with where it stands. */
function factItem(fact) {
  const words = fact.fact.split("`").map((part, at) => (at % 2 === 1 ? element("code", {}, part) : part));
  return element("li", { class: fact.assumed ? "assumed" : undefined }, ...words, fact.location ? place(fact.location) : null);
}

/** A path that breaks between its parts. */
function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((part) => [part, element("wbr")]);
}

/** A file and line. */
function place(location) {
  const made = element("code", { class: "place" });
  made.append(...breakable(location.path));
  if (location.line !== undefined) made.append(`:${location.line}`);
  return made;
}

/** The command that tells more; none if a name is not a plain word of a shell. */
function traceCommand(mesh, edge) {
  const group = mesh.groups[edge.set.groups[0]];
  const client = `${group.namespace}/${group.workloads[0]}`;
  const target = edge.to.host + edge.address;
  const isPlain = [client, target].every((text) => /^[\w./:][\w./:-]*$/.test(text));
  return isPlain ? `mtls-lint trace ${client} ${target}` : null;
}

/** The page without a selection: what the verdicts mean, and which rules decide. */
function overview(mesh, visible, actions) {
  const rules = new Map();
  for (const { edge } of visible) {
    if (!rules.has(edge.rule)) rules.set(edge.rule, new Row(edge.rule, "rule", edge.rule, null));
    rules.get(edge.rule).edges.add(edge);
  }
  const worst = (row) => Math.min(...[...row.edges].map((edge) => RANK.get(edge.verdict)));
  const order = [...rules.values()].sort((a, b) => worst(a) - worst(b) || b.edges.size - a.edges.size || byText(a.key, b.key));
  const items = order.map((row, at) => {
    const counts = row.counts().map(({ verdict, count }) => badge(verdict.id, count));
    const words = row.counts().map(({ verdict, count }) => `${count} ${verdict.title}`);
    const title = row.key === "" ? "no rule" : row.key;
    const button = element(
      "button",
      { type: "button", class: "rule", "aria-label": `${title}: ${words.join(", ")}` },
      element("span", { class: "title" }, title),
      element("span", { class: "badges", "aria-hidden": "true" }, ...counts),
    );
    button.addEventListener("click", () => actions.select({ kind: "rule", key: row.key }));
    return element("li", { hidden: at >= RULES }, button);
  });
  const more = element("button", { type: "button" }, `Show all ${items.length} rules`);
  more.hidden = items.length <= RULES;
  more.addEventListener("click", () => {
    for (const item of items) item.hidden = false;
    more.hidden = true;
    items[RULES].firstElementChild.focus();
  });
  const legend = VERDICTS.flatMap((verdict) => [
    element("dt", {}, sample(verdict.id, 44), verdict.title),
    element("dd", {}, verdict.meaning),
  ]);
  return [
    element("h2", {}, "Who wins where"),
    element("p", { class: "note" }, "The DestinationRules that decide, the one with the worst outcome first. Choose a rule, a line, or a row for the evidence."),
    element("ul", { class: "rules" }, ...items),
    more,
    element("h2", { class: "later" }, "Lines"),
    element("dl", { class: "legend" }, ...legend),
  ];
}
