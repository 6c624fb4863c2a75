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
    """`identity` is the open conversation's id, which the browser gives; `opened` is clicked by the list itself."""

    identity: gr.Textbox
    opened: gr.Button
    export_markdown: gr.Button
    export_json: gr.Button
    import_json: gr.Button


def build_conversation_list() -> ConversationList:
    identity = gr.Textbox(visible="hidden", elem_id="conversation-id", label="Conversation")
    opened = gr.Button("Open", visible="hidden", elem_id="open-conversation")
    gr.HTML('<div class="conversations"></div>', elem_id="conversations")
    with gr.Row(elem_id="export"):
        export_markdown = gr.Button("Export text", size="sm", elem_id="export-markdown")
        export_json = gr.Button("Export JSON", size="sm", elem_id="export-json")
        import_json = gr.Button("Import", size="sm", elem_id="import")
    return ConversationList(identity, opened, export_markdown, export_json, import_json)


def browser_call(function: str, *arguments: object, script: str = "page.js") -> str:
    """A `js=` that calls this function of a script in `browser/` with these arguments, then with the event's inputs."""
    given = "".join(f"{json.dumps(argument)}, " for argument in arguments)
    module = f"new URL({json.dumps(SCRIPTS_PATH.removeprefix('/') + '/' + script)}, document.baseURI)"
    return f"async (...inputs) => (await import({module})).{function}({given}...inputs)"
