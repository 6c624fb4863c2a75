"""GET /metrics: what this server does, for Prometheus. prometheus_client lives here and nowhere else.

Everything is read when it is asked for, from counters that others own: counting costs them nothing more, and there is
no global registry. The answer is of this process: with several replicas a proxy gives the figures of any one of them,
so each is to be scraped at its own port (METRICS_PORT).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.responses import Response

from model_server.api.request_statistics import RequestStatistics
from model_server.engine.engine import Engine, EngineState
from model_server.engine.histogram import Histogram
from model_server.errors import ServerError
from model_server.settings import ServerSettings


class MetricsRoute:
    """The route of one application."""

    def __init__(self, settings: ServerSettings, engine: Engine, requests: RequestStatistics) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(ServerCollector(settings, engine, requests))

    async def metrics(self) -> Response:
        """Return all metrics in Prometheus' text format, whatever is asked for: names must not depend on who asks."""
        return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_LATEST})

    def listen(self, port: int) -> None:
        """Answer at a port of this process's own, on all interfaces, until it ends; raise OSError where it is taken."""
        start_http_server(port, registry=self._registry)


class ServerCollector(Collector):
    """Turns the counters of one application into metrics."""

    def __init__(self, settings: ServerSettings, engine: Engine, requests: RequestStatistics) -> None:
        self._settings = settings
        self._engine = engine
        self._requests = requests

    def collect(self) -> Iterable[Metric]:
        yield from self._server()
        yield from self._request_metrics()
        yield from self._load()
        yield from self._token_metrics()
        yield from self._step_metrics()

    def _server(self) -> Iterator[Metric]:
        served = {"model_id": self._settings.model_id, "executor": self._settings.executor}
        info = GaugeMetricFamily("twinstream_model_server_info", "What is served; always 1.", labels=list(served))
        info.add_metric(list(served.values()), 1)
        yield info
        state = GaugeMetricFamily("twinstream_engine_state", "1 for the engine's state, else 0.", labels=["state"])
        for each in EngineState:
            state.add_metric([each.value], each is self._engine.state)
        yield state

    def _request_metrics(self) -> Iterator[Metric]:
        counter = CounterMetricFamily("twinstream_requests", "Requests by how they ended.", labels=["outcome"])
        for outcome, count in self._requests.counts.items():
            counter.add_metric([outcome.value], count)
        yield counter
        yield _histogram(
            "twinstream_request_duration_seconds",
            "From a request's arrival to the last byte of its complete answer.",
            self._requests.answer_seconds,
        )

    def _load(self) -> Iterator[Metric]:
        slots = free = waiting = 0
        with suppress(ServerError):  # no model, or no longer
            model = self._engine.model
            slots = model.executor.capabilities.slots
            free, waiting = model.scheduler.free_slots, model.scheduler.waiting_count
        yield GaugeMetricFamily("twinstream_requests_waiting", "Requests that wait for a slot.", waiting)
        yield GaugeMetricFamily("twinstream_slots_in_use", "Slots in which an answer is made.", slots - free)
        yield GaugeMetricFamily("twinstream_slots", "Slots that there are; 0 until the model is loaded.", slots)

    def _token_metrics(self) -> Iterator[Metric]:
        statistics = self._engine.statistics
        for name, text, value in (
            ("twinstream_prompt_tokens", "Tokens of prompts that were read.", statistics.prompt_tokens),
            ("twinstream_cached_prompt_tokens", "Of these, those that a slot still held.", statistics.cached_tokens),
            ("twinstream_generated_tokens", "Tokens of answers.", statistics.generated_tokens),
        ):
            yield CounterMetricFamily(name, text, value)

    def _step_metrics(self) -> Iterator[Metric]:
        statistics = self._engine.statistics
        for name, text, histogram in (
            ("queue_wait", "From arrival to a slot, of answers that have begun.", statistics.queue_seconds),
            ("time_to_first_token", "From arrival to the first token.", statistics.first_token_seconds),
            ("inter_token", "Between two tokens of an answer.", statistics.inter_token_seconds),
        ):
            yield _histogram(f"twinstream_{name}_seconds", text, histogram)
        kinds = {"prefill": statistics.prefill_seconds, "decode": statistics.decode_seconds}
        yield _histograms("twinstream_step_duration_seconds", "Steps of the engine by their kind.", "kind", kinds)


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    return _histograms(name, text, None, {"": histogram})


def _histograms(name: str, text: str, label: str | None, histograms: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=[label] if label else [])
    for value, histogram in histograms.items():
        snapshot = histogram.snapshot()
        bounds = [*map(floatToGoString, snapshot.bounds), "+Inf"]
        buckets = list(zip(bounds, snapshot.cumulative_counts, strict=True))
        family.add_metric([value] if label else [], buckets, snapshot.sum)
    return family
