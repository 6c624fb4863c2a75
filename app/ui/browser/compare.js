// The right pane in the record of the conversation, and the votes between the two.
//
// A record has `comparison` {chat, settings, votes}: `chat` is the right pane's, there while two are compared; a vote is
// {choice: "left" | "right" | "equal", left, right} with the names of the models, by how long the two chats were.

import { keeper, usable } from "./page.js";

const CHOICES = ["left", "equal", "right"];

// After each change of the right pane; `controls` are those of `page.js`.
export function changed(controls, identity, isComparing, chat, ...values) {
  const conversations = keeper();
  if (conversations === null || identity !== conversations.current.id) return;
  const { chat: kept, votes } = conversations.current.comparison ?? {};
  if (isComparing || kept) {
    const settings = Object.fromEntries(controls.map(({ name }, index) => [name, values[index]]));
    const open = isComparing ? { chat: chat.map(plain), settings } : {};
    conversations.replace({ ...conversations.current, comparison: { ...open, votes: votes ?? {} } });
  }
  drawVotes();
}

// When a conversation was opened. → [is comparing, right chat, ...values]
export function opened(controls, isComparing, chat, ...values) {
  const { chat: kept, settings } = keeper().current.comparison ?? {};
  drawVotes();
  if (!kept?.length) return [false, [], ...values];
  return [true, kept, ...controls.map((control, index) => usable(control, settings[control.name], values[index]))];
}

// When a conversation has begun: what was compared before still is. → [is comparing, right chat, ...values]
export function begun(isComparing, chat, ...values) {
  drawVotes();
  return [isComparing, [], ...values];
}

// Once for each pair of answers; another vote takes the place of the one before.
export function vote(choice, leftModel, leftEndpoint, rightModel, rightEndpoint) {
  const conversations = keeper();
  const comparison = conversations.current.comparison;
  if (!comparison?.chat) return;
  const name = (...parts) => parts.filter(Boolean).join(" · ");
  const given = { choice, left: name(leftModel, leftEndpoint), right: name(rightModel, rightEndpoint) };
  const votes = { ...comparison.votes, [pairOf(conversations.current)]: given };
  conversations.replace({ ...conversations.current, comparison: { ...comparison, votes } });
  drawVotes();
}

function drawVotes() {
  const { current } = keeper();
  const votes = current.comparison?.votes ?? {};
  const given = Object.values(votes).map((vote) => vote.choice);
  const [left, equal, right] = CHOICES.map((choice) => given.filter((other) => other === choice).length);
  const tally = document.querySelector("#tally .tally");
  if (tally) tally.textContent = given.length ? `Left ${left} · equal ${equal} · right ${right}` : "";
  const own = current.comparison?.chat ? votes[pairOf(current)]?.choice : undefined;
  for (const choice of CHOICES) {
    document.querySelector(`#vote-${choice}`)?.setAttribute("aria-pressed", String(choice === own));
  }
}

function pairOf({ messages, comparison }) {
  return `${messages.length}/${comparison.chat.length}`;
}

// A copy that the browser can keep.
function plain({ role, metadata, content }) {
  const parts = content.map(({ text }) => ({ type: "text", text: text ?? "" }));
  return { role, metadata: metadata ? { ...metadata } : null, content: parts, options: null };
}
