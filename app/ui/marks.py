"""Keeps what looks like HTML in a message from being HTML on the page.

Gradio draws the tags in a message's Markdown and silently takes away those that it finds dangerous, so `<b>` or
`<script>` in a question would not be seen. Outside of code blocks a word joiner, which is invisible and has no width,
goes behind every `<` that could begin a tag. Another goes inside both dollars of `$x$`, so that mathematics can be told
from prices: `$5 and $6` stays as it is. `browser/marks.js` has the same rules for what the browser has kept.
"""

import re

MARK = "\u2060"
_CODE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*(?:\n|\Z)(?s:.*?)(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_MATHEMATICS = re.compile(r"(?<![\\$\w])\$(?![\s$\u2060])([^$\n]*?[^$\s\\])\$(?![\w$])")


def marked(text: str) -> str:
    """For the page. Joiners of its own are doubled, so that nothing is lost."""
    made, end = "", 0
    for code in _CODE.finditer(text):
        made += _marked_prose(text[end : code.start()]) + _doubled(code[0])
        end = code.end()
    return made + _marked_prose(text[end:])


def unmarked(text: str) -> str:
    """What was meant: `unmarked(marked(text)) == text`, and marks that a person has torn apart are gone, too."""
    return re.sub(f"{MARK}+", lambda run: MARK * (len(run[0]) // 2), text)


def _marked_prose(text: str) -> str:
    return _TAG.sub(f"<{MARK}", _MATHEMATICS.sub(rf"${MARK}\1{MARK}$", _doubled(text)))


def _doubled(text: str) -> str:
    return text.replace(MARK, MARK * 2)
