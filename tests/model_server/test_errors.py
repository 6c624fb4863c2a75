from __future__ import annotations

import pickle

import pytest

from model_server import errors
from model_server.errors import ConfigurationError, ContextLengthExceeded, InvalidRequest, SelfTestFailed, ServerError

ALL = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ServerError)]

WRITTEN_FOR_PEOPLE = (InvalidRequest, ConfigurationError, SelfTestFailed)


def example(kind: type[ServerError]) -> ServerError:
    if issubclass(kind, ContextLengthExceeded):
        return kind(1024)
    if issubclass(kind, InvalidRequest):
        return kind("max_tokens must be at least 1.", "max_tokens")
    return kind("a detail for the log")


@pytest.mark.parametrize("kind", ALL)
def test_every_error_survives_pickling(kind: type[ServerError]) -> None:
    error = example(kind)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert type(again) is kind
    assert (again.user_message, again.parameter, str(again)) == (error.user_message, error.parameter, str(error))


@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_drawn_in_the_tree_with_its_status_and_code(kind: type[ServerError]) -> None:
    lines = (errors.__doc__ or "").splitlines()
    line = next((line for line in lines if kind.__name__ in line.split()), "")
    assert kind.__name__ in line
    if kind is not ServerError:
        assert {str(kind.status), kind.code} <= set(line.split())


@pytest.mark.parametrize("kind", [kind for kind in ALL if not issubclass(kind, WRITTEN_FOR_PEOPLE)])
def test_details_for_the_log_are_not_shown_to_people(kind: type[ServerError]) -> None:
    error = kind("a detail for the log")
    assert "detail" not in error.user_message
    assert error.user_message.endswith(".")
