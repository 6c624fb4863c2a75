"""Records of TGI's own form, which LMI took over: a token, the whole text, or lines with nothing but text."""

from typing import Any

from app.errors import BackendError, BackendFailed
from app.generation import FinishReason, Usage
from app.wire.container_error import container_error
from app.wire.records import Reading, detail_of, failure_of, optional, reason_of


def read_generation(record: dict[str, Any]) -> Reading:
    """A record with `token`, or with `generated_text` alone: then this is the text of the answer.

    Beside a token `generated_text` only says that the token was the last: what it repeats has been streamed, and where
    the request asked for the full text it begins with the prompt.
    """
    token = optional(record, "token", dict)
    details = optional(record, "details", dict) or {}
    whole_text = optional(record, "generated_text", str)
    finish_reason = optional(details, "finish_reason", str)
    if failure := _failure(token or {}, finish_reason):
        return Reading(failure=failure)
    is_last = whole_text is not None or finish_reason is not None
    return Reading(
        text=(whole_text or "") if token is None else _shown_text(token),
        reason=reason_of(finish_reason) or (FinishReason.UNKNOWN if is_last else None),
        usage=_usage(details, _is_counted_twice(record, token)),
        failure=failure_of(finish_reason),
        is_last=is_last,
    )


def read_outputs(record: dict[str, Any]) -> Reading:
    """A line of LMI 0.25 and older. None of them says that it is the last: the answer may end after each."""
    texts = optional(record, "outputs", list) or []
    if not all(isinstance(text, str) for text in texts):
        raise BackendFailed(f"outputs are {detail_of(texts)}")
    return Reading("".join(texts), FinishReason.UNKNOWN)


def _failure(token: dict[str, Any], finish_reason: str | None) -> BackendError | None:
    """LMI's two ways to end an answer that failed. The rest of the record is not looked at: it repeats the prompt."""
    if finish_reason == "error" or token.get("id") == -1 or token.get("error_msg"):
        return container_error(str(token.get("error_msg") or "the answer ended with finish_reason error"), None)
    return None


def _shown_text(token: dict[str, Any]) -> str:
    """The end of the sequence is a token too, which TGI and LMI show in their own ways."""
    if token.get("special") or token.get("special_token"):
        return ""
    return optional(token, "text", str) or ""


def _usage(details: dict[str, Any], is_counted_twice: bool) -> Usage | None:
    completion_tokens = optional(details, "generated_tokens", int)
    if completion_tokens is None:
        return None
    return Usage(optional(details, "input_length", int), max(completion_tokens - is_counted_twice, 0))


def _is_counted_twice(record: dict[str, Any], token: dict[str, Any] | None) -> bool:
    """Whether LMI wrote this with vLLM behind it, in asynchronous mode: it counts the last token twice.

    Its records have `index`, as TGI's have, but their tokens lack `special`, which TGI's always have.
    """
    return token is not None and "index" in record and "special" not in token
