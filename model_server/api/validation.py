"""What pydantic complains about, as one sentence, whether the framework or a route reads the body."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from model_server.api.schema import Body
from model_server.errors import InvalidRequest

NOT_JSON = "The body is not valid JSON."
NOT_AN_OBJECT = "The body must be a JSON object, sent with the header content-type: application/json."

AnyBody = TypeVar("AnyBody", bound=Body)


def validate(kind: type[AnyBody], data: Any) -> AnyBody:
    """Return `data` as a body of this kind; raise InvalidRequest for the first thing that is wrong with it."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        errors = [{**complaint, "loc": ("body", *complaint["loc"])} for complaint in error.errors(include_url=False)]
        raise describe_validation_error(RequestValidationError(errors)) from error


def describe_validation_error(error: RequestValidationError) -> InvalidRequest:
    """Return the first complaint as one sentence, with the field that it is about; never the value itself."""
    first = error.errors()[0]
    # pydantic's path also names the alternatives of a union, by their Python types: not for other people's eyes
    path = [str(part) for part in first["loc"][1:] if isinstance(part, int) or part in _field_names()]
    if first["type"] == "json_invalid":
        return InvalidRequest(NOT_JSON)
    if not path and first["type"] in ("missing", "model_attributes_type", "dict_type", "model_type"):
        return InvalidRequest(NOT_AN_OBJECT)
    complaint = str(first["msg"]).removeprefix("Value error, ")
    if not path:
        return InvalidRequest(f"{complaint[:1].upper()}{complaint[1:]}.")
    return InvalidRequest(f"{'.'.join(path)}: {complaint}.", path[0])


@cache
def _field_names() -> frozenset[str]:
    return frozenset(name for body in _bodies(Body) for name in body.model_fields)


def _bodies(kind: type[Body]) -> Iterator[type[Body]]:
    for body in kind.__subclasses__():
        yield body
        yield from _bodies(body)
