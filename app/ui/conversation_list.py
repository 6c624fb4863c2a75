"""The list of conversations in the sidebar, and what opens, exports and imports them.

All of it happens in the browser (`browser/*.js`): conversations are kept there, and no event here asks the server.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

SCRIPTS = Path(__file__).parent / "browser"
# In the path, so that a browser never joins a new page to old scripts.
_FINGERPRINT = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SCRIPTS.glob("*.js")))).hexdigest()[:16]
SCRIPTS_PATH = f"/browser/{_FINGERPRINT}"


@dataclass(frozen=True, slots=True)
class ConversationList:
    """`identity` is the open conversation's id, which the browser gives; `opened` is clicked by the list itself.

    The list is drawn by `browser/conversation_list.js`, with the buttons for export and import.
    """

    identity: gr.Textbox
    opened: gr.Button


def build_conversation_list() -> ConversationList:
    identity = gr.Textbox(visible="hidden", elem_id="conversation-id", label="Conversation")
    opened = gr.Button("Open", visible="hidden", elem_id="open-conversation")
    gr.HTML('<div class="conversations"></div>', elem_id="conversations")
    return ConversationList(identity, opened)


def browser_call(function: str, *arguments: object, script: str = "page.js") -> str:
    """A `js=` that calls this function of a script in `browser/` with these arguments, then with the event's inputs."""
    given = "".join(f"{json.dumps(argument)}, " for argument in arguments)
    module = f"new URL({json.dumps(SCRIPTS_PATH.removeprefix('/') + '/' + script)}, document.baseURI)"
    return f"async (...inputs) => (await import({module})).{function}({given}...inputs)"
