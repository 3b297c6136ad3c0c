// The rows of both trees as elements. Text of manifests becomes text of elements, never markup.

/** An element with attributes and children; texts become text nodes. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The shape of each verdict, in a square of 12 around the origin. */
const SHAPES = {
  encrypted: "M-4,-4 L4,0 L-4,4 Z",
  plaintext: "M-4,-4 L4,0 L-4,4",
  refused: "M-4,-4 L4,4 M-4,4 L4,-4",
  "app-tls": "M-5,0 L0,-4 L5,0 L0,4 Z",
  unknown: "M-3,-2 C-3,-6 4,-5 3,-2 C2.5,0 0,0 0,2 M0,4.6 L0,5",
  blocked: "M-2,-5 L-2,5 M2,-5 L2,5",
};

/** The shape at the end of lines with a verdict. */
function shape(verdict) {
  return drawn("path", { class: `shape ${verdict}`, d: SHAPES[verdict] });
}

/** A sample of a verdict's line, for legends and badges. */
function sample(verdict, width) {
  const icon = drawn("svg", {
    class: "sample",
    width,
    height: 14,
    viewBox: `0 0 ${width} 14`,
    "aria-hidden": "true",
  });
  if (width > 20) {
    icon.append(drawn("path", { class: `line ${verdict}`, d: `M0,7 H${width - 12}` }));
  }
  const end = shape(verdict);
  end.setAttribute("transform", `translate(${width - 7} 7)`);
  icon.append(end);
  return icon;
}

/** A verdict with its shape and word. */
function badge(verdict, count) {
  const text = count === undefined ? TITLE.get(verdict) : String(count);
  return element("span", { class: `badge ${verdict}`, title: TITLE.get(verdict) }, sample(verdict, 14), text);
}

const KINDS = {
  proxy: "",
  namespace: "namespace ",
  workloads: "workloads ",
  service: "service ",
  destination: "port ",
};

/** What a row says to those who do not see it. */
function rowLabel(row) {
  const counts = row.counts().map(({ verdict, count }) => `${count} ${verdict.title}`);
  return [`${KINDS[row.kind]}${row.title}`, row.note, counts.join(", ")].filter(Boolean).join("; ");
}

/** Room for the ends of lines: a row is as high as they need. */
const ROW_HEIGHT = 32;
const START_HEIGHT = 5;

/** A row that is higher than this keeps its text at its top, and in sight while it scrolls. */
const TALL = 240;

/** How far apart lines end: the text above them is smaller where there are many. */
const endHeight = (view) => (view.isCrowded ? 11 : 15);

/** A row as an element. */
function rowElement(row, view) {
  const isFrom = row.key.startsWith("from/");
  const needed = row.lines.length * (isFrom ? START_HEIGHT : endHeight(view)) + 6;
  const height = Math.max(ROW_HEIGHT, needed);
  const badges = row.counts().map(({ verdict, count }) => badge(verdict.id, count));
  const made = element(
    "div",
    {
      role: "treeitem",
      class: `row ${row.kind}${height > TALL ? " tall" : ""}`,
      tabindex: -1,
      "aria-level": row.level,
      "aria-expanded": row.children.size > 0 ? String(row.open) : undefined,
      "aria-label": rowLabel(row),
    },
    element(
      "span",
      { class: "body" },
      element("span", { class: "chevron", "aria-hidden": "true" }, row.children.size === 0 ? "" : row.open ? "▾" : "▸"),
      element(
        "span",
        { class: "text" },
        element("span", { class: "title", title: row.title }, row.title),
        row.note ? element("span", { class: "note" }, row.note) : null,
      ),
      element("span", { class: "badges", "aria-hidden": "true" }, ...badges),
    ),
  );
  made.style.minHeight = `${height}px`;
  made.dataset.key = row.key;
  row.element = made;
  return made;
}

/** Shows the rows of a tree. */
function showRows(tree, rows, view, state) {
  tree.replaceChildren(...rows.map((row) => rowElement(row, view)));
  const current = rows.find((row) => row.key === state.current[tree.id]) ?? rows[0];
  if (current) current.element.tabIndex = 0;
}
