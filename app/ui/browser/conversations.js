// The conversations of this browser: which one is open, when it is saved, and what can be done with the others.
// `page.js` joins it to Gradio's events and `conversation_list.js` draws it.

import * as records from "./records.js";
import { StorageFull } from "./store.js";

const SAVE_MILLISECONDS = 1000;
const OPEN_KEY = "twinstream-open"; // of this tab: a reload comes back to the conversation, a new tab begins one

export class Conversations {
  // `changed()` is called after each change of the list; `say(sentence)` shows what a person should know.
  constructor(store, changed, say, clock = Date.now) {
    Object.assign(this, { store, changed, say, clock });
    this.current = this.#empty();
    this.saveTimer = null;
  }

  // Newest first; the open one is in the list as soon as it has a message.
  async list() {
    const all = await this.store.all();
    return all.sort((one, other) => other.updatedAt - one.updatedAt);
  }

  // The conversation this tab had open, or a new one.
  async resume() {
    const record = await this.#find(sessionStorage.getItem(OPEN_KEY));
    return this.#use(record ? records.restored(record) : this.#empty());
  }

  async open(id) {
    await this.flush();
    const record = await this.#find(id);
    return record ? this.#use(records.restored(record)) : this.current;
  }

  async begin() {
    await this.flush();
    return this.#use(this.#empty());
  }

  // After each change of the chat. Written at most once a second, so a crash costs a second at most.
  update(chat, settings) {
    if (chat.length === 0 && this.current.messages.length === 0) return;
    this.#change(records.withChat({ ...this.current, settings }, chat, this.clock()));
  }

  apply(change) {
    this.#change(change(this.current));
    return this.current;
  }

  async rename(id, title) {
    if (id === this.current.id) this.apply((record) => records.renamed(record, title));
    else await this.#write(records.renamed(await this.store.get(id), title));
    await this.flush();
    await this.changed();
  }

  // Resolves to what was removed, so that it can be put back.
  async remove(id) {
    await this.flush();
    const removed = await this.store.get(id);
    await this.store.remove(id);
    await this.changed();
    return removed;
  }

  async put(record) {
    await this.#write(record);
    await this.changed();
  }

  // Imported conversations get names of their own, so that none is overwritten.
  async import(text) {
    const imported = records.parseExport(text).map((record) => ({ ...record, id: records.newId() }));
    for (const record of imported) await this.#write(record);
    await this.changed();
    return imported;
  }

  // Writes what is waiting to be written.
  async flush() {
    if (this.saveTimer === null) return;
    clearTimeout(this.saveTimer);
    this.saveTimer = null;
    await this.#write(this.current);
    await this.changed();
  }

  #change(record) {
    this.current = record;
    this.saveTimer ??= setTimeout(() => this.flush(), SAVE_MILLISECONDS);
  }

  async #write(record) {
    try {
      if (record.messages.length > 0 || record.held) await this.store.put(record);
    } catch (error) {
      this.say(
        error instanceof StorageFull
          ? "The browser’s storage is full, so this conversation is no longer kept. Export or delete some."
          : "The browser could not keep this conversation. Export it before you close the page.",
      );
    }
  }

  async #find(id) {
    return id ? await this.store.get(id) : undefined;
  }

  #use(record) {
    this.current = record;
    sessionStorage.setItem(OPEN_KEY, record.id);
    return record;
  }

  #empty() {
    return records.newRecord(this.clock());
  }
}
