"""Choices with endpoints behind them, for the browser tests."""

from collections.abc import Callable

from app.backends.catalog import BackendChoice
from app.backends.endpoints import Endpoint
from app.backends.unconfigured import UnconfiguredBackend
from app.endpoint_errors import (
    EndpointNotChosen,
)
from app.generation import Finished, FinishReason, TextDelta, Usage
from tests.app.fakes import ScriptedBackend, ScriptedCatalog

ServeChoices = Callable[..., str]
END = Finished(FinishReason.STOP, Usage(3, 2))
FIRST = Endpoint("first", "first · Mistral-7B-Instruct · InService")
SECOND = Endpoint("second/part", "second/part · zephyr · InService")
REFUSED = Endpoint("third", "third", "It is being made. Wait until it is in service.")
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}{{value}}$$x^2$$`*[a](javascript:alert(3))"


def answering(text: str, model_id: str = "mistral-instruct") -> ScriptedBackend:
    return ScriptedBackend([[TextDelta(text), END]] * 5, window_tokens=1000, model_id=model_id)


def choices(catalog: ScriptedCatalog, backend: ScriptedBackend | None = None) -> tuple[BackendChoice, ...]:
    return (
        BackendChoice("Built-in model", backend or answering("built-in"), is_demonstration=True),
        BackendChoice("SageMaker", UnconfiguredBackend(EndpointNotChosen), endpoints=catalog),
    )
