// Drives the pages that `mtls-lint graph --format html` writes in headless Chromium, with real clicks and keys.
//
//   node scripts/graph-browser-test.mjs PAGES
//
// PAGES is the folder that `cargo test --test graph` fills (`target/tmp/graph`); screenshots go to PAGES/screenshots.
// Needs `npm install --prefix scripts`, and Chromium as `/usr/bin/chromium` or in CHROMIUM.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import puppeteer from "puppeteer-core";

const pages = resolve(process.argv[2] ?? "target/tmp/graph");
const shots = join(pages, "screenshots");
mkdirSync(shots, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), "graph-browser-"));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  userDataDir: profile,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const tests = [];
const test = (name, run) => tests.push({ name, run });

/** Opens a page; whatever it asks of the network or says on the console is a failure. */
async function open(name, settings = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width: settings.width ?? 1440, height: settings.height ?? 900 });
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) page.complaints.push(`asked for ${request.url()}`);
  });
  if (settings.dark) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await page.goto(pathToFileURL(join(pages, `${name}.html`)).href);
  return page;
}

const shoot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
const text = (page, selector) => page.$eval(selector, (found) => found.innerText);
const count = async (page, selector) => (await page.$$(selector)).length;

/** The row with a title in a tree. */
const row = (page, tree, title) =>
  page.waitForSelector(`xpath/.//*[@id="${tree}"]/*[.//*[@class="title"][text()="${title}"]]`);

/** Clicks on the middle of a line. */
async function clickLine(page, selector) {
  const point = await page.$eval(`${selector} .hit`, (path) => {
    const middle = path.getPointAtLength(path.getTotalLength() * 0.04).matrixTransform(path.getScreenCTM());
    return { x: middle.x, y: middle.y };
  });
  await page.mouse.click(point.x, point.y);
}

/** What the page knows of itself, for failures. */
const focusedKey = (page) => page.evaluate(() => document.activeElement?.dataset.key ?? document.activeElement?.id);

test("the story is two lines, each with the rule that decides it", async () => {
  const page = await open("seed");
  assert.equal(await count(page, ".edge"), 2);
  const label = (verdict) => page.$eval(`.edge.${verdict} .label`, (found) => found.textContent);
  assert.equal(await label("refused"), "default/httpbin");
  assert.equal(await label("encrypted"), "istio-system/default");
  await shoot(page, "seed");
  return page;
});

test("a click on a line shows the evidence with file and line", async () => {
  const page = await open("seed");
  await clickLine(page, ".edge.refused");
  const panel = await text(page, "#panel");
  for (const expected of [
    "httpbin, sleep → httpbin:8000",
    "decided by default/httpbin",
    "apps/circuit-breaker.yaml:8",
    "mesh/mesh-policy.yaml:9",
    "has no tls",
    "mtls-lint trace default/Deployment/httpbin httpbin.default.svc.cluster.local:8000",
  ]) {
    assert.ok(panel.replaceAll("\u200b", "").includes(expected), `${expected} in:\n${panel}`);
  }
  await shoot(page, "seed-line");
  return page;
});

test("a click on a service shows what all clients get, each answer to open", async () => {
  const page = await open("shop");
  await (await row(page, "destinations", "cart")).click();
  assert.match(await text(page, "#panel h2"), /^cart$/);
  assert.match(await text(page, "#panel .where"), /Service shop\/cart/);
  assert.equal(await count(page, "#panel details"), 18);
  assert.equal(await count(page, "#panel details[open]"), 0);
  await page.click("#panel details summary");
  await page.waitForSelector("#panel details[open] .facts li");
  assert.equal(await count(page, "#destinations .row.destination"), 6);
  await shoot(page, "shop-service");
  return page;
});

test("escape ends a selection and gives the focus back", async () => {
  const page = await open("seed");
  await clickLine(page, ".edge.refused");
  const key = await focusedKey(page);
  await page.keyboard.press("Escape");
  assert.match(await text(page, "#panel h2"), /Who wins where/);
  assert.equal(await focusedKey(page), key);
  assert.equal(await page.$eval("body", (body) => body.classList.contains("has-selection")), false);
  return page;
});

test("verdicts differ by colour, by the line or its end, in light and dark", async () => {
  for (const dark of [false, true]) {
    const page = await open("shop", { dark });
    const looks = await page.$$eval("#verdicts .chip", (chips) =>
      chips.map((chip) => {
        const style = getComputedStyle(chip.querySelector(".line"));
        return { color: style.stroke, form: `${style.strokeDasharray} ${chip.querySelector(".shape").getAttribute("d")}` };
      }),
    );
    assert.equal(looks.length, 6);
    for (const part of ["color", "form"]) {
      assert.equal(new Set(looks.map((look) => look[part])).size, 6, JSON.stringify(looks));
    }
    const ground = await page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
    for (const { color } of looks) {
      assert.ok(contrast(color, ground) >= 4.5, `${color} on ${ground}: ${contrast(color, ground)}`);
    }
    for (const eye of Object.keys(EYES)) assert.ok(nearest(looks, eye) >= 15, `${eye}: ${nearest(looks, eye)}`);
    await shoot(page, dark ? "shop-dark" : "shop");
    await page.close();
  }
});

test("a verdict that is unchecked is not drawn", async () => {
  const page = await open("shop");
  assert.ok((await count(page, ".edge.refused")) > 0);
  await page.click(".chip.refused");
  assert.equal(await count(page, ".edge.refused"), 0);
  assert.match(await text(page, "#status"), /^24 of 35 answers/);
  await page.click("#reset");
  assert.match(await text(page, "#status"), /^35 of 35 answers/);
  return page;
});

test("a search finds services, workloads and rules, and escape clears it", async () => {
  const page = await open("shop");
  const titles = () => page.$$eval("#destinations .row.service .title", (found) => found.map((one) => one.textContent));
  await page.keyboard.press("/");
  await page.keyboard.type("bank");
  assert.deepEqual(await titles(), ["api.bank.example:443"]);
  await page.keyboard.press("Escape");
  assert.equal((await titles()).length, 7);
  await page.type("#search", "report");
  const clients = await page.$$eval("#clients .row.workloads .title", (found) => found.map((one) => one.textContent));
  assert.deepEqual(clients, ["report"]);
  await page.$eval("#search", (field) => field.select());
  await page.keyboard.type("shop/index");
  assert.deepEqual(await titles(), ["index:80"]);
  await page.keyboard.type(" nothing-like-this");
  assert.ok(await page.$eval("#empty", (found) => !found.hidden));
  await shoot(page, "shop-empty");
  await page.click("#empty-reset");
  assert.equal((await titles()).length, 7);
  return page;
});

test("namespaces of clients and destinations can be chosen", async () => {
  const page = await open("shop");
  await page.select("#from", "shop");
  await page.select("#to", "search");
  const titles = await page.$$eval(".row .title", (found) => found.map((one) => one.textContent));
  assert.deepEqual(titles, ["Clients with a sidecar", "shop", "cart, cart-v2, web", "search", "index:80", "suggest:80"]);
  await shoot(page, "shop-filtered");
  return page;
});

test("a rule of the overview shows where it wins", async () => {
  const page = await open("shop");
  await page.click("#panel button.rule::-p-text(shop/cart)");
  assert.match(await text(page, "#panel h2"), /DestinationRule shop\/cart/);
  assert.match(await text(page, "#panel .where"), /shop\.yaml:\d+/);
  assert.equal(await count(page, ".edge.on"), 6);
  return page;
});

test("the page is used with the keyboard alone", async () => {
  const page = await open("shop");
  const stops = await page.evaluate(() =>
    ["clients", "destinations", "edges"].map((id) => document.getElementById(id).querySelectorAll('[tabindex="0"]').length),
  );
  assert.deepEqual(stops, [1, 1, 1]);
  const seen = [];
  for (let at = 0; at < 16; at += 1) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => document.activeElement.closest("#clients, #destinations, #edges")?.id ?? document.activeElement.id));
  }
  const order = ["search", "from", "to", "expand", "collapse", "reset", "clients", "destinations", "edges"];
  assert.deepEqual(seen.filter((id) => order.includes(id)).filter((id, at, all) => id !== all[at - 1]), order);
  await page.focus("#clients [tabindex='0']");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focusedKey(page), "from/sidecar/batch");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "false");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.match(await focusedKey(page), /^from\/sidecar\/batch\/\d+$/);
  await page.keyboard.press("Enter");
  assert.equal(await text(page, "#panel h2"), "report");
  await page.keyboard.press("End");
  assert.match(await focusedKey(page), /^from\/none\/legacy\/\d+$/);
  return page;
});

test("lines are walked with arrows and opened with enter", async () => {
  const page = await open("shop");
  await page.$eval("#edges [tabindex='0']", (line) => line.focus());
  const first = await focusedKey(page);
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await focusedKey(page), first);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-pressed")), "true");
  assert.match(await text(page, "#panel h2"), /→/);
  await shoot(page, "shop-line-by-keyboard");
  await page.keyboard.press("Escape");
  assert.match(await text(page, "#panel h2"), /Who wins where/);
  return page;
});

test("what the keys lead to comes into sight", async () => {
  const page = await open("small", { height: 600 });
  const isInSight = (selector) =>
    page.$eval(selector, (found) => {
      const frame = document.getElementById("graph").getBoundingClientRect();
      const { top, bottom } = found.getBoundingClientRect();
      return { inSight: top >= frame.top - 1 && bottom <= frame.bottom + 1, top, bottom, frame: [frame.top, frame.bottom] };
    });
  const seen = (found) => assert.ok(found.inSight, JSON.stringify(found));
  await page.focus("#destinations [tabindex='0']");
  await page.keyboard.press("End");
  seen(await isInSight("#destinations :focus"));
  await page.$eval("#edges [tabindex='0']", (line) => line.focus({ preventScroll: true }));
  await page.keyboard.press("Home");
  seen(await isInSight("#destinations .row.service"));
  return page;
});

test("trees and lines have roles and names", async () => {
  const page = await open("shop");
  const nodes = await page.evaluate(() => {
    const name = (found) => found.getAttribute("aria-label");
    return {
      trees: document.querySelectorAll('[role="tree"] > [role="treeitem"][aria-level]').length,
      rows: document.querySelectorAll(".row").length,
      row: name(document.querySelector("#destinations .row.service")),
      line: name(document.querySelector(".edge.app-tls")),
    };
  });
  assert.equal(nodes.trees, nodes.rows);
  assert.equal(nodes.row, "service erp:8000; 1 refused, 1 blocked, 1 plaintext");
  assert.equal(nodes.line, "Clients with a sidecar to api.bank.example:443: app TLS, rule payments/bank");
  return page;
});

test("thirty services fit at once", async () => {
  const page = await open("small");
  assert.equal(await count(page, "#destinations .row.service"), 30);
  await shoot(page, "small");
  await page.evaluate(() => document.getElementById("graph").scrollTo(0, 400));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await linesMeetRows(page);
  await shoot(page, "small-scrolled");
  return page;
});

test("three hundred services are namespaces that open one by one", async () => {
  const before = performance.now();
  const page = await open("large");
  assert.ok(performance.now() - before < 5000);
  assert.equal(await count(page, "#destinations .row"), 20);
  assert.ok((await page.$$eval(".edge .label", (all) => all.filter((one) => /^×\d+$/.test(one.textContent)).length)) > 60);
  await linesMeetRows(page);
  await shoot(page, "large");
  const namespace = await row(page, "destinations", "team-3");
  const top = (await namespace.boundingBox()).y;
  await namespace.click();
  assert.equal(await count(page, "#destinations .row.service"), 15);
  const after = (await (await row(page, "destinations", "team-3")).boundingBox()).y;
  assert.ok(Math.abs(after - top) < 12, `the row that was clicked moved from ${top} to ${after}`);
  await linesMeetRows(page);
  await shoot(page, "large-open");
  await page.click(".chip.refused");
  await page.click("#panel .back");
  await shoot(page, "large-without-refused");
  return page;
});

test("everything can be expanded at three hundred services", async () => {
  const page = await open("large", { dark: true });
  const before = performance.now();
  await page.click("#expand");
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.ok(performance.now() - before < 5000);
  assert.ok((await count(page, "#destinations .row")) > 800);
  await linesMeetRows(page);
  await shoot(page, "large-expanded-dark");
  await page.click("#collapse");
  assert.equal(await count(page, "#destinations .row"), 20);
  return page;
});

test("nothing jumps when something is selected", async () => {
  const page = await open("small");
  const places = () =>
    page.evaluate(() => ["panel", "canvas", "destinations", "clients"].map((id) => JSON.stringify(document.getElementById(id).getBoundingClientRect())));
  const before = await places();
  await clickLine(page, ".edge.refused");
  assert.deepEqual(await places(), before);
  await page.keyboard.press("Escape");
  assert.deepEqual(await places(), before);
  return page;
});

test("hostile names are text", async () => {
  const page = await open("hostile");
  await page.click("#expand");
  for (const found of await page.$$(".edge")) {
    await found.evaluate((one) => one.dispatchEvent(new MouseEvent("click", { bubbles: true })));
    await page.$$eval("#panel details", (all) => all.forEach((one) => (one.open = true)));
  }
  assert.equal(await count(page, "img, iframe, b.injected"), 0);
  assert.equal(await page.evaluate(() => window.injected), undefined);
  assert.match(await text(page, "#destinations"), /<img src=x onerror=/);
  assert.ok(!/[\u2028\u202e]/.test(await page.evaluate(() => document.body.textContent)));
  await shoot(page, "hostile");
  return page;
});

test("one of several meshes is shown at a time", async () => {
  const source = readFileSync(join(pages, "seed.html"), "utf8");
  const [head, rest] = source.split('<script type="application/json" id="data">');
  const [json, ...tail] = rest.split("</script>");
  const data = JSON.parse(json);
  data.meshes.push({ ...structuredClone(data.meshes[0]), name: "second", istio: "1.31", edges: [] });
  const body = [`<script type="application/json" id="data">${JSON.stringify(data).replaceAll("<", "\\u003c")}`, ...tail];
  writeFileSync(join(pages, "meshes.html"), head + body.join("</script>"));
  const page = await open("meshes");
  assert.equal(await count(page, ".edge"), 2);
  await page.select("#mesh", "1");
  assert.equal(await count(page, ".edge"), 0);
  assert.match(await text(page, "#mesh-facts"), /mesh second · Istio 1\.31/);
  await page.select("#mesh", "0");
  assert.equal(await count(page, ".edge"), 2);
  return page;
});

test("a narrow window has the details below and does not overflow", async () => {
  const page = await open("shop", { width: 420, height: 800 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  const below = await page.evaluate(() => document.getElementById("panel").getBoundingClientRect().top >= document.getElementById("graph").getBoundingClientRect().bottom - 1);
  assert.ok(below);
  await shoot(page, "shop-narrow");
  return page;
});

test("paper has the drawing and the details, and no controls", async () => {
  const page = await open("shop");
  await clickLine(page, ".edge.app-tls");
  writeFileSync(join(shots, "shop.pdf"), await page.pdf({ format: "A4", margin: { top: "1cm", bottom: "1cm", left: "1cm", right: "1cm" } }));
  await page.emulateMediaType("print");
  assert.equal(await page.$eval("#filters", (found) => getComputedStyle(found).display), "none");
  assert.notEqual(await page.$eval("#edges", (found) => getComputedStyle(found).display), "none");
  return page;
});

test("mermaid draws the charts", async () => {
  const folder = join(fileURLToPath(new URL(".", import.meta.url)), "node_modules/mermaid/dist");
  if (!existsSync(join(folder, "mermaid.min.js"))) {
    console.log("skipped: the charts are not parsed, because mermaid is not installed");
    return null;
  }
  const page = await browser.newPage();
  page.complaints = [];
  await page.addScriptTag({ path: join(folder, "mermaid.min.js") });
  const charts = readdirSync(pages).filter((name) => name.endsWith(".mmd"));
  assert.ok(charts.length > 0);
  for (const chart of charts) {
    const source = readFileSync(join(pages, chart), "utf8");
    const words = await page.evaluate(async (given) => {
      window.mermaid.initialize({ startOnLoad: false, maxTextSize: 1_000_000 });
      await window.mermaid.parse(given);
      const { svg } = await window.mermaid.render("chart", given);
      document.body.innerHTML = svg;
      return document.body.textContent;
    }, source);
    assert.ok(words.includes("refused"), chart);
    await (await page.$("svg")).screenshot({ path: join(shots, `${chart}.png`) });
  }
  return page;
});

/** Every line starts and ends beside its rows. */
async function linesMeetRows(page) {
  const astray = await page.evaluate(() => {
    const boxes = new Map([...document.querySelectorAll(".row")].map((found) => [found.dataset.key, found.getBoundingClientRect()]));
    const origin = document.getElementById("canvas").getBoundingClientRect();
    return [...document.querySelectorAll(".edge")].filter((edge) => {
      const [from, to] = edge.dataset.key.split("\n").map((key) => boxes.get(key));
      const numbers = edge.querySelector(".line").getAttribute("d").match(/-?[\d.]+/g).map(Number);
      const [start, end] = [numbers[1] + origin.top, numbers.at(-1) + origin.top];
      return start < from.top || start > from.bottom || end < to.top || end > to.bottom;
    }).length;
  });
  assert.equal(astray, 0);
}

const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);
const linear = (color) => channels(color).map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));

/** The contrast of two colours (WCAG). */
function contrast(one, other) {
  const light = (color) => linear(color).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** How eyes that lack a kind of cone mix linear red, green and blue (Machado, Oliveira and Fernandes 2009). */
const EYES = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** The distance of the two most similar colours as eyes of a kind see them, in CIELAB. */
function nearest(looks, eye) {
  const seen = looks.map(({ color }) => lab(EYES[eye].map((mix) => linear(color).reduce((sum, part, at) => sum + part * mix[at], 0))));
  const distances = seen.flatMap((one, at) => seen.slice(at + 1).map((other) => Math.hypot(...one.map((part, axis) => part - other[axis]))));
  return Math.min(...distances);
}

function lab(rgb) {
  const [red, green, blue] = rgb.map((part) => Math.min(1, Math.max(0, part)));
  const curve = (part) => (part > 216 / 24389 ? Math.cbrt(part) : (part * 24389 / 27 + 16) / 116);
  const x = curve((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
  const y = curve(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
  const z = curve((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

let failures = 0;
for (const { name, run } of tests) {
  try {
    const page = await run();
    if (page) {
      assert.deepEqual(page.complaints, []);
      await page.close();
    }
    console.log(`ok: ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
console.log(failures === 0 ? `${tests.length} tests passed` : `${failures} of ${tests.length} tests failed`);
process.exitCode = failures === 0 ? 0 : 1;
