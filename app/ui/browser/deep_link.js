// A link that opens the page with a message written: `?backend=…&endpoint=…&prompt=…&system=…`. It never sends: else
// any page on the web could make its visitors' browsers spend their money. What it has set is said, so that it is seen.

const NAMES = ["backend", "endpoint", "prompt", "system"];

// Of this page's address; null where it is no such link. The address loses it, so that a reload keeps the chat.
export function takeLink() {
  const url = new URL(location.href);
  const link = Object.fromEntries(NAMES.map((name) => [name, url.searchParams.get(name) ?? ""]));
  if (!NAMES.some((name) => link[name])) return null;
  NAMES.forEach((name) => url.searchParams.delete(name));
  history.replaceState(history.state, "", url);
  return link;
}

// What the sidebar's controls shall be set to; those of which the link says nothing stay.
export function settingsOf(link, controls, values) {
  const backend = lineOf(link.backend);
  const set = { backend, systemPrompt: link.system };
  return controls.map(({ name }, index) => set[name] || values[index]);
}

export function arrive(link) {
  if (link.prompt) write(link.prompt);
  const filled = [link.prompt && "the message", link.system && "the system prompt"].filter(Boolean).join(" and ");
  if (filled) say(`A link has filled in ${filled}. Nothing was sent: read first what it says.`);
  if (link.backend && !lineOf(link.backend)) {
    say("The link asks for a model that cannot be chosen here. Choose one in the sidebar before you send.");
  }
}

// When the endpoints are known; `chosen` is the one that is selected now.
export function checkEndpoint(link, chosen) {
  if (link?.endpoint && chosen !== link.endpoint) {
    say("The link asks for an endpoint that is not offered here. Choose one in the sidebar before you send.");
  }
}

// The label of the sidebar’s line that is meant, as it stands there or as an address has it; "" where there is none.
function lineOf(name) {
  const lines = [...document.querySelectorAll("#backend input[type=radio]:not(:disabled)")];
  return lines.find((line) => name && linkName(line.value) === linkName(name))?.value ?? "";
}

// `Built-in model` → `built-in-model`
function linkName(label) {
  return label.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function write(text) {
  const box = document.querySelector("#message textarea");
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function say(sentence) {
  const line = Object.assign(document.createElement("p"), { textContent: sentence });
  region().prepend(line);
}

// Above the text box, until it is put away.
function region() {
  const existing = document.querySelector("#link-notice");
  if (existing) return existing;
  const made = Object.assign(document.createElement("div"), { id: "link-notice" });
  made.setAttribute("role", "status");
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: "Put this note away" });
  close.addEventListener("click", () => made.remove());
  made.append(close);
  document.querySelector("#composer").before(made);
  return made;
}
