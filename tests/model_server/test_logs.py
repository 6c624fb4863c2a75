from __future__ import annotations

import json
import logging
import sys

import pytest

from model_server.logs import JsonFormatter, TextFormatter, current_request_id


def record(message: str = "request", **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("model_server.test", logging.INFO, "", 0, message, None, None)
    made.fields = fields
    return made


def test_text_is_one_line_of_names_and_values() -> None:
    assert TextFormatter().format(record(route="/v1/models", status=200)) == "INFO request route=/v1/models status=200"


def test_json_is_one_object_with_the_same_names() -> None:
    line = json.loads(JsonFormatter().format(record(status=200, total_seconds=0.5)))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "model_server.test",
        "message": "request",
        "status": 200,
        "total_seconds": 0.5,
    }


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_line_names_the_request_that_it_is_about(formatter: logging.Formatter) -> None:
    token = current_request_id.set("abc-1")
    try:
        assert "abc-1" in formatter.format(record())
    finally:
        current_request_id.reset(token)
    assert "request_id" not in formatter.format(record())


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_no_message_begins_a_line_of_its_own(formatter: logging.Formatter) -> None:
    line = formatter.format(record("one\r\nERROR two\x1b[2J\x85three"))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_traceback_is_kept(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("unwell")
    except ValueError:
        failed = logging.LogRecord("test", logging.ERROR, "", 0, "It failed.", None, sys.exc_info())
    assert "ValueError: unwell" in formatter.format(failed)
