// Gradio draws HTML that stands in a message, and takes away what it finds dangerous. A message's text is marked on its
// way into the chat, so that tags are seen as text and `$x$` as mathematics, and unmarked on its way out. The same rules
// as `app/ui/marks.py`, where they are explained.

const MARK = "\u2060";
const CODE = /^[ \t>]*(`{3,}|~{3,})[^\n]*(?:\n|$)[^]*?(?:^[ \t>]*\1[`~]*[ \t]*$|(?![^]))/m;
const TAG = /<(?=[A-Za-z/!?])/g;
const MATHEMATICS = /(?<![\\$\w])\$(?![\s$\u2060])([^$\n]*?[^$\s\\])\$(?![\w$])/g;

export function marked(text) {
  let made = "";
  for (let rest = text; ; ) {
    const code = CODE.exec(rest);
    const prose = code ? rest.slice(0, code.index) : rest;
    made += markedProse(prose);
    if (!code) return made;
    made += doubled(code[0]);
    rest = rest.slice(code.index + code[0].length);
  }
}

export function unmarked(text) {
  return text.replace(/\u2060+/g, (run) => MARK.repeat(run.length >> 1));
}

function markedProse(text) {
  return doubled(text).replace(MATHEMATICS, `$$${MARK}$1${MARK}$$`).replace(TAG, `<${MARK}`);
}

function doubled(text) {
  return text.replaceAll(MARK, MARK + MARK);
}

// What is copied from the page is copied as it was meant.
export function copyUnmarked() {
  document.addEventListener("copy", (event) => {
    const text = String(getSelection());
    if (!text.includes(MARK)) return;
    event.clipboardData.setData("text/plain", unmarked(text));
    event.preventDefault();
  });
  const { clipboard } = navigator; // none on plain HTTP from another machine
  if (!clipboard) return;
  const writeText = clipboard.writeText.bind(clipboard);
  clipboard.writeText = (text) => writeText(unmarked(text));
}
