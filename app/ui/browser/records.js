// A conversation as the browser keeps it, and as it is exported: plain values in, plain values out.
//
// {format, version, id, title, isTitleOwn, createdAt, updatedAt, settings, messages, held}
// A message is {role: "user", text} or {role: "assistant", answers: [{id, text, footer, state}], shown}: `answers` are
// versions of one answer, `shown` is the index of the one in the chat, `state` is "running", "cut" (it may be continued)
// or "whole". `held` is {index, answers}: an answer that Retry took out of the chat and that comes back with its
// versions as soon as a new one is there, or when none came.
//
// "The chat" is the value of Gradio's Chatbot: messages whose content has a text and, for answers, a footer; an answer's
// `metadata` has its id and status. Texts are marked there (see `marks.js`), and never in a record.

import { marked, unmarked } from "./marks.js";

export const FORMAT = "twinstream-conversation";
export const VERSION = 1;
const TITLE_LIMIT_CHARACTERS = 60;
const STATES = { pending: "running", done: "whole" }; // by Gradio's name; an answer that was cut has none
const LEFT = "The page was left before the end of this answer.";

// `crypto.randomUUID` is not there on plain HTTP from another machine.
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function newRecord(now, id = newId()) {
  return {
    format: FORMAT, version: VERSION, id, title: "", isTitleOwn: false, createdAt: now, updatedAt: now,
    settings: {}, messages: [], held: null,
  };
}

// The record after the chat has become this one. Only the chat tells what happened, and not every state of it is seen:
// an answer of another id to the same question is another version of it, and a question that has lost its last answer
// is about to get one.
export function withChat(record, chat, now) {
  const messages = [];
  for (const message of chat) {
    const [text = "", footer = ""] = message.content.map((part) => unmarked(part.text ?? ""));
    if (message.role === "user") messages.push({ role: "user", text });
    else messages.push(withAnswer(record, messages, answerOf(message.metadata, text, footer)));
  }
  if (isSame(messages, record.messages)) return record;
  const title = record.isTitleOwn ? record.title : titleOf(messages);
  return { ...record, title, messages, held: heldAfter(record, messages), updatedAt: now };
}

function answerOf(metadata, text, footer) {
  return { id: metadata?.id ?? "", text, footer, state: STATES[metadata?.status] ?? "cut" };
}

// The answer that follows `messages`, with the versions that the record has of it.
function withAnswer(record, messages, answer) {
  const index = messages.length;
  const isSameQuestion = isSame(messages.at(-1), record.messages[index - 1]);
  const before = record.held?.index === index ? record.held.answers : record.messages[index]?.answers;
  if (!isSameQuestion || before === undefined) return { role: "assistant", answers: [answer], shown: 0 };
  const known = before.findIndex(({ id }) => id === answer.id);
  const shown = known < 0 ? before.length : known;
  return { role: "assistant", answers: before.toSpliced(shown, 1, answer), shown };
}

function heldAfter(record, messages) {
  const index = messages.length;
  if (messages.at(-1)?.role !== "user" || !isSame(messages, record.messages.slice(0, index))) return null;
  const answers = record.messages[index]?.answers;
  if (answers && record.messages.length === index + 1) return { index, answers };
  return record.held?.index === index ? record.held : null;
}

// Of plain values made by the same code, in the same order.
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function titleOf(messages) {
  const first = (messages[0]?.text ?? "").trim().split("\n")[0];
  return first.length > TITLE_LIMIT_CHARACTERS ? `${first.slice(0, TITLE_LIMIT_CHARACTERS - 1).trimEnd()}…` : first;
}

// The value of the Chatbot that shows this record.
export function chatOf(record) {
  return record.messages.map((message) => {
    if (message.role === "user") return chatMessage("user", null, [marked(message.text)]);
    const { id, text, footer, state } = message.answers[message.shown];
    const status = Object.keys(STATES).find((name) => STATES[name] === state);
    return chatMessage("assistant", status ? { id, status } : { id }, [marked(text), marked(footer)]);
  });
}

function chatMessage(role, metadata, texts) {
  return { role, metadata, content: texts.map((text) => ({ type: "text", text })), options: null };
}

// As it can be opened: with the answer that Retry held where no new one came, and nothing under way.
export function restored(record) {
  const messages = withHeld(record).map((message) => {
    if (message.role === "user") return message;
    return { ...message, answers: message.answers.map(ended) };
  });
  return { ...record, messages, held: null };
}

function withHeld({ held, messages }) {
  if (held?.index !== messages.length) return messages;
  return [...messages, { role: "assistant", answers: held.answers, shown: held.answers.length - 1 }];
}

function ended(answer) {
  return answer.state === "running" ? { ...answer, state: "cut", footer: LEFT } : answer;
}

// Whether the last answer has something to go on from, and has not come to its end.
export function canContinue(record) {
  const last = record.messages.at(-1);
  const answer = last?.answers?.[last.shown];
  return answer?.state === "cut" && answer.text.trim() !== "";
}

// {shown, count} of the last answer's versions; count 0 where the last message is no answer.
export function versionsOf(record) {
  const last = record.messages.at(-1);
  return last?.role === "assistant" ? { shown: last.shown, count: last.answers.length } : { shown: 0, count: 0 };
}

// With the next (step 1) or the previous (step -1) version of the last answer, if there is one.
export function withVersion(record, step) {
  const { shown, count } = versionsOf(record);
  const wanted = shown + step;
  if (wanted < 0 || wanted >= count) return record;
  return { ...record, messages: record.messages.with(-1, { ...record.messages.at(-1), shown: wanted }) };
}

export function renamed(record, title) {
  const own = title.trim();
  return { ...record, title: own || titleOf(record.messages), isTitleOwn: own !== "" };
}

export function matches(record, query) {
  const wanted = query.trim().toLocaleLowerCase();
  return !wanted || textsOf(record).some((text) => text.toLocaleLowerCase().includes(wanted));
}

function textsOf(record) {
  const texts = record.messages.map((message) => message.text ?? message.answers[message.shown].text);
  return [record.title, ...texts];
}

// Markdown that a person can read on; the versions that are not shown are in the JSON export only.
export function markdownOf(record) {
  const system = record.settings.systemPrompt ? [`> ${record.settings.systemPrompt.replaceAll("\n", "\n> ")}`] : [];
  const turns = record.messages.flatMap((message) => {
    if (message.role === "user") return ["## You", message.text];
    const { text, footer } = message.answers[message.shown];
    return ["## Answer", text, ...(footer ? [`*${footer.replaceAll("*", "").replaceAll("\n", " ")}*`] : [])];
  });
  return [`# ${record.title || "Conversation"}`, ...system, ...turns].join("\n\n") + "\n";
}

// The records in an exported file's text. Throws an Error whose message is a sentence for the person.
export function parseExport(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON. Choose a file that was exported here as JSON.");
  }
  const records = Array.isArray(value) ? value : [value];
  if (records.length === 0 || !records.every(isRecord)) {
    throw new Error("This file holds no conversation that was exported here as JSON.");
  }
  return records.map(cleaned);
}

function isRecord(value) {
  return value?.format === FORMAT && value.version === VERSION && Array.isArray(value.messages)
    && value.messages.every((message, index) => (index % 2 === 0 ? isQuestion(message) : isAnswer(message)));
}

function isQuestion(message) {
  return message?.role === "user" && typeof message.text === "string";
}

function isAnswer(message) {
  return message?.role === "assistant" && Array.isArray(message.answers) && message.answers.length > 0
    && message.answers.every((answer) => typeof answer?.text === "string")
    && Number.isInteger(message.shown) && message.shown >= 0 && message.shown < message.answers.length;
}

// Only what this program writes itself: a file from elsewhere may hold anything beside it.
function cleaned(record) {
  const time = (value) => (Number.isFinite(value) && value >= 0 ? value : 0);
  const { id, title, createdAt, updatedAt, settings } = record;
  return {
    format: FORMAT, version: VERSION, id: String(id ?? ""), title: String(title ?? ""),
    isTitleOwn: record.isTitleOwn === true, createdAt: time(createdAt), updatedAt: time(updatedAt),
    settings: settings !== null && typeof settings === "object" ? settings : {},
    messages: record.messages.map(cleanedMessage), held: null,
  };
}

function cleanedMessage({ role, text, answers, shown }) {
  return role === "user" ? { role, text } : { role, answers: answers.map(cleanedAnswer), shown };
}

function cleanedAnswer({ id, text, footer, state }) {
  return { id: String(id ?? newId()), text, footer: String(footer ?? ""), state: state === "cut" ? state : "whole" };
}
