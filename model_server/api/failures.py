"""Every error, ours or the framework's, as OpenAI's error object. The one place where foreign errors are mapped."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from model_server.api.responses import error_response
from model_server.api.validation import describe_validation_error
from model_server.engine.observation import observe_departure
from model_server.errors import InternalError, InvalidRequest, MethodNotAllowed, NotFound, RequestTooLarge, ServerError

ERRORS_BY_STATUS: dict[int, type[ServerError]] = {
    error.status: error for error in (NotFound, MethodNotAllowed, RequestTooLarge)
}


def install_error_handlers(application: FastAPI) -> None:
    application.add_exception_handler(ServerError, _answer_server_error)
    application.add_exception_handler(RequestValidationError, _answer_validation_error)
    application.add_exception_handler(HTTPException, _answer_http_error)
    application.add_exception_handler(Exception, _answer_unexpected_error)


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
    if isinstance(error.__cause__, ClientDisconnect):
        observe_departure()
    kind = ERRORS_BY_STATUS.get(error.status_code)
    if kind is not None:
        response = error_response(kind())
        response.headers.update(error.headers or {})  # 405 has to say what is allowed
        return response
    if 400 <= error.status_code < 500:
        return error_response(InvalidRequest("The request could not be read."))
    return error_response(InternalError())


async def _answer_unexpected_error(request: Request, error: Exception) -> Response:
    return error_response(InternalError())
