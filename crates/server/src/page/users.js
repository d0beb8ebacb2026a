// The view of accounts: who there is, which claims rules will see, and what can be changed about it.
import { el, ask, asOwner, fail, get } from "./parts.js";

const byId = (id) => document.getElementById(id);
/** The number of accounts that are shown at once. */
const PAGE = 50;

let auth;
let project;

export function showUsers(origin, services) {
  const form = byId("find-user");
  if (!origin) {
    form.hidden = true;
    byId("users").replaceChildren(el("p", { className: "note" }, "This server has no Auth."));
    return;
  }
  auth = `${origin}/identitytoolkit.googleapis.com/v1/projects/${encodeURIComponent(services.project)}`;
  project = services.project;
  form.onsubmit = (event) => {
    event.preventDefault();
    users();
  };
  form.oninput = users;
  byId("add-user").onclick = add;
  users();
}

/** The accounts of the project and its tenants, with the claims of their next tokens. */
async function users() {
  const box = byId("users");
  const wanted = byId("find-user").elements.text.value.toLowerCase();
  try {
    const all = await get(`firewarden/accounts?project=${encodeURIComponent(project)}`);
    const found = all.filter(({ account }) => JSON.stringify([account.localId, account.email, account.displayName, account.phoneNumber])
      .toLowerCase().includes(wanted));
    const list = el("ul", { className: "objects" });
    more(list, found, 0);
    box.replaceChildren(found.length ? list : el("p", { className: "note" }, all.length ? "No account fits." : "No accounts yet."));
  } catch (error) {
    box.replaceChildren(fail(error));
  }
}

function more(list, found, from) {
  list.append(...found.slice(from, from + PAGE).map(item));
  const rest = found.length - from - PAGE;
  if (rest <= 0) return;
  const button = el("li", {}, el("button", { type: "button", className: "small", onclick: () => {
    button.remove();
    more(list, found, from + PAGE);
  } }, `Show ${Math.min(PAGE, rest)} more of ${found.length}`));
  list.append(button);
}

function item({ account, claims, tenant }) {
  const providers = (account.providerUserInfo ?? []).map((info) => info.providerId);
  const what = [account.email ?? account.phoneNumber ?? "no address", ...providers, account.disabled ? "disabled" : ""];
  const title = el("button", { type: "button", className: "title", onclick: () => {
    const open = entry.querySelector(".account");
    if (open) open.remove();
    else entry.append(detail(account, claims));
    title.setAttribute("aria-expanded", String(!open));
  } }, account.displayName ? `${account.displayName} (${account.localId})` : account.localId);
  title.setAttribute("aria-expanded", "false");
  const change = (word, what, run) => el("button", { type: "button", className: "small", onclick: run, ariaLabel: `${word} ${what}` }, word);
  const entry = el("li", {}, el("div", { className: "row" }, title,
    el("span", { className: "quiet" }, `${what.filter(Boolean).join(", ")}${tenant ? `, tenant ${tenant}` : ""}`),
    el("span", { className: "tools" },
      change("Claims", account.localId, () => editClaims(account, tenant)),
      change(account.disabled ? "Enable" : "Disable", account.localId, async () => {
        await run(tenant, "accounts:update", { localId: account.localId, disableUser: !account.disabled });
      }),
      change("Delete", account.localId, async () => {
        const text = "Tokens of the account stay valid for rules until they expire.";
        const done = await ask({ title: `Delete ${account.localId}?`, text, ok: "Delete", danger: true,
          check: () => send(tenant, "accounts:delete", { localId: account.localId }) });
        if (done) users();
      }))));
  return entry;
}

function detail(account, claims) {
  return el("div", { className: "account" },
    el("h2", {}, "Claims of the next token, as rules see them"),
    el("pre", {}, JSON.stringify(claims, null, 2)),
    el("p", {}, el("a", { href: "#/requests", onclick: () => {
      const { service, verdict, uid } = byId("filter").elements;
      [service.value, verdict.value, uid.value] = ["auth", "all", account.localId];
      byId("filter").dispatchEvent(new Event("input"));
    } }, "Sign-ins and tokens of this account")),
    el("h2", {}, "Account"),
    el("pre", {}, JSON.stringify(account, null, 2)));
}

async function editClaims(account, tenant) {
  const now = JSON.stringify(JSON.parse(account.customAttributes ?? "{}"), null, 2);
  const done = await ask({ title: `Custom claims of ${account.localId}`, label: "A JSON object; the next token carries it.", value: now,
    check: async (_, text) => {
      try {
        JSON.parse(text);
      } catch (error) {
        throw new Error(`The claims are not JSON: ${error.message}`);
      }
      await send(tenant, "accounts:update", { localId: account.localId, customAttributes: JSON.stringify(JSON.parse(text)) });
    } });
  if (done) users();
}

async function add() {
  const example = JSON.stringify({ email: "user@example.com", password: "password", emailVerified: true }, null, 2);
  const done = await ask({ title: "Add an account", label: "Its fields, as JSON", value: example,
    check: async (_, text) => send(undefined, "accounts", JSON.parse(text)) });
  if (done) users();
}

function send(tenant, path, body) {
  const place = tenant ? `${auth}/tenants/${encodeURIComponent(tenant)}` : auth;
  return asOwner("POST", `${place}/${path}`, { body: JSON.stringify(body), type: "application/json" });
}

async function run(tenant, path, body) {
  try {
    await send(tenant, path, body);
    await users();
  } catch (error) {
    byId("users").prepend(fail(error));
  }
}
