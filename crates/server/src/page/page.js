// The page of firewarden: which view is shown, the list of requests, one request.
// The views of data are in data.js, that of accounts in users.js.
import { el, ask, fail, get } from "./parts.js";
import { showDatabase, showStorage } from "./data.js";
import { showUsers } from "./users.js";

const MAX_ROWS = 1000;
const AROUND = 2;
const byId = (id) => document.getElementById(id);

// ---- What runs where

const services = await get("firewarden/services").catch(() => ({ project: "", services: [], namespaces: [] }));
byId("project").textContent = services.project;

/** The origin of a service, or undefined. A service on all addresses is reached by the name of this page. */
function origin(name) {
  const found = services.services.find((service) => service.name === name);
  if (!found) return undefined;
  const everywhere = found.host === "0.0.0.0" || found.host === "::";
  const host = everywhere ? location.hostname : found.host.includes(":") ? `[${found.host}]` : found.host;
  return `http://${host}:${found.port}`;
}

// ---- The list of requests

/** Newest first. */
let requests = [];
let missed = 0;
let waiting = false;

function listen() {
  const stream = new EventSource("firewarden/requests?stream");
  const state = byId("state");
  const say = (name, text) => {
    state.className = name;
    state.textContent = text;
  };
  say("", "connecting");
  stream.onopen = () => say("live", "live");
  stream.onerror = () => say("lost", "not connected");
  stream.addEventListener("request", (event) => {
    const request = JSON.parse(event.data);
    // Numbers start anew with the server.
    if (requests.length && request.id <= requests[0].id) requests = [];
    requests.unshift(request);
    requests.length = Math.min(requests.length, MAX_ROWS);
    schedule();
  });
  stream.addEventListener("missed", (event) => {
    missed += Number(event.data);
    schedule();
  });
}

/** At most one update a frame, however many requests come. */
function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    list();
  });
}

const filter = byId("filter");
filter.addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("input", schedule);

function matches(request) {
  const { verdict, service, path, uid } = filter.elements;
  const bare = request.path.replace(/^\//, "");
  const hasPath = path.value.startsWith("/") ? bare.startsWith(path.value.slice(1)) : request.path.includes(path.value);
  // Views of data read as owner, which would be most of the list.
  const wanted = { "": ["allow", "deny"], all: ["allow", "deny", "admin"] }[verdict.value] ?? [verdict.value];
  return wanted.includes(request.verdict)
    && (!service.value || request.service === service.value)
    && hasPath
    && (!uid.value || (request.uid ?? "").includes(uid.value));
}

/** Rows by number: an update adds the new ones and removes others. */
const rows = new Map();

function list() {
  const shown = requests.filter(matches);
  const ids = new Set(shown.map((request) => request.id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  let before = byId("rows").firstChild;
  for (const request of shown) {
    const known = rows.get(request.id);
    if (known && known === before) {
      before = before.nextSibling;
      continue;
    }
    const added = known ?? row(request);
    rows.set(request.id, added);
    byId("rows").insertBefore(added, before);
  }
  const lost = missed ? `; ${missed} came too quickly to be shown` : "";
  byId("count").textContent = requests.length ? `${shown.length} of ${requests.length} requests${lost}` : "";
  byId("none").hidden = shown.length > 0;
  byId("none").textContent = requests.length
    ? "No request fits the filter."
    : "No requests yet. They appear here as clients make them.";
  current();
}

function row(request) {
  return el("li", {}, el("a", { href: `#/requests/${request.id}` },
    verdict(request),
    el("span", { className: "what" }, request.method),
    el("time", { className: "when", dateTime: request.time }, clock(request.time)),
    el("span", { className: "path" }, request.path),
    el("span", { className: "why" }, `${request.uid ?? "nobody"}, ${request.service}${request.reason ? `: ${request.reason}` : ""}`)));
}

const WORDS = { allow: "allow", deny: "deny", admin: "owner" };

function verdict(request) {
  return el("span", { className: `verdict ${request.verdict}` }, WORDS[request.verdict] ?? request.verdict);
}

function clock(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleTimeString([], { hour12: false });
}

/** Marks the row of the request that is shown. */
function current() {
  const shown = location.hash.match(/^#\/requests\/(\d+)/)?.[1];
  for (const [id, item] of rows) {
    if (String(id) === shown) item.firstChild.setAttribute("aria-current", "true");
    else item.firstChild.removeAttribute("aria-current");
  }
}

// ---- One request

async function show(id) {
  const detail = byId("detail");
  let request;
  try {
    request = await get(`firewarden/requests/${id}?columns=${columns(detail)}`);
  } catch (error) {
    detail.replaceChildren(back(), fail(error));
    return;
  }
  if (location.hash !== `#/requests/${id}`) return;
  const at = request.at ? `${request.at.file}:${request.at.line}:${request.at.column}` : "";
  detail.replaceChildren(
    back(),
    el("h1", {}, verdict(request), el("span", { className: "mono" }, `${request.method} ${request.path}`)),
    facts({ user: request.uid ?? "nobody", [request.service]: request.instance, time: request.time, "decided at": at }),
    request.reason ? el("p", { className: "reason" }, request.reason) : "",
    el("div", { className: "buttons" }, copyButton(id), el("span", { id: "copied", role: "status", className: "quiet" })),
    el("div", { className: "sides" },
      request.rules ? el("div", {}, el("h2", {}, `Rules: ${request.rules.file}`), legend(), source(request.rules)) : "",
      el("div", {},
        request.explanation ? el("h2", {}, "Explanation") : "",
        request.explanation ? el("pre", { className: "explanation" }, request.explanation) : "",
        el("h2", {}, "Request"),
        el("pre", {}, JSON.stringify(request.detail, null, 2)))));
  detail.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

/** The columns that an explanation has in the place for it. */
function columns(detail) {
  const width = detail.clientWidth >= 800 ? (detail.clientWidth - 24) / 2 : detail.clientWidth;
  return Math.max(30, Math.floor((width - 30) / 7.3));
}

function back() {
  return el("p", { className: "back" }, el("a", { href: "#/requests" }, "← All requests"));
}

function facts(all) {
  const stated = Object.entries(all).filter(([, value]) => value);
  return el("p", { className: "facts" }, ...stated.map(([name, value]) => el("span", {}, `${name} `, el("b", {}, value))));
}

function copyButton(id) {
  return el("button", { type: "button", onclick: async () => {
    try {
      const text = await get(`firewarden/requests/${id}/suite`, "text");
      const copied = await copy(text);
      byId("copied").textContent = copied ? "Copied. Save it as a file *.test.yaml, and run firewarden test." : "";
    } catch (error) {
      byId("copied").textContent = error.message;
    }
  } }, "Copy as test");
}

/** Whether a text could be copied. Where the browser does not let the page do it, the text is shown. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    await ask({ title: "A test of this request", label: "Save it as a file *.test.yaml, and run firewarden test.",
      value: text, ok: "Close", readOnly: true });
    return false;
  }
}

function legend() {
  return el("p", { className: "legend" },
    el("span", {}, tick("true"), " true"), el("span", {}, tick("false"), " false"), el("span", {}, tick("error"), " error"),
    el("span", {}, "underlined: what decided"));
}

function tick(outcome) {
  const sign = { true: "✓", false: "✗", error: "!" }[outcome];
  // No line ends between an expression and its sign.
  return el("span", { className: `tick ${outcome}` }, `\u2060${sign}`, el("span", { className: "hidden-text" }, outcome));
}

/** The rules, with the values of sub-expressions under their lines; lines far from all values are folded. */
function source({ text, values, decisive }) {
  const lines = [];
  let start = 0;
  for (const code of text.split("\n")) {
    lines.push({ code, start, end: start + code.length });
    start += code.length + 1;
  }
  // An expression that joins others may have parts that were not evaluated: its own truth would be read as theirs.
  // Of `!a` and `a`, which end at one place, the outer one counts.
  const tests = values.filter((value) => value.outcome !== "value" && !value.joins);
  const truths = tests.filter((value) => !tests.some((outer) => outer.end === value.end && outer.start < value.start));
  const isOn = (span, line) => span.start < line.end && span.end > line.start;
  const matters = lines.map((line) => values.some((value) => isOn(value, line)) || (decisive && isOn(decisive, line)));
  const near = lines.map((_, at) => matters.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(Boolean));
  const all = !matters.some(Boolean);
  const box = el("div", { className: "source", role: "group", ariaLabel: "Rules" });
  box.style.setProperty("--digits", String(lines.length).length);
  for (let at = 0; at < lines.length; at++) {
    if (all || near[at]) {
      box.append(sourceLine(lines[at], at + 1, values, truths, decisive));
      continue;
    }
    let to = at;
    while (to < lines.length && !near[to]) to++;
    const folded = lines.slice(at, to);
    const first = at + 1;
    const label = folded.length === 1 ? `line ${first}` : `lines ${first} to ${to}`;
    const fold = el("button", { type: "button", className: "fold", onclick: () => {
      fold.replaceWith(...folded.map((line, index) => sourceLine(line, first + index, values, truths, decisive)));
    } }, `show ${label}`);
    box.append(fold);
    at = to - 1;
  }
  return box;
}

function sourceLine(line, number, values, truths, decisive) {
  const code = el("span", { className: "code" });
  const cuts = new Set([line.start, line.end]);
  for (const { start, end } of decisive ? [...truths, decisive] : truths) {
    for (const cut of [start, end]) if (cut > line.start && cut < line.end) cuts.add(cut);
  }
  const places = [...cuts].sort((a, b) => a - b);
  const size = ({ start, end }) => end - start;
  const smallest = (found) => found.reduce((best, value) => (best && size(best) <= size(value) ? best : value), undefined);
  for (let at = 0; at + 1 < places.length; at++) {
    const [from, to] = [places[at], places[at + 1]];
    const inner = smallest(truths.filter((value) => value.start <= from && value.end >= to));
    const decides = decisive && decisive.start <= from && decisive.end >= to;
    const names = [inner?.outcome, decides && "decisive"].filter(Boolean).join(" ");
    code.append(el("span", { className: names }, line.code.slice(from - line.start, to - line.start)));
    const ended = smallest(truths.filter((value) => value.end === to));
    if (ended) code.append(tick(ended.outcome));
  }
  // An expression over several lines has its value where it ends.
  const here = values.filter((value) => value.end > line.start && value.end <= line.end);
  const chips = new Map();
  for (const value of here) {
    const text = line.code.slice(Math.max(0, value.start - line.start), value.end - line.start);
    if (value.outcome === "value") chips.set(`${text} ${value.value}`, el("span", {}, el("code", {}, `${text} `), value.value));
    else if (value.why) chips.set(value.why, el("span", { className: "why" }, value.why));
    else if (value.outcome === "error") chips.set(value.value, el("span", { className: "error" }, value.value));
  }
  const item = el("div", { className: "line" }, el("span", { className: "number" }, number), code);
  // The indent is padding, so that a line that is broken stays readable.
  item.style.setProperty("--indent", line.code.match(/^ */)[0].length);
  if (code.firstChild) code.firstChild.textContent = code.firstChild.textContent.replace(/^ +/, "");
  if (decisive && decisive.start < line.end && decisive.end > line.start) item.classList.add("decides");
  if (chips.size) item.append(el("div", { className: "values" }, ...chips.values()));
  return item;
}

// ---- Coverage

async function showCoverage() {
  const totals = byId("totals");
  try {
    const report = await get("firewarden/coverage?format=json");
    if (!report.files.length) {
      totals.replaceChildren(el("p", { className: "note" }, "No rules are loaded."));
      return;
    }
    const files = report.files.map((file) => [el("h2", {}, file.file), bars(file.totals)]);
    const together = report.files.length > 1 ? [el("h2", {}, "All rules"), bars(report.totals)] : [];
    totals.replaceChildren(...together, ...files.flat());
  } catch (error) {
    totals.replaceChildren(fail(error));
  }
}

function bars(totals) {
  const bar = ([name, { covered, total, percent }]) => el("li", { className: covered === total ? "full" : "" },
    el("span", {}, `${name} `, el("b", {}, `${percent} %`)),
    el("span", { className: "quiet" }, ` ${covered} of ${total}`),
    el("div", { className: "track" }, meter(percent)));
  return el("ul", { className: "bars" }, ...Object.entries(totals).map(bar));
}

function meter(percent) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  const part = document.createElementNS(space, "rect");
  drawing.setAttribute("aria-hidden", "true");
  part.setAttribute("width", `${percent}%`);
  part.setAttribute("height", "100%");
  drawing.append(part);
  return drawing;
}

byId("measure").addEventListener("click", showCoverage);

// ---- Views

const VIEWS = ["requests", "users", "database", "storage", "coverage"];
/** The element of a view. */
const section = (view) => byId(view === "users" ? "users-view" : view);

function route() {
  const [, view = "requests", id] = location.hash.match(/^#\/(\w+)(?:\/(\d+))?/) ?? [];
  const shown = VIEWS.includes(view) ? view : "requests";
  for (const name of VIEWS) section(name).hidden = name !== shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${shown}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${shown[0].toUpperCase()}${shown.slice(1)}${id ? ` ${id}` : ""} · firewarden`;
  byId("requests").classList.toggle("one", Boolean(id) && shown === "requests");
  if (shown === "requests") {
    current();
    if (id) show(id);
    else byId("detail").replaceChildren(el("p", { className: "quiet" }, "Choose a request to see its explanation."));
  }
  if (shown === "users") showUsers(origin("auth"), services);
  if (shown === "database") showDatabase(origin("database"), services);
  if (shown === "storage") showStorage(origin("storage"), services);
  if (shown === "coverage") showCoverage();
}

addEventListener("hashchange", route);
list();
listen();
route();
