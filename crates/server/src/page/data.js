// The views of data: the tree of the database, and the objects of buckets. Both ask the services themselves, as owner.
import { el, ask, asOwner, fail } from "./parts.js";

const byId = (id) => document.getElementById(id);
const SIGNS = { Edit: "✎", Add: "+", Delete: "✕", Download: "↓" };

/** A button with a word, or only a sign where there is little room. */
function tool(word, what, onclick) {
  const label = `${word} ${what}`;
  return el("button", { type: "button", className: "small", onclick, ariaLabel: label, title: label },
    el("span", { className: "word" }, word), el("span", { className: "sign" }, SIGNS[word]));
}
/** The number of children and objects that are loaded at once. */
const PAGE = 50;

function options(list, names) {
  list.replaceChildren(...names.map((name) => el("option", { value: name })));
}

// ---- Realtime Database

let database;

export function showDatabase(origin, services) {
  const form = byId("namespace");
  if (!origin) {
    form.hidden = true;
    byId("tree").replaceChildren(el("p", { className: "note" }, "This server has no Realtime Database."));
    return;
  }
  database = origin;
  options(byId("namespaces"), services.namespaces);
  form.elements.name.value ||= services.namespaces[0] ?? `${services.project}-default-rtdb`;
  form.onsubmit = (event) => {
    event.preventDefault();
    tree();
  };
  tree();
}

function tree() {
  const { name, path } = byId("namespace").elements;
  const keys = path.value.split("/").filter(Boolean);
  const root = node(name.value, keys, () => {});
  byId("tree").replaceChildren(el("ul", { className: "tree" }, root));
}

function place(namespace, keys, query = "") {
  return `${database}/${keys.map(encodeURIComponent).join("/")}.json?ns=${encodeURIComponent(namespace)}${query}`;
}

/** A location with its value, or its children once it is opened. */
function node(namespace, keys, changed) {
  const path = `/${keys.join("/")}`;
  const value = el("span", { className: "value" }, "…");
  const below = el("ul");
  const toggle = el("button", { type: "button", className: "toggle", ariaLabel: `Open ${path}` }, "▸");
  const leaf = el("span", { className: "leaf" });
  const head = el("div", { className: "node" }, leaf, el("div", {}, el("span", { className: "key" }, keys.at(-1) ?? "/"), value),
    el("span", { className: "tools" }, tool("Edit", path, edit), tool("Add", path, add), tool("Delete", path, remove)));
  const item = el("li", {}, head);
  let children = [];

  async function load() {
    try {
      // Only the keys of children, or the value of a leaf.
      const shallow = await asOwner("GET", place(namespace, keys, "&shallow=true"));
      const isLeaf = shallow === null || typeof shallow !== "object";
      children = isLeaf ? [] : Object.keys(shallow);
      value.textContent = isLeaf ? JSON.stringify(shallow) : `${children.length} ${children.length === 1 ? "child" : "children"}`;
      value.classList.toggle("quiet", !isLeaf);
      (head.contains(toggle) ? toggle : leaf).replaceWith(isLeaf ? leaf : toggle);
      if (isLeaf) below.remove();
      else if (below.isConnected || !keys.length) open();
    } catch (error) {
      value.replaceChildren(fail(error));
    }
  }

  function open() {
    item.append(below);
    toggle.textContent = "▾";
    toggle.setAttribute("aria-expanded", "true");
    below.replaceChildren();
    more(0);
  }

  function more(from) {
    const to = from + PAGE;
    below.append(...children.slice(from, to).map((key) => node(namespace, [...keys, key], load)));
    if (to >= children.length) return;
    const rest = el("li", {}, el("button", { type: "button", className: "small", onclick: () => {
      rest.remove();
      more(to);
    } }, `Show ${Math.min(PAGE, children.length - to)} more of ${children.length}`));
    below.append(rest);
  }

  toggle.setAttribute("aria-expanded", "false");
  toggle.onclick = () => {
    if (!below.isConnected) return open();
    below.remove();
    toggle.textContent = "▸";
    toggle.setAttribute("aria-expanded", "false");
  };

  async function edit() {
    // The export form keeps priorities.
    const now = await asOwner("GET", place(namespace, keys, "&format=export")).catch(() => null);
    await ask({ title: `Edit ${path}`, value: JSON.stringify(now, null, 2), check: (_, text) => put(keys, text) });
    await load();
    if (!keys.length || value.textContent === "null") changed();
  }

  async function add() {
    await ask({ title: `Add a child to ${path}`, key: "", value: "\"\"", check: async (key, text) => {
      if (!key || key.includes("/")) throw new Error("A key is not empty and has no slash.");
      await put([...keys, key], text);
    } });
    await load();
  }

  async function remove() {
    const text = "All data below it is deleted, as owner: rules do not apply.";
    const done = await ask({ title: `Delete ${path}?`, text, ok: "Delete", danger: true, check: () =>
      asOwner("DELETE", place(namespace, keys)) });
    if (!done) return;
    if (keys.length) changed();
    else load();
  }

  async function put(where, text) {
    let body;
    try {
      body = JSON.stringify(JSON.parse(text));
    } catch (error) {
      throw new Error(`The value is not JSON: ${error.message}`);
    }
    await asOwner("PUT", place(namespace, where), { body, type: "application/json" });
  }

  load();
  return item;
}

// ---- Storage

let storage;

export async function showStorage(origin, services) {
  const form = byId("bucket");
  if (!origin) {
    form.hidden = true;
    byId("objects").replaceChildren(el("p", { className: "note" }, "This server has no Storage."));
    return;
  }
  storage = origin;
  const known = await asOwner("GET", `${storage}/b`).catch(() => ({}));
  const names = (known.items ?? []).map((bucket) => bucket.name ?? bucket.id);
  options(byId("buckets"), names);
  form.elements.name.value ||= names[0] ?? `${services.project}.appspot.com`;
  form.onsubmit = (event) => {
    event.preventDefault();
    browse("");
  };
  byId("upload").onchange = upload;
  browse(folder);
}

/** The prefix that is shown; it is empty or ends with a slash. */
let folder = "";

const bucketUrl = () => `${storage}/storage/v1/b/${encodeURIComponent(byId("bucket").elements.name.value)}/o`;

async function browse(prefix, token) {
  folder = prefix;
  const box = byId("objects");
  try {
    const page = token ? `&pageToken=${encodeURIComponent(token)}` : "";
    const found = await asOwner("GET", `${bucketUrl()}?delimiter=%2F&maxResults=${PAGE}&prefix=${encodeURIComponent(prefix)}${page}`);
    const folders = token ? [] : (found.prefixes ?? []).map((name) => el("li", {}, el("div", { className: "row" },
      el("button", { type: "button", className: "title", onclick: () => browse(name) }, `${name.slice(prefix.length)}`))));
    const items = [...folders, ...(found.items ?? []).map((object) => item(object, prefix))];
    if (!token) box.replaceChildren(crumbs(prefix), el("ul", { className: "objects" }));
    const list = box.querySelector(".objects");
    list.querySelector(".more")?.remove();
    list.append(...items);
    if (found.nextPageToken) {
      list.append(el("li", { className: "more" },
        el("button", { type: "button", className: "small", onclick: () => browse(prefix, found.nextPageToken) }, "Show more")));
    }
    if (!list.children.length) list.replaceWith(el("p", { className: "note" }, "No objects here."));
  } catch (error) {
    box.replaceChildren(fail(error));
  }
}

function crumbs(prefix) {
  const parts = prefix.split("/").filter(Boolean);
  const link = (text, to) => el("button", { type: "button", onclick: () => browse(to) }, text);
  const links = parts.map((part, at) => [" / ", link(part, `${parts.slice(0, at + 1).join("/")}/`)]);
  return el("nav", { className: "crumbs", ariaLabel: "Folders" }, link(byId("bucket").elements.name.value, ""), ...links.flat());
}

function item(object, prefix) {
  const short = object.name.slice(prefix.length) || object.name;
  const url = `${bucketUrl()}/${encodeURIComponent(object.name)}`;
  const title = el("button", { type: "button", className: "title", onclick: () => {
    const open = entry.querySelector("dl");
    if (open) open.remove();
    else entry.append(metadata(object));
    title.setAttribute("aria-expanded", String(!open));
  } }, short);
  title.setAttribute("aria-expanded", "false");
  const entry = el("li", {}, el("div", { className: "row" }, title,
    el("span", { className: "quiet" }, `${bytes(object.size)}, ${object.contentType ?? "no type"}`),
    el("span", { className: "tools" }, tool("Download", short, () => download(object, short)), tool("Delete", short, async () => {
      const text = "It is deleted as owner: rules do not apply.";
      const done = await ask({ title: `Delete ${object.name}?`, text, ok: "Delete", danger: true, check: () => asOwner("DELETE", url) });
      if (done) browse(folder);
    }))));
  return entry;
}

function metadata(object) {
  const shown = Object.entries(object).filter(([name]) => !["kind", "id", "selfLink", "mediaLink"].includes(name));
  const text = (value) => (typeof value === "object" ? JSON.stringify(value, null, 2) : String(value));
  return el("dl", {}, ...shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, text(value))]));
}

function bytes(size) {
  const number = Number(size);
  if (number < 1024) return `${number} bytes`;
  return number < 1024 * 1024 ? `${(number / 1024).toFixed(1)} KiB` : `${(number / 1024 / 1024).toFixed(1)} MiB`;
}

async function download(object, name) {
  const from = `${storage}/download/storage/v1/b/${encodeURIComponent(object.bucket)}/o/${encodeURIComponent(object.name)}?alt=media`;
  try {
    const url = URL.createObjectURL(await asOwner("GET", from, { kind: "blob" }));
    el("a", { href: url, download: name.split("/").at(-1) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    byId("objects").prepend(fail(error));
  }
}

async function upload(event) {
  const to = `${storage}/upload/storage/v1/b/${encodeURIComponent(byId("bucket").elements.name.value)}/o?uploadType=media&name=`;
  try {
    for (const file of event.target.files) {
      const type = file.type || "application/octet-stream";
      await asOwner("POST", to + encodeURIComponent(folder + file.name), { body: file, type });
    }
    event.target.value = "";
    await browse(folder);
  } catch (error) {
    byId("objects").prepend(fail(error));
  }
}
