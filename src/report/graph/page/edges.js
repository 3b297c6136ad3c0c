// The lines between the rows of both trees, drawn where the rows stand.

/** Where the ends of a row's lines are, from the top of the drawing. */
function ends(row, origin, side, height) {
  const box = row.element.getBoundingClientRect();
  const step = Math.min(height, (box.height - 6) / row.lines.length);
  const top = box.top - origin.top + box.height / 2 - (step * (row.lines.length - 1)) / 2;
  const x = (side === "left" ? box.right : box.left) - origin.left;
  row.lines.forEach((line, at) => {
    line[side] = { x, y: top + step * at };
  });
}

/** Puts the ends of each row in the order in which the lines cross least: that of the rows at their other ends. */
function untangle(left, right) {
  const place = new Map([...left, ...right].map((row, at) => [row, at]));
  const rank = (line) => RANK.get(line.verdict);
  for (const row of left) {
    row.lines.sort((a, b) => place.get(a.to) - place.get(b.to) || rank(a) - rank(b));
  }
  for (const row of right) {
    row.lines.sort((a, b) => place.get(a.from) - place.get(b.from) || rank(a) - rank(b));
  }
}

/** The curve of a line. */
function curve(line) {
  const { left, right } = line;
  const bend = Math.max(30, (right.x - left.x) * 0.45);
  const end = right.x - 14;
  return `M${left.x},${left.y} C${left.x + bend},${left.y} ${end - bend},${right.y} ${end},${right.y}`;
}

/** What a line says to those who do not see it. */
function lineText(line) {
  const { rule } = lineLabel(line);
  const count = line.edges.length > 1 ? `, ${counted(line.edges.length, "answer")}` : "";
  const by = rule === "" ? "no rule" : `rule ${rule}`;
  return `${line.from.title} to ${line.to.title}: ${TITLE.get(line.verdict)}${count}, ${by}`;
}

/** With more lines than this no text stands at them until one is pointed at. */
const PACKED = 400;

/** Longer names of rules are cut. */
const LABEL = 30;

/** A line as an element. */
function lineElement(line, view) {
  const { rule, count } = lineLabel(line);
  const made = drawn("g", {
    class: `edge ${line.verdict}`,
    role: "button",
    tabindex: -1,
    "aria-label": lineText(line),
  });
  made.dataset.key = line.key;
  const title = drawn("title");
  title.textContent = lineText(line);
  const end = shape(line.verdict);
  const text = drawn("text", { class: "label" });
  const short = rule.length > LABEL ? `${rule.slice(0, LABEL - 1)}…` : rule;
  text.textContent = [view.isCrowded ? "" : short, count && `×${count}`].filter(Boolean).join("  ");
  made.append(
    title,
    drawn("path", { class: "hit" }),
    drawn("path", { class: `line ${line.verdict}` }),
    end,
    text,
  );
  made.querySelector(".line").style.strokeWidth = String(width(line, view));
  line.element = made;
  return made;
}

/** Lines for more edges are wider, where there is room. */
function width(line, view) {
  const base = line.verdict === "encrypted" || line.verdict === "app-tls" ? 1.4 : 2;
  return base + (view.isCrowded ? 0 : Math.min(3, Math.log2(line.edges.length) / 2.5));
}

/** Gives lines their places; called again whenever rows have moved. */
function placeLines(view) {
  const svg = document.getElementById("edges");
  const canvas = document.getElementById("canvas");
  const origin = canvas.getBoundingClientRect();
  svg.setAttribute("width", canvas.clientWidth);
  svg.setAttribute("height", canvas.clientHeight);
  for (const row of view.left) ends(row, origin, "left", 9);
  for (const row of view.right) ends(row, origin, "right", endHeight(view));
  for (const line of view.lines) {
    const path = curve(line);
    const [, hit, stroke, end, text] = line.element.children;
    hit.setAttribute("d", path);
    stroke.setAttribute("d", path);
    end.setAttribute("transform", `translate(${line.right.x - 8} ${line.right.y})`);
    text.setAttribute("x", line.right.x - 19);
    text.setAttribute("y", line.right.y - 2.5);
  }
}

/** Shows the lines, the best verdicts below the others. */
function showLines(view, state) {
  const svg = document.getElementById("edges");
  untangle(view.left, view.right);
  const worstLast = [...view.lines].sort((a, b) => RANK.get(b.verdict) - RANK.get(a.verdict));
  svg.replaceChildren(...worstLast.map((line) => lineElement(line, view)));
  const current = view.lines.find((line) => line.key === state.current.edges) ?? view.lines[0];
  if (current) current.element.setAttribute("tabindex", "0");
  svg.classList.toggle("crowded", view.isCrowded);
  svg.classList.toggle("packed", view.lines.length > PACKED);
  placeLines(view);
}

/** Makes what is selected stand out: its lines, and the rows at their ends. */
function highlight(view, state) {
  const isChosen = chosen(view, state);
  document.body.classList.toggle("has-selection", isChosen !== null);
  const touched = new Set();
  for (const line of view.lines) {
    const isOn = isChosen !== null && isChosen(line);
    line.element.classList.toggle("on", isOn);
    line.element.setAttribute("aria-pressed", String(isSelected("line", line.key, state)));
    if (isOn) for (let row of [line.from, line.to]) for (; row; row = row.parent) touched.add(row);
  }
  for (const row of [...view.left, ...view.right]) {
    row.element.classList.toggle("on", touched.has(row));
    row.element.setAttribute("aria-selected", String(isSelected("row", row.key, state)));
  }
}

const isSelected = (kind, key, { selected }) => selected?.kind === kind && selected.key === key;

/** Which lines the selection is about; null without one. */
function chosen(view, state) {
  const { selected } = state;
  if (!selected) return null;
  if (selected.kind === "line") return (line) => line.key === selected.key;
  if (selected.kind === "rule") return (line) => line.edges.some((edge) => edge.rule === selected.key);
  const row = [...view.left, ...view.right].find((other) => other.key === selected.key);
  if (!row) return null;
  return (line) => line.edges.some((edge) => row.edges.has(edge)) && isAbout(line, row);
}

/** Whether a line starts or ends at a row or below it, or, where that has no line of its own, around it. */
function isAbout(line, row) {
  for (const end of [line.from, line.to]) {
    for (let outer = end; outer; outer = outer.parent) if (outer === row) return true;
  }
  return false;
}
