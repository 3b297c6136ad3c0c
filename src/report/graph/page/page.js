// The page as a whole: what is chosen, and what keys and clicks do.

const data = JSON.parse(document.getElementById("data").textContent);
const meshes = data.meshes.map(prepare);
const byId = (id) => document.getElementById(id);

const state = {
  mesh: 0,
  query: "",
  from: "",
  to: "",
  verdicts: new Set(VERDICTS.map((verdict) => verdict.id)),
  /** Rows that somebody opened or closed, by key. */
  open: new Map(),
  /** What the details are about: a row, a line, or a rule. */
  selected: null,
  /** The row or line that the next tab stops at, by widget. */
  current: {},
  defaultOpen: () => false,
};

let visible = [];
let view = { left: [], right: [], lines: [], isCrowded: false };

/** A page up to this size shows all services at once. */
const FEW_SERVICES = 40;
const FEW_GROUPS = 12;

/** What is open unless somebody decided otherwise: as much as fits. */
function openByDefault(mesh, visible) {
  const services = new Set(visible.map(({ edge }) => edge.to)).size;
  const groups = new Set(visible.flatMap((item) => (item.edge.set.allBut && !item.narrowed ? [] : item.groups))).size;
  return (row) => {
    if (row.kind === "proxy") return row.children.size <= FEW_GROUPS;
    if (row.kind === "service") return visible.length <= FEW_GROUPS;
    return row.key.startsWith("from/") ? groups <= FEW_GROUPS : services <= FEW_SERVICES;
  };
}

/** Shows the state. Focus stays on the row or line that has it. */
function update() {
  const mesh = meshes[state.mesh];
  const focus = document.activeElement?.closest("[data-key]");
  const focused = focus && { key: focus.dataset.key, widget: focus.parentElement.id };
  visible = visibleEdges(mesh, state);
  state.defaultOpen = openByDefault(mesh, visible);
  view = layout(mesh, visible, state);
  showRows(byId("clients"), view.left, view, state);
  showRows(byId("destinations"), view.right, view, state);
  stick();
  showLines(view, state);
  if (focused) elementOf(focused.widget, focused.key)?.focus({ preventScroll: true });
  byId("canvas").hidden = visible.length === 0;
  byId("empty").hidden = visible.length > 0;
  showSelection();
  byId("status").textContent = statusText(mesh, visible);
}

/** Keeps the clients in sight while destinations scroll, where there is room for all of them. */
function stick() {
  const column = byId("from-column");
  column.classList.toggle("fits", column.offsetHeight < byId("graph").clientHeight - 24);
}

/** Shows what is selected, without touching rows and lines. */
function showSelection() {
  highlight(view, state);
  showPanel(meshes[state.mesh], visible, view, state, { select, clear });
}

function statusText(mesh, visible) {
  const services = new Set(visible.map(({ edge }) => edge.to)).size;
  return `${visible.length} of ${counted(mesh.edges.length, "answer")} · ${services} of ${counted(mesh.services.length, "service")}`;
}

function elementOf(widget, key) {
  return [...byId(widget).children].find((child) => child.dataset.key === key);
}

function select(selected) {
  state.selected = selected;
  showSelection();
}

/** Ends the selection; focus goes back to what was selected. */
function clear() {
  const { selected } = state;
  select(null);
  if (selected?.kind === "line") elementOf("edges", selected.key)?.focus();
  else if (selected?.kind === "row") (elementOf("clients", selected.key) ?? elementOf("destinations", selected.key))?.focus();
  else byId("panel").focus();
}

/** The row of an element. */
const rowOf = (target) => [...view.left, ...view.right].find((row) => row.element === target);

/** A click on a row selects it and opens it; another one closes it. */
function activateRow(row) {
  state.selected = { kind: "row", key: row.key };
  if (row.children.size === 0) return showSelection();
  state.open.set(row.key, !row.open);
  update();
}

/** Moves the tab stop and the focus of a widget. */
function moveTo(widget, target, scrolls) {
  if (!target) return;
  for (const child of widget.children) child.setAttribute("tabindex", child === target ? "0" : "-1");
  state.current[widget.id] = target.dataset.key;
  // Whoever clicks sees the target; whoever uses keys may not yet.
  target.focus({ preventScroll: !scrolls });
}

/** The element that a key leads to among the children of a widget, if it is a key for moving. */
function neighbour(widget, target, key) {
  const all = [...widget.children];
  const at = all.indexOf(target);
  return { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[key];
}

function listenToTree(tree) {
  tree.addEventListener("click", (event) => {
    const target = event.target.closest("[role=treeitem]");
    if (!target) return;
    moveTo(tree, target, false);
    activateRow(rowOf(target));
  });
  tree.addEventListener("keydown", (event) => {
    const target = event.target.closest("[role=treeitem]");
    const row = target && rowOf(target);
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      moveTo(tree, neighbour(tree, target, event.key), true);
    } else if (event.key === "Enter" || event.key === " ") {
      activateRow(row);
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      openOrMove(tree, row, event.key === "ArrowRight");
    } else return;
    event.preventDefault();
  });
}

/** Right opens a row, or goes to what is in it; left closes it, or goes to what it is in. */
function openOrMove(tree, row, isRight) {
  if (row.children.size > 0 && row.open !== isRight) {
    state.open.set(row.key, isRight);
    update();
  } else if (isRight && row.open) {
    moveTo(tree, [...row.children.values()][0].element, true);
  } else if (!isRight && row.parent) {
    moveTo(tree, row.parent.element, true);
  }
}

function listenToLines(svg) {
  const lineOf = (event) => event.target.closest(".edge");
  svg.addEventListener("click", (event) => {
    const target = lineOf(event);
    if (!target) return;
    moveTo(svg, target, false);
    select({ kind: "line", key: target.dataset.key });
  });
  svg.addEventListener("keydown", (event) => {
    const target = lineOf(event);
    if (!target || event.ctrlKey || event.metaKey || event.altKey) return;
    // The eye goes from line to line down the destinations, whatever lies on top.
    const order = view.right.flatMap((row) => row.lines.map((line) => line.element));
    const at = order.indexOf(target);
    const next = {
      ArrowDown: order[at + 1],
      ArrowRight: order[at + 1],
      ArrowUp: order[at - 1],
      ArrowLeft: order[at - 1],
      Home: order[0],
      End: order.at(-1),
    };
    if (event.key in next) {
      moveTo(svg, next[event.key], false);
      view.lines.find((line) => line.element === next[event.key])?.to.element.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" || event.key === " ") {
      select({ kind: "line", key: target.dataset.key });
    } else return;
    event.preventDefault();
  });
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      byId("search").focus();
      event.preventDefault();
    } else if (event.key === "Escape" && isTyping?.id === "search" && state.query !== "") {
      byId("search").value = "";
      state.query = "";
      update();
      event.preventDefault();
    } else if (event.key === "Escape" && state.selected && !isTyping) {
      clear();
    }
  });
}

/** Fills a field with choices; the first one stands for all. */
function fillChoices(field, all, values) {
  const options = values.map((value) => element("option", { value }, value));
  field.replaceChildren(element("option", { value: "" }, all), ...options);
}

function showMesh() {
  const mesh = meshes[state.mesh];
  const autoMtls = mesh.autoMtls ? "on" : "off";
  byId("mesh-facts").textContent = `mesh ${mesh.name} · Istio ${mesh.istio} · auto mTLS ${autoMtls} · root namespace ${mesh.rootNamespace}`;
  fillChoices(byId("from"), "all namespaces", namespacesOf(mesh.edges.flatMap((edge) => edge.set.groups), mesh));
  fillChoices(byId("to"), "all namespaces", [...new Set(mesh.edges.map((edge) => edge.to.namespace))].sort(byText));
  const boxes = VERDICTS.map((verdict) => {
    const count = mesh.edges.filter((edge) => edge.verdict === verdict.id).length;
    const box = element("input", { type: "checkbox", value: verdict.id, checked: state.verdicts.has(verdict.id) });
    const text = element("span", { class: "word" }, verdict.title);
    const chip = element("label", { class: `chip ${verdict.id}`, title: verdict.meaning }, box, sample(verdict.id, 38), text, element("span", { class: "count" }, String(count)));
    chip.classList.toggle("none", count === 0);
    return chip;
  });
  byId("verdicts").replaceChildren(byId("verdicts").firstElementChild, ...boxes);
}

/** Shows everything again. */
function reset() {
  Object.assign(state, { query: "", from: "", to: "", open: new Map(), selected: null, current: {} });
  state.verdicts = new Set(VERDICTS.map((verdict) => verdict.id));
  byId("search").value = "";
  showMesh();
  update();
}

/** Opens or closes all rows that there are, also those that are not shown. */
function openAll(isOpen) {
  const visit = (row) => {
    state.open.set(row.key, isOpen);
    for (const child of row.children.values()) visit(child);
  };
  for (const row of [...view.left, ...view.right]) if (!row.parent) visit(row);
  update();
}

function listenToFilters() {
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", (event) => {
    state.query = event.target.value;
    update();
  });
  for (const name of ["from", "to"]) {
    byId(name).addEventListener("change", (event) => {
      state[name] = event.target.value;
      update();
    });
  }
  byId("mesh").addEventListener("change", (event) => {
    state.mesh = Number(event.target.value);
    reset();
  });
  byId("verdicts").addEventListener("change", (event) => {
    if (event.target.checked) state.verdicts.add(event.target.value);
    else state.verdicts.delete(event.target.value);
    update();
  });
  byId("expand").addEventListener("click", () => openAll(true));
  byId("collapse").addEventListener("click", () => openAll(false));
  byId("reset").addEventListener("click", reset);
  byId("empty-reset").addEventListener("click", reset);
}

/** On paper the drawing keeps its width and is scaled to the page. */
function listenToPrinter() {
  const paper = 700;
  window.addEventListener("beforeprint", () => {
    const width = byId("canvas").clientWidth;
    document.body.style.setProperty("--canvas-width", `${width}px`);
    document.body.style.setProperty("--canvas-zoom", String(Math.min(1, paper / width)));
  });
}

function start() {
  byId("mesh").replaceChildren(...meshes.map((mesh, index) => element("option", { value: index }, mesh.name)));
  byId("mesh-field").hidden = meshes.length < 2;
  if (meshes.length === 0) {
    byId("canvas").hidden = true;
    byId("status").textContent = "There is no mesh.";
    return;
  }
  listenToTree(byId("clients"));
  listenToTree(byId("destinations"));
  listenToLines(byId("edges"));
  listenToKeys();
  listenToFilters();
  listenToPrinter();
  showMesh();
  update();
  const replace = () => placeLines(view);
  new ResizeObserver(replace).observe(byId("canvas"));
  byId("graph").addEventListener("scroll", () => {
    if (byId("from-column").classList.contains("fits")) requestAnimationFrame(replace);
  });
}

start();
