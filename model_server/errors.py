"""Everything that can go wrong in the model server, as one small tree.

    ServerError                      status  code
    ├── ConfigurationError           500     configuration_error      a setting or a checkpoint that cannot be served
    ├── InvalidRequest               400     invalid_value            a field of the request is wrong
    │   └── ContextLengthExceeded    400     context_length_exceeded  prompt and answer do not fit the window
    ├── InvalidApiKey                401     invalid_api_key
    ├── NotFound                     404     not_found                no such route
    │   └── ModelNotFound            404     model_not_found
    ├── MethodNotAllowed             405     method_not_allowed
    ├── RequestTooLarge              413     request_too_large
    ├── ServerBusy                   429     server_busy              the queue is full, try again in a second
    ├── InternalError                500     server_error             anything that was not foreseen
    │   └── GenerationFailed         500     generation_failed        a step failed while an answer was being made
    ├── RequestTimedOut              504     request_timeout          waiting and answering took too long together
    ├── ModelLoading                 503     model_loading            try again in a second
    ├── ModelFailed                  503     model_failed             loading failed, trying again does not help
    │   └── SelfTestFailed           503     model_failed             the device does not compute what it should
    └── ServerStopping               503     server_stopping

Each class fixes its status, code and the sentence that a person may see; the text given to a constructor is for the
log, except in ConfigurationError, InvalidRequest and SelfTestFailed, whose sentences name what is wrong and are always
written in this program. All arguments are positional, so that every error survives pickling, which Ray uses.
"""

from __future__ import annotations

from typing import ClassVar


class ServerError(Exception):
    """The base: `str(error)` is for the log, `user_message` for the person."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    kind: ClassVar[str] = "server_error"
    retry_after_seconds: ClassVar[int | None] = None
    sentence: ClassVar[str] = "The server met an unexpected error. Please try again."

    @property
    def user_message(self) -> str:
        return self.sentence

    @property
    def parameter(self) -> str | None:
        """The field of the request that is wrong, where there is one."""
        return None


class ConfigurationError(ServerError):
    """The argument is one sentence that names the setting or file, its value and the remedy."""

    code = "configuration_error"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)

    @property
    def user_message(self) -> str:
        return str(self)


class InvalidRequest(ServerError):
    """The arguments are one sentence about the request and the field that it is about."""

    status = 400
    code = "invalid_value"
    kind = "invalid_request_error"

    def __init__(self, sentence: str, parameter: str | None = None) -> None:
        super().__init__(sentence, parameter)

    def __str__(self) -> str:
        return self.user_message

    @property
    def user_message(self) -> str:
        return str(self.args[0])

    @property
    def parameter(self) -> str | None:
        return None if self.args[1] is None else str(self.args[1])


class ContextLengthExceeded(InvalidRequest):
    """Raised before anything is computed: the window cannot hold the prompt and the answer."""

    code = "context_length_exceeded"

    def __init__(self, maximum_length: int) -> None:
        Exception.__init__(self, maximum_length)

    @property
    def user_message(self) -> str:
        return (
            f"The prompt and the answer do not fit into the model's window of {self.args[0]} tokens. "
            "Please shorten the prompt or lower max_tokens."
        )

    @property
    def parameter(self) -> str | None:
        return None


class InvalidApiKey(ServerError):
    status = 401
    code = "invalid_api_key"
    kind = "invalid_request_error"
    sentence = "The API key is missing or wrong. Send it as: Authorization: Bearer <key>."


class NotFound(ServerError):
    status = 404
    code = "not_found"
    kind = "invalid_request_error"
    sentence = "There is nothing at this address."


class ModelNotFound(NotFound):
    code = "model_not_found"
    sentence = "This server does not serve the model that was asked for. GET /v1/models lists what it serves."

    @property
    def parameter(self) -> str | None:
        return "model"


class MethodNotAllowed(ServerError):
    status = 405
    code = "method_not_allowed"
    kind = "invalid_request_error"
    sentence = "This address does not answer this HTTP method."


class RequestTooLarge(ServerError):
    status = 413
    code = "request_too_large"
    kind = "invalid_request_error"
    sentence = "The request is too large. Please send at most 4 MiB."


class ServerBusy(ServerError):
    status = 429
    code = "server_busy"
    retry_after_seconds = 1
    sentence = "The server has as many requests as it can take. Please try again in a moment."


class InternalError(ServerError):
    """What was not foreseen: the log has the details."""


class GenerationFailed(InternalError):
    code = "generation_failed"
    sentence = "The model could not finish this answer. Please try again."


class RequestTimedOut(ServerError):
    """504: 429 and 503 ask a client to come back, which would only begin the same wait again; 408 blames the client."""

    status = 504
    code = "request_timeout"
    sentence = (
        "The answer was not finished in the time that the server allows. Please ask for less, or try again later."
    )


class ModelLoading(ServerError):
    status = 503
    code = "model_loading"
    retry_after_seconds = 1
    sentence = "The model is still loading. Please try again in a moment."


class ModelFailed(ServerError):
    status = 503
    code = "model_failed"
    sentence = "The model could not be loaded. The server's log says why."


class SelfTestFailed(ModelFailed):
    """The argument is one sentence that says what was computed where, and what was expected; it is shown as it is."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)

    @property
    def user_message(self) -> str:
        return str(self)


class ServerStopping(ServerError):
    status = 503
    code = "server_stopping"
    sentence = "The server is stopping. Please try again when it is back."
