// The list in the sidebar: titles, newest first, with search, rename, delete that can be undone, export and import. It
// draws, and tells what was asked for; it keeps nothing. Titles are a person's own words, so they are only set as text.

const UNDO_SECONDS = 8;
const NOTHING_FOUND = "Nothing was found.";

// `actions` has open(id), rename(id, title), remove(id), restore(record), each of which leads to a new `draw`, and
// exportAs(kind) and chooseImport().
export class ConversationList {
  constructor(root, actions) {
    this.actions = actions;
    this.records = [];
    this.openId = "";
    this.search = element("input", { type: "search", placeholder: "Search conversations", ariaLabel: "Search conversations" });
    this.rows = element("ul", { className: "rows", ariaLabel: "Conversations" });
    this.status = element("p", { className: "status" });
    this.status.setAttribute("role", "status");
    this.search.addEventListener("input", () => this.#drawRows());
    root.replaceChildren(this.search, this.rows, this.status, this.#files());
  }

  // `records` newest first; those that match `matches(record, query)` are shown.
  draw(records, openId, matches) {
    Object.assign(this, { records, openId, matches });
    this.search.hidden = records.length < 2 && !this.search.value;
    if (!this.rows.contains(document.activeElement?.closest?.("input"))) this.#drawRows(); // a title is being changed
  }

  say(text, action) {
    if (this.status.textContent === text && !action) return; // said already
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
    this.undoTimer = setTimeout(() => undo.isConnected && this.say(""), UNDO_SECONDS * 1000);
  }

  #drawRows() {
    const shown = this.records.filter((record) => this.matches(record, this.search.value));
    const focused = this.rows.querySelector(":focus");
    const place = focused && [focused.closest("li").dataset.id, focused.className];
    this.rows.replaceChildren(...shown.map((record) => this.#row(record)));
    this.rows.hidden = shown.length === 0;
    if (place) [...this.rows.children].find((row) => row.dataset.id === place[0])?.querySelector(`.${place[1]}`)?.focus();
    if (this.search.value && shown.length === 0) this.say(NOTHING_FOUND);
    else if (this.status.textContent === NOTHING_FOUND) this.say("");
  }

  #row(record) {
    const title = record.title || "Untitled";
    const row = element("li", { className: record.id === this.openId ? "row is-open" : "row" });
    row.dataset.id = record.id;
    const open = button(title, "", () => this.actions.open(record.id));
    open.className = "title";
    open.title = title;
    if (record.id === this.openId) open.setAttribute("aria-current", "true");
    const rename = button("", `Rename “${title}”`, () => this.#edit(row, record));
    const remove = button("", `Delete “${title}”`, () => this.actions.remove(record.id));
    rename.className = "rename";
    remove.className = "delete";
    row.append(open, rename, remove);
    return row;
  }

  #edit(row, record) {
    const box = element("input", { type: "text", value: record.title, ariaLabel: "Title", maxLength: 200 });
    let isDone = false;
    const end = (title) => {
      if (isDone) return; // Enter takes the focus away, which is a second end
      isDone = true;
      box.remove();
      this.#drawRows();
      this.rows.querySelector(`[data-id="${CSS.escape(record.id)}"] .rename`)?.focus();
      if (title !== null && title !== record.title) this.actions.rename(record.id, title);
    };
    box.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's own shortcuts
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // it would press the button that has the focus next
      end(event.key === "Enter" ? box.value : null);
    });
    box.addEventListener("blur", () => end(box.value));
    row.replaceChildren(box);
    box.focus();
    box.select();
  }

  #files() {
    const files = element("div", { className: "files" });
    const menu = element("details", { id: "export" });
    menu.append(element("summary", { textContent: "Export" }));
    for (const [kind, name] of [["markdown", "As text (Markdown)"], ["json", "With everything (JSON)"]]) {
      const choice = button(name, "", () => {
        menu.open = false;
        this.actions.exportAs(kind);
      });
      choice.id = `export-${kind}`;
      menu.append(choice);
    }
    const open = button("Import", "Import a conversation from a JSON file", () => this.actions.chooseImport());
    open.id = "import";
    files.append(menu, open);
    return files;
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
