// A conversation as the browser keeps it, and as it is exported: plain values in, plain values out.
//
// {format, version, id, title, isTitleOwn, createdAt, updatedAt, settings, messages, held}
// A message is {role: "user", text} or {role: "assistant", answers: [{text, footer}], shown}: `answers` are versions of
// one answer, `shown` is the index of the one in the chat. `held` is {index, answers}: an answer that Retry took out of
// the chat and that comes back with its versions as soon as a new one is there, or when the conversation is opened.
//
// "The chat" is the value of Gradio's Chatbot: messages whose content has a text and, for answers, a footer.

export const FORMAT = "twinstream-conversation";
export const VERSION = 1;
const TITLE_LIMIT_CHARACTERS = 60;

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

// The record after the chat has become this one.
export function withChat(record, chat, now) {
  const messages = chat.map((message, index) => {
    const [text, footer] = message.content.map((part) => part.text ?? "");
    if (message.role === "user") return { role: "user", text: text ?? "" };
    return withAnswer(record, index, { text: text ?? "", footer: footer ?? "" });
  });
  const isHeld = record.held !== null && messages.length <= record.held.index;
  const title = record.isTitleOwn ? record.title : titleOf(messages);
  return { ...record, title, messages, held: isHeld ? record.held : null, updatedAt: now };
}

function withAnswer(record, index, answer) {
  if (record.held?.index === index) {
    return { role: "assistant", answers: [...record.held.answers, answer], shown: record.held.answers.length };
  }
  const before = record.messages[index];
  if (before?.role !== "assistant") return { role: "assistant", answers: [answer], shown: 0 };
  return { ...before, answers: before.answers.with(before.shown, answer) };
}

function titleOf(messages) {
  const first = (messages[0]?.text ?? "").trim().split("\n")[0];
  return first.length > TITLE_LIMIT_CHARACTERS ? `${first.slice(0, TITLE_LIMIT_CHARACTERS - 1).trimEnd()}…` : first;
}

// The value of the Chatbot that shows this record.
export function chatOf(record) {
  return record.messages.map((message) => {
    const parts = message.role === "user" ? [message.text] : Object.values(pick(message.answers[message.shown]));
    const content = parts.map((text) => ({ type: "text", text }));
    return { role: message.role, metadata: null, content, options: null };
  });
}

function pick({ text, footer }) {
  return { text, footer };
}

// Whether the chat still ends with the record's last answer. Not every state of the chat is seen: the one without the
// answer may be passed over before the first words of the next.
export function showsLastAnswer(record, chat) {
  const last = record.messages.at(-1);
  if (last?.role !== "assistant" || chat.length !== record.messages.length) return false;
  const [text, footer] = chat.at(-1).content.map((part) => part.text);
  return text === last.answers[last.shown].text && footer === last.answers[last.shown].footer;
}

// Without its last answer, which is held until a new one comes. The same record where the last message is no answer.
export function retried(record) {
  const last = record.messages.at(-1);
  if (last?.role !== "assistant") return record;
  const index = record.messages.length - 1;
  return { ...record, messages: record.messages.slice(0, -1), held: { index, answers: last.answers } };
}

// With the answer that Retry held, where no new one came.
export function restored(record) {
  if (record.held === null) return record;
  const { index, answers } = record.held;
  if (index !== record.messages.length) return { ...record, held: null };
  const message = { role: "assistant", answers, shown: answers.length - 1 };
  return { ...record, messages: [...record.messages, message], held: null };
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
  if (role === "user") return { role, text };
  const cleanedAnswers = answers.map((answer) => ({ text: answer.text, footer: String(answer.footer ?? "") }));
  return { role, answers: cleanedAnswers, shown };
}
