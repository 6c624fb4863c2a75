"""What a container says when it fails, to the app's errors: a body with a bad status, or a record within a stream.

TGI writes `{"error", "error_type"}`, LMI `{"code", "message", "error"}`, vLLM `{"error": {"message", "code"}}`; what
their JSON readers refuse comes as plain text. The words are only looked at, never shown.
"""

import json
import re
from typing import Any

from app.endpoint_errors import ContainerFailed, EndpointThrottled
from app.errors import BackendError, BackendRejected, PromptTooLong

_TOO_LONG = re.compile(
    r"must have less than \d+ tokens"  # TGI, the prompt
    r"|tokens \+ `max_new_tokens` must be"  # TGI, prompt and answer
    r"|context length is|context_length_exceeded|reduce the length of"  # vLLM, OpenAI
    r"|prompt[^.]{0,60} (is )?(too long|longer than)"  # vLLM's engine, LMI
    r"|exceeds? (the )?(max_model_len|maximum model length|model's maximum)"
    r"|do not fit into the model's window",  # our model server
    re.IGNORECASE,
)
_OVERLOADED = re.compile(r"overloaded|queue is full|capacity exceed|too many requests", re.IGNORECASE)
_WRONG_FORM = re.compile(
    r"missing field `(inputs|messages|prompt)`|cannot find suitable handler|did not match any variant"
    r"|(missing|required|KeyError)[^.]{0,60}['\"`](inputs|messages|prompt)['\"`]"
    r"|['\"`](inputs|messages|prompt)['\"`][^.]{0,60}(missing|required)",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"accept_eula", re.IGNORECASE)
_MODEL_MISSING = re.compile(r"missing field `model`")
_REFUSALS = ("validation", "template_error", "tool_error", "empty_input")
_STATUS_OF_FAILURE = 424  # TGI's and LMI's own, for what went wrong while they generated
_STATUSES_OF_OVERLOAD = (429, 503)
_STATUSES_OF_NO_FORM = (401, 403, 408, _STATUS_OF_FAILURE)
_RETRY_SECONDS = 2.0
_DETAIL_LIMIT_CHARACTERS = 2_000


def container_error(detail: str, status: int | None) -> BackendError:
    """The app's error. `detail` is what the container sent; `status` is its HTTP status, None within a stream."""
    told_status, error_type = _told(detail)
    if status in (None, _STATUS_OF_FAILURE):
        status = told_status or status
    log_detail = f"{status or 'in the stream'}: {detail[:_DETAIL_LIMIT_CHARACTERS]}"
    if status == 413 or _TOO_LONG.search(detail):
        return PromptTooLong(log_detail)
    if status in _STATUSES_OF_OVERLOAD or error_type == "overloaded" or (not status and _OVERLOADED.search(detail)):
        return EndpointThrottled(log_detail, _RETRY_SECONDS)
    if error_type in _REFUSALS or (_is_refusal(status) and status != _STATUS_OF_FAILURE):
        return BackendRejected(log_detail)
    return ContainerFailed(log_detail)


def is_wrong_form(detail: str) -> bool:
    """Whether the container says that it takes another form of request."""
    return _WRONG_FORM.search(detail) is not None


def may_be_wrong_form(detail: str, status: int | None) -> bool:
    """Whether another form of request may be what it takes. In doubt yes: asking costs one short call."""
    if isinstance(container_error(detail, status), PromptTooLong | EndpointThrottled):
        return False
    _, error_type = _told(detail)
    return is_wrong_form(detail) or (error_type is None and _is_refusal(status) and status not in _STATUSES_OF_NO_FORM)


def is_licence_not_accepted(detail: str) -> bool:
    """Whether a container of JumpStart's wants `accept_eula` with the request."""
    return _LICENCE.search(detail) is not None


def is_model_missing(detail: str) -> bool:
    """Whether the container wants `model` in `messages`: TGI before 2.3 does, and takes any."""
    return _MODEL_MISSING.search(detail) is not None


def _is_refusal(status: int | None) -> bool:
    return status is not None and 400 <= status < 500


def _told(detail: str) -> tuple[int | None, str | None]:
    """Status and kind of error, as far as the body has them."""
    try:
        record = json.loads(detail)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(record, dict):
        return None, None
    error = record.get("error")
    nested = error if isinstance(error, dict) else {}
    codes = (nested.get("http_status_code"), nested.get("code"), record.get("code"))
    return next(filter(_is_status, codes), None), _as_text(record.get("error_type"))


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and 400 <= value < 600


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
