// What all views share: elements, requests, the dialog.

/** An element with properties and children; texts are never read as HTML. */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property === "role") element.setAttribute(property, value);
    else element[property] = value;
  }
  element.append(...children);
  return element;
}

/** Reads from this server. `kind` is json or text. */
export async function get(url, kind = "json") {
  return answer(await fetch(url), kind);
}

/** Calls a service as owner: rules do not apply. */
export async function asOwner(method, url, { body, type, kind = "json" } = {}) {
  const headers = { Authorization: "Bearer owner" };
  if (type) headers["Content-Type"] = type;
  let got;
  try {
    got = await fetch(url, { method, headers, body });
  } catch {
    throw new Error(`${new URL(url).host} does not answer.`);
  }
  return answer(got, kind);
}

async function answer(got, kind) {
  if (!got.ok) {
    const text = await got.text();
    let why;
    try {
      const { error } = JSON.parse(text);
      why = error.message ?? error;
    } catch {
      why = text;
    }
    throw new Error(why || `The server answers ${got.status}.`);
  }
  if (kind === "blob") return got.blob();
  const text = await got.text();
  return kind === "text" ? text : text && JSON.parse(text);
}

/** A message about what went wrong. */
export function fail(error) {
  const text = error instanceof TypeError ? "The server does not answer." : error.message;
  return el("p", { className: "note problem", role: "alert" }, text);
}

const dialog = document.getElementById("ask");
const form = dialog.querySelector("form");
const part = (id) => document.getElementById(id);

/**
 * Asks for a key, a value or a confirmation. `check` gives what to do with the answer; its errors are shown and can be
 * corrected. Resolves to whether it was done.
 */
export function ask({ title, text = "", key, value, label = "Value, as JSON", ok = "Save", danger = false, readOnly = false, check = async () => {} }) {
  part("ask-title").textContent = title;
  part("ask-text").textContent = text;
  part("ask-text").hidden = !text;
  part("ask-key").hidden = key === undefined;
  part("ask-value").hidden = value === undefined;
  part("ask-label").textContent = label;
  part("ask-problem").textContent = "";
  form.elements.key.value = key ?? "";
  form.elements.value.value = value ?? "";
  form.elements.value.readOnly = readOnly;
  const [cancel, main] = form.querySelectorAll("button");
  cancel.hidden = readOnly;
  main.textContent = ok;
  main.className = danger ? "danger" : "main";
  cancel.onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  (key !== undefined ? form.elements.key : value !== undefined ? form.elements.value : cancel).focus();
  if (readOnly) form.elements.value.select();
  return new Promise((resolve) => {
    const submitted = async (event) => {
      event.preventDefault();
      try {
        await check(form.elements.key.value, form.elements.value.value);
        dialog.close("ok");
      } catch (error) {
        part("ask-problem").textContent = error.message;
      }
    };
    form.addEventListener("submit", submitted);
    dialog.addEventListener("close", () => {
      form.removeEventListener("submit", submitted);
      resolve(dialog.returnValue === "ok");
    }, { once: true });
  });
}
