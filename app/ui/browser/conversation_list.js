// The list in the sidebar: titles, newest first, with search, rename, and delete that can be undone. It draws, and
// tells what was asked for; it keeps nothing. Titles are a person's own words, so they are only ever set as text.

const UNDO_SECONDS = 8;

// `actions` has open(id), rename(id, title), remove(id) and restore(record), each of which leads to a new `draw`.
export class ConversationList {
  constructor(root, actions) {
    this.actions = actions;
    this.records = [];
    this.openId = "";
    this.search = element("input", { type: "search", placeholder: "Search", ariaLabel: "Search conversations" });
    this.rows = element("ul", { className: "rows" });
    this.status = element("p", { className: "status" });
    this.status.setAttribute("role", "status");
    this.search.addEventListener("input", () => this.#drawRows());
    root.replaceChildren(this.search, this.rows, this.status);
  }

  // `records` newest first, those that match `matches(record, query)` are shown.
  draw(records, openId, matches) {
    Object.assign(this, { records, openId, matches });
    this.search.hidden = records.length < 2 && !this.search.value;
    this.#drawRows();
  }

  say(text, action) {
    this.status.replaceChildren(text);
    if (action) this.status.append(" ", action);
  }

  offerUndo(record) {
    const undo = button("Undo", "", () => {
      this.say("");
      this.actions.restore(record);
    });
    this.say(`“${record.title || "Untitled"}” was deleted.`, undo);
    clearTimeout(this.undoTimer);
    this.undoTimer = setTimeout(() => this.say(""), UNDO_SECONDS * 1000);
  }

  #drawRows() {
    const shown = this.records.filter((record) => this.matches(record, this.search.value));
    this.rows.replaceChildren(...shown.map((record) => this.#row(record)));
    this.rows.hidden = shown.length === 0;
    if (this.search.value && shown.length === 0) this.say("Nothing was found.");
    else if (this.status.textContent === "Nothing was found.") this.say("");
  }

  #row(record) {
    const title = record.title || "Untitled";
    const row = element("li", { className: record.id === this.openId ? "row is-open" : "row" });
    const open = button(title, "", () => this.actions.open(record.id));
    open.className = "title";
    open.title = title;
    if (record.id === this.openId) open.setAttribute("aria-current", "true");
    row.append(
      open,
      button("✎", `Rename “${title}”`, () => this.#edit(row, record)),
      button("×", `Delete “${title}”`, () => this.actions.remove(record.id)),
    );
    return row;
  }

  #edit(row, record) {
    const box = element("input", { type: "text", value: record.title, ariaLabel: "Title", maxLength: 200 });
    let isDone = false;
    const end = (title) => {
      if (isDone) return; // Enter takes the focus away, which is a second end
      isDone = true;
      if (title === null) this.#drawRows();
      else this.actions.rename(record.id, title);
    };
    box.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's own shortcuts
      if (event.key === "Enter") end(box.value);
      if (event.key === "Escape") end(null);
    });
    box.addEventListener("blur", () => end(box.value));
    row.replaceChildren(box);
    box.focus();
    box.select();
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function button(text, label, pressed) {
  const made = element("button", { type: "button", textContent: text });
  if (label) made.ariaLabel = made.title = label;
  made.addEventListener("click", pressed);
  return made;
}
