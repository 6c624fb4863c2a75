"""Every error, ours or the framework's, as OpenAI's error object. The one place where foreign errors are mapped."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from model_server.api.responses import error_response
from model_server.api.schema import ChatBody, CompletionBody, MessageBody, StreamOptions, TextPart, TokenizeBody
from model_server.errors import InternalError, InvalidRequest, MethodNotAllowed, NotFound, RequestTooLarge, ServerError

ERRORS_BY_STATUS: dict[int, type[ServerError]] = {
    error.status: error for error in (NotFound, MethodNotAllowed, RequestTooLarge)
}
BODIES = (CompletionBody, ChatBody, TokenizeBody, MessageBody, TextPart, StreamOptions)
FIELD_NAMES = frozenset(name for body in BODIES for name in body.model_fields)
NOT_JSON = "The body is not valid JSON."
NOT_AN_OBJECT = "The body must be a JSON object, sent with the header content-type: application/json."


def install_error_handlers(application: FastAPI) -> None:
    application.add_exception_handler(ServerError, _answer_server_error)
    application.add_exception_handler(RequestValidationError, _answer_validation_error)
    application.add_exception_handler(HTTPException, _answer_http_error)
    application.add_exception_handler(Exception, _answer_unexpected_error)


def describe_validation_error(error: RequestValidationError) -> InvalidRequest:
    """Return the first complaint as one sentence, with the field that it is about; never the value itself."""
    first = error.errors()[0]
    # pydantic's path also names the alternatives of a union, by their Python types: not for other people's eyes
    path = [str(part) for part in first["loc"][1:] if isinstance(part, int) or part in FIELD_NAMES]
    if first["type"] == "json_invalid":
        return InvalidRequest(NOT_JSON)
    if not path and first["type"] in ("missing", "model_attributes_type", "dict_type", "model_type"):
        return InvalidRequest(NOT_AN_OBJECT)
    complaint = str(first["msg"]).removeprefix("Value error, ")
    if not path:
        return InvalidRequest(f"{complaint[:1].upper()}{complaint[1:]}.")
    return InvalidRequest(f"{'.'.join(path)}: {complaint}.", path[0])


async def _answer_server_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServerError):
        raise error
    return error_response(error)


async def _answer_validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return error_response(describe_validation_error(error))


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    kind = ERRORS_BY_STATUS.get(error.status_code)
    if kind is not None:
        return error_response(kind())
    if 400 <= error.status_code < 500:
        return error_response(InvalidRequest("The request could not be read."))
    return error_response(InternalError())


async def _answer_unexpected_error(request: Request, error: Exception) -> Response:
    return error_response(InternalError())
