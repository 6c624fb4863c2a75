"""How Gradio is to treat an event: what goes past its queue, what may run many times at once."""

from typing import Any

# For what is answered from memory: not worth a place in the queue, and nothing for the public API.
AT_ONCE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# For the calls of a click on Send: by default Gradio drops one that finds another under way, and all that follow it.
EACH_TIME: dict[str, Any] = {"trigger_mode": "multiple"}
# For what asks others and may take its time: as many at once as there are pages.
WHILE_OTHERS_WAIT: dict[str, Any] = {
    "concurrency_limit": None,
    "show_progress": "hidden",
    "api_visibility": "private",
    **EACH_TIME,
}
