// Joins the conversations of this browser to Gradio's events, which call these functions by their `js=`.
// `settings` is an object of what the sidebar is set to; `values` are the values of the same controls, in their order.

import { ConversationList } from "./conversation_list.js";
import { Conversations } from "./conversations.js";
import * as records from "./records.js";
import { openStore } from "./store.js";

let conversations = null;
let list = null;
let toOpen = "";
let isRetried = false;

// When the page is up: the conversation that this tab had open. → [chat, conversation id, ...values]
export async function start(names, ...values) {
  const root = document.querySelector("#conversations .conversations");
  list = new ConversationList(root, { open, rename, remove, restore });
  const store = await openStore();
  conversations = new Conversations(store, draw, (sentence) => list.say(sentence));
  addEventListener("pagehide", () => conversations.flush());
  const record = await conversations.resume();
  await draw();
  if (!store.isDurable) list.say("This browser keeps nothing here: conversations end with this page.");
  return shown(record, names, values);
}

// Of this page, for the scripts beside this one; null until it has started.
export function keeper() {
  return conversations;
}

// After each change of the chat or of the sidebar.
export function changed(names, chat, ...values) {
  if (conversations === null) return;
  if (isRetried && !records.showsLastAnswer(conversations.current, chat)) {
    isRetried = false;
    conversations.apply(records.retried);
  }
  conversations.update(chat, Object.fromEntries(names.map((name, index) => [name, values[index]])));
  drawVersions();
}

// A new chat. → [chat, conversation id]
export async function begin() {
  const record = await conversations.begin();
  await draw();
  return [[], record.id];
}

// The conversation that was clicked in the list. → [chat, conversation id, ...values]
export async function opened(names, ...values) {
  const record = await conversations.open(toOpen);
  await draw();
  return shown(record, names, values);
}

// Before the server is asked for another answer to the last question: it will be a version of the one there is.
export function retry(...inputs) {
  isRetried = true;
  return inputs;
}

// The last answer’s next (1) or previous (-1) version. → [chat]
export function version(step) {
  return [records.chatOf(conversations.apply((record) => records.withVersion(record, step)))];
}

// Without the last question and its answer; the question goes back into the box. → [chat, text]
export function undo(chat, text) {
  const index = chat.findLastIndex((message) => message.role === "user");
  if (index < 0) return [chat, text];
  return [chat.slice(0, index), [chat[index].content[0].text, text].filter(Boolean).join("\n\n")];
}

export function exportAs(kind) {
  const { current } = conversations;
  const isMarkdown = kind === "markdown";
  const text = isMarkdown ? records.markdownOf(current) : JSON.stringify(current, null, 2);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: isMarkdown ? "text/markdown" : "application/json" }));
  link.download = `${fileName(current.title)}.${isMarkdown ? "md" : "json"}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function chooseImport() {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: "application/json,.json" });
  input.addEventListener("change", async () => {
    try {
      const imported = await conversations.import(await input.files[0].text());
      list.say(imported.length === 1 ? "One conversation was imported." : `${imported.length} were imported.`);
      open(imported[0].id);
    } catch (error) {
      list.say(error.message);
    }
  });
  input.click();
}

function shown(record, names, values) {
  drawVersions();
  return [records.chatOf(record), record.id, ...names.map((name, index) => usable(name, record) ?? values[index])];
}

// A setting of the record; undefined where it has none, or names a model that this page does not offer.
function usable(name, record) {
  const value = record.settings[name];
  if (name !== "backend" || value === undefined) return value;
  const lines = [...document.querySelectorAll("#backend input[type=radio]")];
  return lines.some((line) => line.value === value && !line.disabled) ? value : undefined;
}

async function draw() {
  list.draw(await conversations.list(), conversations.current.id, records.matches);
}

// What can be done with the last answer, for the style sheet and the counter between the arrows.
function drawVersions() {
  const { shown: index, count } = records.versionsOf(conversations.current);
  document.documentElement.dataset.answers = count > 1 ? "several" : count;
  const counter = document.querySelector("#version-counter .counter");
  if (counter) counter.textContent = count > 1 ? `${index + 1}/${count}` : "";
}

function open(id) {
  toOpen = id;
  document.querySelector("#open-conversation").click();
}

async function rename(id, title) {
  await conversations.rename(id, title);
}

async function remove(id) {
  const removed = await conversations.remove(id);
  if (id === conversations.current.id) document.querySelector("#new-chat").click();
  list.offerUndo(removed);
}

async function restore(record) {
  await conversations.put(record);
  open(record.id);
}

function fileName(title) {
  return title.replace(/[^\p{Letter}\p{Number} _-]/gu, "").trim().slice(0, 60) || "conversation";
}
