// Files that a person gets from the page, and gives to it.

import { markdownOf } from "./records.js";

const FORMS = {
  markdown: { ending: "md", type: "text/markdown", write: markdownOf },
  json: { ending: "json", type: "application/json", write: (record) => JSON.stringify(record, null, 2) },
};

export function exportAs(kind, record) {
  const { ending, type, write } = FORMS[kind];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([write(record)], { type }));
  link.download = `${fileName(record.title)}.${ending}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

// Resolves to the text of the file that a person chooses; never, where they choose none.
export function readFile() {
  return new Promise((resolve, reject) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: "application/json,.json" });
    input.addEventListener("change", () => input.files[0].text().then(resolve, reject));
    input.click();
  });
}

function fileName(title) {
  return title.replace(/[^\p{Letter}\p{Number} _-]/gu, "").trim().slice(0, 60) || "conversation";
}
