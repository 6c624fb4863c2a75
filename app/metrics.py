"""GET /metrics: what this page does, for Prometheus. prometheus_client lives here and nowhere else.

The figures are of this process. They name the backends as the sidebar does and errors by their class, and hold no text
and nobody's name, so they can be had without a login.
"""

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import disable_created_metrics as leave_out_creation_times
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.generation import Usage
from app.observation import Outcome

# From a cached turn on a fast machine to a 7B model that is loaded first.
_FIRST_TEXT_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120, 300)
# Each open page holds one such stream, as does each gradio_client.
_HEARTBEAT = "/gradio_api/heartbeat/"


class Metrics:
    """A TurnObserver, and the route that tells what it has counted."""

    def __init__(self, backends: Iterable[str]) -> None:
        leave_out_creation_times()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "twinstream_chat_answers",
            "Answers by how they ended; error is the class of what failed.",
            ["backend", "outcome", "error"],
            registry=self._registry,
        )
        self._first_text = Histogram(
            "twinstream_chat_time_to_first_text_seconds",
            "From a question to the first text of its answer, waiting for the model included.",
            ["backend"],
            buckets=_FIRST_TEXT_SECONDS,
            registry=self._registry,
        )
        self._tokens_in = self._counter("twinstream_chat_prompt_tokens", "Tokens that were read, as servers count.")
        self._tokens_out = self._counter("twinstream_chat_answer_tokens", "Tokens of answers, as servers count.")
        self._streams = Gauge(
            "twinstream_chat_open_streams", "Answers under way.", ["backend"], registry=self._registry
        )
        self._pages = Gauge(
            "twinstream_chat_open_pages", "Open pages and connected API clients.", registry=self._registry
        )
        for backend in backends:
            self._begin_at_zero(backend)

    def began(self, backend: str) -> None:
        self._streams.labels(backend).inc()

    def first_text(self, backend: str, seconds: float) -> None:
        self._first_text.labels(backend).observe(seconds)

    def ended(self, backend: str, outcome: Outcome, error: str, usage: Usage | None) -> None:
        self._streams.labels(backend).dec()
        self._answers.labels(backend, outcome.value, error).inc()
        if usage:
            self._tokens_in.labels(backend).inc(usage.prompt_tokens or 0)
            self._tokens_out.labels(backend).inc(usage.completion_tokens)

    def counting_pages(self, app: ASGIApp) -> ASGIApp:
        """ASGI middleware around the whole application."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"].startswith(_HEARTBEAT):
                with self._pages.track_inprogress():
                    await app(scope, receive, send)
            else:
                await app(scope, receive, send)

        return counting

    async def metrics(self) -> Response:
        return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_LATEST})

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(name, text, ["backend"], registry=self._registry)

    def _begin_at_zero(self, backend: str) -> None:
        """A series that appears with its first event hides that event from `rate`."""
        for outcome in (Outcome.FINISHED, Outcome.STOPPED):
            self._answers.labels(backend, outcome.value, "")
        for family in (self._first_text, self._tokens_in, self._tokens_out, self._streams):
            family.labels(backend)
