// The conversations of this browser: which one is open, when it is saved, and what can be done with the others.
// `page.js` joins it to Gradio's events and `conversation_list.js` draws it.

import * as records from "./records.js";

const SAVE_MILLISECONDS = 1000;
const OPEN_KEY = "twinstream-open"; // of this tab: a reload comes back to the conversation, a new tab begins one
const FULL = "The browser’s storage is full, so this conversation is no longer kept. Export it, or delete others.";
const FAILED = "The browser could not keep this conversation. Export it before you close the page.";

export class Conversations {
  // `changed()` is called after each change of the list, in whatever tab; `say(sentence)` tells what a person should know.
  constructor(store, changed, say, clock = Date.now) {
    Object.assign(this, { store, changed, say, clock });
    this.current = this.#empty();
    this.saveTimer = null;
    this.hasFailed = false;
    this.tabs = new BroadcastChannel("twinstream-conversations");
    this.tabs.onmessage = () => changed();
  }

  // Newest first.
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
    return this.#use(records.restored(record ?? this.current));
  }

  async begin() {
    await this.flush();
    return this.#use(this.#empty());
  }

  // After each change of the chat or of a setting. Written at most once a second, so that a crash costs a second at most.
  update(chat, settings) {
    if (chat.length === 0 && this.current.messages.length === 0) return;
    const isSet = JSON.stringify(settings) !== JSON.stringify(this.current.settings);
    const changed = records.withChat(isSet ? { ...this.current, settings } : this.current, chat, this.clock());
    if (changed !== this.current) this.replace(changed);
  }

  // The open conversation has become this record.
  replace(record) {
    this.current = record;
    this.saveTimer ??= setTimeout(() => this.flush(), SAVE_MILLISECONDS);
    return record;
  }

  async rename(id, title) {
    if (id === this.current.id) this.replace(records.renamed(this.current, title));
    else await this.#change(id, (record) => records.renamed(record, title));
    await this.flush();
    await this.#tell();
  }

  // Resolves to what was removed, so that it can be put back. What is still on its way into it goes nowhere.
  async remove(id) {
    await this.flush();
    const removed = await this.#find(id);
    if (id === this.current.id) {
      clearTimeout(this.saveTimer);
      this.saveTimer = null;
      this.#use(this.#empty());
    }
    await this.store.remove(id);
    await this.#tell();
    return removed;
  }

  async put(record) {
    await this.#write(record);
    await this.#tell();
  }

  // Imported conversations get names of their own, so that none is overwritten.
  async import(text) {
    const imported = records.parseExport(text).map((record) => ({ ...record, id: records.newId() }));
    for (const record of imported) await this.#write(record);
    await this.#tell();
    return imported;
  }

  // Writes what is waiting to be written.
  async flush() {
    if (this.saveTimer === null) return;
    clearTimeout(this.saveTimer);
    this.saveTimer = null;
    await this.#write(this.current);
    await this.#tell();
  }

  async #change(id, change) {
    const record = await this.#find(id);
    if (record) await this.#write(change(record));
  }

  // Of a conversation without any message there is nothing to keep, but it may have had some.
  async #write(record) {
    const isEmpty = record.messages.length === 0 && record.held === null;
    try {
      await (isEmpty ? this.store.remove(record.id) : this.store.put(record));
      if (this.hasFailed) this.say("");
      this.hasFailed = false;
    } catch (error) {
      this.say(error?.name === "QuotaExceededError" ? FULL : FAILED);
      this.hasFailed = true;
    }
  }

  async #tell() {
    this.tabs.postMessage("changed");
    await this.changed();
  }

  async #find(id) {
    return id ? await this.store.get(id) : undefined;
  }

  #use(record) {
    if (this.saveTimer !== null) this.flush(); // what has changed since the last one; it writes the record of now
    this.current = record;
    sessionStorage.setItem(OPEN_KEY, record.id);
    return record;
  }

  #empty() {
    return records.newRecord(this.clock());
  }
}
