"""A document held against a pydantic schema without mercy: unknown keys are refused, at every level.

Ray's own schemas accept any key, so that `max_ongoing: 3` would mean nothing and say nothing. Which keys there are is
read from the schema itself; where it takes any mapping (`user_config`, `runtime_env`, `resources`), anything goes.
Knows nothing of Ray or of files: the first mistake becomes one sentence that begins with where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from model_server.errors import ConfigurationError

VALUE_LIMIT_CHARACTERS = 60


def check_document(schema: type[BaseModel], document: object, path: str = "") -> None:
    """Raise ConfigurationError for the first key that `schema` does not know or value that it does not take."""
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path or 'the document'} is {_shown(document)}, but must be a mapping with keys.")
    known = {name: field.annotation for name, field in schema.model_fields.items()}
    known.update({field.alias: field.annotation for field in schema.model_fields.values() if field.alias})
    for key in document:
        if key not in known:
            raise ConfigurationError(f"{_join(path, key)}: there is no such key{_suggestion(key, list(known))}")
    # the inner ones first: there the path is exact, and Ray's outer schemas take many of them for any mapping
    for key, value in document.items():
        _check_nested(known[key], value, _join(path, key))
    _check_values(schema, document, path)


def _check_nested(annotation: object, value: object, path: str) -> None:
    schema = _schema_in(annotation)
    if schema is None or value is None:
        _check_number(annotation, value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_document(schema, item, f"{path}[{index}]")
    else:
        check_document(schema, value, path)


def _check_number(annotation: object, value: object, path: str) -> None:
    """Refuse `"630"` and `true` where a number is meant: pydantic takes them for numbers, and other readers do not.

    Everything else about a plain value is checked by the schema around it.
    """
    kinds = set(_kinds_in(annotation))
    if isinstance(value, (bool, str)) and type(value) not in kinds and kinds <= {int, float, type(None)}:
        raise ConfigurationError(f"{path} is {_shown(value)}, but must be a number, without quotes.")


def _kinds_in(annotation: object) -> Iterator[object]:
    """Yield the types of a union, without what is only said about them."""
    if get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _kinds_in(each)
    elif get_origin(annotation) is Annotated:
        yield from _kinds_in(get_args(annotation)[0])
    else:
        yield annotation


def _schema_in(annotation: object) -> type[BaseModel] | None:
    """Return the schema that an annotation such as `Optional[list[Union[dict, Schema]]]` allows, if any."""
    if get_origin(annotation) is not None:  # a union, a list; the values of a free mapping have no schema
        candidates = () if get_origin(annotation) is dict else get_args(annotation)
        return next((schema for schema in map(_schema_in, candidates) if schema is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _check_values(schema: type[BaseModel], document: dict[str, Any], path: str) -> None:
    try:
        schema.model_validate(deepcopy(document))  # some of Ray's validators change what they are given
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, document, path)) from error
    except (ImportError, AttributeError, TypeError) as error:  # a class that is named but is not there
        raise ConfigurationError(f"{path or 'the document'} cannot be used: {error}") from error


def _sentence(error: ValidationError, document: object, path: str) -> str:
    """Return the first mistake: where, which value, and what pydantic or Ray has to say."""
    first = error.errors(include_url=False)[0]
    value = document
    for step in first["loc"]:
        if isinstance(value, dict) and step in value:
            path, value = _join(path, step), value[step]
        elif isinstance(value, list) and isinstance(step, int):
            path, value = f"{path}[{step}]", value[step]
        elif first["type"] == "missing":
            return f"{_join(path, step)} is missing."
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{path or 'the document'} is {_shown(value)}: {message[:1].lower()}{message[1:]}."


def _suggestion(key: object, known: list[str]) -> str:
    close = get_close_matches(str(key), known, n=1)
    longer = [name for name in known if str(key) and name.startswith(str(key))]
    if not (close or longer):
        return f"; the keys here are {', '.join(sorted(known))}."
    return f"; did you mean {(longer or close)[0]}?"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_LIMIT_CHARACTERS else f"{text[:VALUE_LIMIT_CHARACTERS]}…"


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
