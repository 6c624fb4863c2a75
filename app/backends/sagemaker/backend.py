"""One SageMaker endpoint as a backend: chooses how to ask, and turns the bytes that come into events.

Knows boto3 only by `invocations.py` and its errors only by `failures.py`; dialects are `app/wire/`'s.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from app.backends.blocking import iterate_in_thread
from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.connections import Line
from app.backends.sagemaker.details import SERVING_STATUSES, EndpointDetails
from app.backends.sagemaker.failures import AWS_FAILURES, INVOKE_ACTION, starting
from app.backends.sagemaker.invocations import Invocation, streamed_answer, whole_answer
from app.backends.sagemaker.limits import BODY_LIMIT_BYTES
from app.endpoint_errors import (
    ContainerFailed,
    EndpointNotInService,
    ModelNameWanted,
    RequestFormDoubted,
    RequestFormRefused,
    StreamingRefused,
)
from app.errors import BackendError, BackendNotReady, PromptTooLong
from app.generation import GenerationRequest, ModelDescription, StreamEvent
from app.wire.endpoint_request import RequestForm, endpoint_body
from app.wire.endpoint_stream import EndpointDecoder

_STARTING = "Creating"
_ENDED = ("OutOfService", "Deleting", "Failed")  # words of SageMaker's that a sentence may have in it
_ANY_MODEL = "tgi"  # its older versions want a name, and take any
_OTHER_FORM = {
    RequestForm.INPUTS: RequestForm.MESSAGES,
    RequestForm.MESSAGES: RequestForm.INPUTS,
    RequestForm.PROMPT: RequestForm.MESSAGES,
}


class SageMakerBackend:
    """`look_up` tells what is known of the endpoint, from memory where it can; it may raise a BackendError.

    `remember_form` is told the form of request that the container took, where `look_up` did not know it.
    """

    def __init__(
        self,
        clients: AwsClients,
        endpoint_name: str,
        component_name: str | None,
        look_up: Callable[[], Awaitable[EndpointDetails]],
        remember_form: Callable[[RequestForm], None],
        *,
        accepts_eula: bool = False,
    ) -> None:
        self._clients = clients
        self._endpoint_name = endpoint_name
        self._component_name = component_name
        self._look_up = look_up
        self._remember_form = remember_form
        self._accepts_eula = accepts_eula

    async def describe(self) -> ModelDescription:
        details = await self._look_up()
        if details.status not in SERVING_STATUSES:
            raise _not_serving(details)
        return ModelDescription(
            details.model_id,
            details.window_tokens,
            details.prompt_limit_tokens,
            renders_prompt=details.request_form is RequestForm.MESSAGES,
            served_as=details.component_name or details.endpoint_name,
        )

    async def count_tokens(self, prompt: str) -> int | None:
        return None  # no container counts on SageMaker, where /invocations is the only way in

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[StreamEvent]:
        details = await self._look_up()
        is_form_known = details.request_form is not None
        attempt = _Attempt(details.request_form or RequestForm.INPUTS, details.can_stream, is_form_known)
        while True:
            has_begun = False
            try:
                async with aclosing(self._answer(request, attempt)) as events:
                    async for event in events:
                        if not (has_begun or is_form_known):
                            self._remember_form(attempt.form)
                        has_begun = True
                        yield event
                return
            except BackendError as error:
                if not has_begun:
                    attempt = attempt.after(error)
                elif isinstance(error, BackendNotReady):  # a container said so within its stream: too late
                    raise ContainerFailed(*error.args) from error
                else:
                    raise

    async def aclose(self) -> None:
        """The clients are the catalog's, which has made them."""

    async def _answer(self, request: GenerationRequest, attempt: "_Attempt") -> AsyncGenerator[StreamEvent]:
        body = endpoint_body(request, attempt.form, is_streamed=attempt.is_streamed, model_id=attempt.model_id)
        if len(body) > BODY_LIMIT_BYTES:
            raise PromptTooLong(f"a body of {len(body):,} bytes")
        decoder = EndpointDecoder(request.parameters.stop)
        async with aclosing(self._pieces(body, is_streamed=attempt.is_streamed)) as pieces:
            async for piece in pieces:
                for event in decoder.feed(piece):
                    yield event
                if decoder.is_finished:
                    return
        for event in decoder.close():
            yield event

    async def _pieces(self, body: bytes, *, is_streamed: bool) -> AsyncGenerator[bytes]:
        line = Line()
        invocation = Invocation(self._endpoint_name, self._component_name, body, self._accepts_eula)
        source = partial(streamed_answer if is_streamed else whole_answer, self._clients, invocation, line)
        try:
            async with aclosing(iterate_in_thread(source, line.cut, f"answer of {self._endpoint_name}")) as pieces:
                async for piece in pieces:
                    yield piece
        except AWS_FAILURES as error:
            raise self._clients.failure(error, INVOKE_ACTION) from error


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way to ask."""

    form: RequestForm
    is_streamed: bool
    is_form_known: bool = False
    first_refusal: RequestFormDoubted | None = None  # of the form that was tried before
    model_id: str | None = None

    def after(self, error: BackendError) -> "_Attempt":
        """The way that is left where this one failed; raises an error where there is none.

        A form that is known is given up only for a container that says so: other refusals have other reasons.
        """
        if isinstance(error, StreamingRefused) and self.is_streamed:
            return replace(self, is_streamed=False)
        if isinstance(error, ModelNameWanted) and self.model_id is None:
            return replace(self, model_id=_ANY_MODEL)
        is_refusal = isinstance(error, RequestFormRefused if self.is_form_known else RequestFormDoubted)
        if isinstance(error, RequestFormDoubted) and is_refusal and self.first_refusal is None:
            return replace(self, form=_OTHER_FORM[self.form], first_refusal=error, model_id=None)
        raise self._outcome(error)

    def _outcome(self, error: BackendError) -> BackendError:
        """What the person is told: where the first form was only doubted, what the other did says nothing."""
        first = self.first_refusal
        if first is None or isinstance(error, PromptTooLong | BackendNotReady):
            return error
        if isinstance(error, RequestFormDoubted):
            return RequestFormRefused(*first.args, *error.args)
        return error if isinstance(first, RequestFormRefused) else first


def _not_serving(details: EndpointDetails) -> BackendError:
    detail = f"{details.endpoint_name} is {details.status}"
    if details.status == _STARTING:
        return starting(detail)
    return EndpointNotInService(detail, details.status if details.status in _ENDED else "")
