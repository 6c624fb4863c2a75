// What the keyboard does on this page, and the list of it behind “?”. Every key does what a button does as well.

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const SHORTCUTS = [
  ["Enter", "Send the message"],
  ["Shift + Enter", "Begin a new line"],
  ["Esc", "Stop the answer"],
  [IS_MAC ? "⌘ + Shift + O" : "Ctrl + Shift + O", "New chat"],
  ["/", "Go to the message"],
  ["?", "Show this list"],
];
const NOT_TYPED_INTO = ["button", "checkbox", "color", "file", "radio", "range", "reset", "submit"];

// Called once, when the page is up.
export function listen() {
  const dialog = builtDialog();
  document.querySelector(".gradio-container").append(dialog);
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#shortcuts")) dialog.showModal();
  });
  document.addEventListener("keydown", (event) => {
    // what a control has used for itself is not ours, nor are keys of an input method or of an open list
    if (event.defaultPrevented || event.isComposing || event.repeat || dialog.open) return;
    if (actionOf(event, dialog)?.()) event.preventDefault();
  });
}

// Resolves a key to what it does; that returns whether there was anything to do.
function actionOf(event, dialog) {
  const isTyped = isTypedInto(event.target);
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  if (event.code === "KeyO" && event.shiftKey && (event.ctrlKey || event.metaKey)) return () => clicked("#new-chat");
  if (hasModifier) return null;
  if (event.key === "Escape" && (!isTyped || event.target.closest("#message"))) return stopped;
  if (event.key === "/" && !isTyped) return focused;
  if (event.key === "?" && !isTyped) return () => (dialog.showModal(), true);
  return null;
}

function stopped() {
  return !document.querySelector("[role=listbox]") && clicked("#stop");
}

function focused() {
  const box = document.querySelector("#message textarea");
  box?.focus();
  return Boolean(box);
}

function clicked(selector) {
  const button = document.querySelector(selector);
  if (!button || button.disabled || !button.checkVisibility()) return false;
  button.click();
  return true;
}

function isTypedInto(target) {
  if (!(target instanceof Element)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !NOT_TYPED_INTO.includes(target.type);
}

// A modal dialog: the browser keeps the focus inside, closes it on Escape and gives the focus back.
function builtDialog() {
  const dialog = document.createElement("dialog");
  dialog.id = "shortcut-list";
  dialog.setAttribute("aria-labelledby", "shortcut-title");
  const title = Object.assign(document.createElement("h2"), { id: "shortcut-title", textContent: "Keyboard shortcuts" });
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close", autofocus: true });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close(); // its backdrop
  });
  const box = document.createElement("div");
  box.append(title, builtList(), close);
  dialog.append(box);
  return dialog;
}

function builtList() {
  const list = document.createElement("dl");
  for (const [keys, what] of SHORTCUTS) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: keys }));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: what }));
  }
  return list;
}
