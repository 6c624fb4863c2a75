// Joins the conversations of this browser to Gradio's events, which call these functions by their `js=`. What they
// return goes into the components that the event names; `undefined` leaves one as it is.
// `controls` are the sidebar's settings that are kept ({name, choices} or {name, minimum, maximum}); `values` are what
// they are set to, in their order.

import { Announcer } from "./announcer.js";
import { ConversationList } from "./conversation_list.js";
import { Conversations } from "./conversations.js";
import * as deepLink from "./deep_link.js";
import { exportAs as exportRecord, readFile } from "./files.js";
import { copyUnmarked, unmarked } from "./marks.js";
import * as records from "./records.js";
import { listen } from "./shortcuts.js";
import { openStore } from "./store.js";

let conversations = null;
let list = null;
let announcer = null;
let toOpen = "";
const link = deepLink.takeLink(); // asks for a new conversation
let beforeTurn = null; // the conversation as it was before the turn that is under way
let hasStarted;
const started = new Promise((resolve) => (hasStarted = resolve));

// When the page is up: the conversation that this tab had open. → [chat, conversation id, ...values]
export async function start(controls, ...values) {
  const root = document.querySelector("#conversations .conversations");
  list = new ConversationList(root, { open, rename, remove, restore, exportAs, chooseImport });
  announcer = new Announcer(document.querySelector("#chat [role=log]"), document.querySelector("#announcer span"));
  copyUnmarked();
  const store = await openStore();
  conversations = new Conversations(store, draw, (sentence) => list.say(sentence));
  for (const name of ["pagehide", "visibilitychange"]) addEventListener(name, () => conversations.flush());
  addEventListener("focus", draw);
  const record = await (link ? conversations.begin() : conversations.resume());
  await draw();
  if (!store.isDurable) list.say("This browser keeps nothing here: conversations end with this page.");
  listen();
  hasStarted();
  const [chat, identity, ...kept] = shown(record, controls, values);
  if (!link) return [chat, identity, ...kept];
  deepLink.arrive(link);
  const wanted = deepLink.settingsOf(link, controls, values);
  return [chat, identity, ...wanted.map((value, index) => (value === values[index] ? undefined : value))];
}

// What the endpoints are looked for with. → [name]
export function wantedEndpoint() {
  return [link?.endpoint ?? ""];
}

// When they were found; `chosen` is the one that is selected then.
export function checkEndpoint(chosen) {
  deepLink.checkEndpoint(link, chosen);
}

// Of this page, for the scripts beside this one; null until it has started.
export function keeper() {
  return conversations;
}

// Before any turn is asked for. Who is quicker than the page gets the chat that came up meanwhile; it is in `place`.
export async function turn(place, ...inputs) {
  const wasStarted = conversations !== null;
  await started;
  beforeTurn = conversations.current;
  return wasStarted ? inputs : inputs.with(place, records.chatOf(beforeTurn));
}

// After each change of the chat or of the sidebar. What belongs to another conversation comes too late, and is dropped.
export async function changed(controls, identity, chat, ...values) {
  await started;
  if (identity !== conversations.current.id || isRefused(chat)) return;
  conversations.update(chat, Object.fromEntries(controls.map(({ name }, index) => [name, values[index]])));
  drawActions();
}

// After a turn: where it was refused, what it would have stood for comes back. → [chat]
export function settled(chat) {
  if (!isRefused(chat) || beforeTurn === null) return [undefined];
  conversations.replace(beforeTurn);
  return [records.chatOf(records.restored(beforeTurn))];
}

// A new chat. → [chat, conversation id]
export async function begin() {
  await started;
  const record = await conversations.begin();
  await draw();
  drawActions();
  return [[], record.id];
}

// The conversation that was clicked in the list. → [chat, conversation id, ...values]
export async function opened(controls, ...values) {
  const record = await conversations.open(toOpen);
  await draw();
  return shown(record, controls, values);
}

// The last answer’s next (1) or previous (-1) version. → [chat]
export function version(step) {
  const record = conversations.replace(records.withVersion(conversations.current, step));
  drawActions();
  return [records.chatOf(record)];
}

// Without the last question and its answer; the question goes back into the box. → [chat, text]
export function undo(chat, text) {
  const index = chat.findLastIndex((message) => message.role === "user");
  if (index < 0) return [chat, text];
  return [chat.slice(0, index), [unmarked(chat[index].content[0].text), text].filter(Boolean).join("\n\n")];
}

function isRefused(chat) {
  return chat.at(-1)?.metadata?.log === "refused";
}

function shown(record, controls, values) {
  drawActions();
  const settings = controls.map((control, index) => usable(control, record.settings[control.name], values[index]));
  return [records.chatOf(record), record.id, ...settings];
}

// A kept setting; undefined where the page cannot take it: files come from elsewhere, and models come and go.
export function usable({ name, choices, minimum, maximum }, value, current) {
  if (typeof value !== typeof current) return undefined;
  if (choices && !choices.includes(value)) return undefined;
  if (typeof value === "number" && !(value >= minimum && value <= maximum)) return undefined;
  const line = [...document.querySelectorAll(`#${name} input[type=radio]`)].find((line) => line.value === value);
  return line?.disabled ? undefined : value;
}

async function draw() {
  list.draw(await conversations.list(), conversations.current.id, records.matches);
}

// What can be done with the last answer, for the style sheet, the counter between the arrows, and those who listen.
function drawActions() {
  const record = conversations.current;
  const { shown: index, count } = records.versionsOf(record);
  const page = document.documentElement.dataset;
  page.answers = count > 1 ? "several" : count;
  page.canContinue = records.canContinue(record);
  const counter = document.querySelector("#version-counter .counter");
  if (counter) counter.textContent = count > 1 ? `${index + 1}/${count}` : "";
  const answer = record.messages.at(-1)?.answers?.[index];
  announcer.follow({ id: answer?.id ?? "", text: answer?.text ?? "", isRunning: answer?.state === "running" });
}

function open(id) {
  toOpen = id;
  document.querySelector("#open-conversation").click();
}

async function rename(id, title) {
  await conversations.rename(id, title);
}

async function remove(id) {
  const isOpen = id === conversations.current.id;
  const removed = await conversations.remove(id);
  if (isOpen) document.querySelector("#new-chat").click();
  if (removed) list.offerUndo(removed);
}

async function restore(record) {
  await conversations.put(record);
  open(record.id);
}

function exportAs(kind) {
  exportRecord(kind, conversations.current);
}

async function chooseImport() {
  try {
    const imported = await conversations.import(await readFile());
    list.say(imported.length === 1 ? "One conversation was imported." : `${imported.length} were imported.`);
    open(imported[0].id);
  } catch (error) {
    list.say(error.message);
  }
}
