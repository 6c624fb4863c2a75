"""How the server writes its log: a line for each event, on standard error, as text for people or JSON for collectors.

A line that is written while a request is served names it, and an event may bring fields (`extra={"fields": …}`). What a
line says is ours: nothing that a client sent is ever logged, except a request id of the allowed characters.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import datetime, timezone

from model_server.settings import ServerSettings

current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

CONTROL_CHARACTERS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def configure_logging(settings: ServerSettings, level: int = logging.INFO) -> None:
    """Write what is at least of `level` to standard error; to be called once, by the process that serves.

    Leaves everything as it is where somebody else has set up logging before.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


class TextFormatter(logging.Formatter):
    """`INFO message name=value …`; the message is one line, whatever is in it. A traceback follows on its own lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        message = record.message.translate(CONTROL_CHARACTERS)
        return " ".join([record.levelname, message, *(f"{name}={value}" for name, value in _fields(record).items())])


class JsonFormatter(logging.Formatter):
    """One ASCII JSON object a line: time (UTC), level, logger, message, the fields, and a traceback as `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        head = {"time": time, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line = {**head, **_fields(record)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    request_id = current_request_id.get()
    own: dict[str, object] = {} if request_id is None else {"request_id": request_id}
    return own | getattr(record, "fields", {})
