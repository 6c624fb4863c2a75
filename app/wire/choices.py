"""A record of OpenAI's: a chunk of a chat or of a completion, or the whole answer. TGI, LMI and vLLM write it too."""

from typing import Any

from app.generation import Usage
from app.wire.records import Reading, as_record, failure_of, optional, reason_of


def read_choices(record: dict[str, Any]) -> Reading:
    """What the record says. Raises BackendFailed where a field is not of its kind."""
    usage = optional(record, "usage", dict)
    texts, finish_reason = [], None
    for choice in map(as_record, optional(record, "choices", list) or ()):
        texts.append(_text(choice))
        finish_reason = optional(choice, "finish_reason", str) or finish_reason
    return Reading(
        "".join(texts), reason_of(finish_reason), read_usage(usage) if usage else None, failure_of(finish_reason)
    )


def read_usage(usage: dict[str, Any]) -> Usage | None:
    """None where the server does not tell how long the answer is."""
    prompt_tokens, completion_tokens = (optional(usage, name, int) for name in ("prompt_tokens", "completion_tokens"))
    if completion_tokens is None:
        return None
    details = optional(usage, "prompt_tokens_details", dict) or {}
    return Usage(prompt_tokens, completion_tokens, optional(details, "cached_tokens", int) or 0)


def _text(choice: dict[str, Any]) -> str:
    """A completion has its text in the choice, a chat in `delta`, or in `message` where it is not streamed."""
    text = optional(choice, "text", str)
    for holder in ("delta", "message"):
        if text is None:
            text = optional(optional(choice, holder, dict) or {}, "content", str)
    return text or ""
