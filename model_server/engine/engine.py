"""The engine: requests in, streams of text out. The only join of text and tokens.

It owns one thread, which loads the model and then steps for as long as there is work. Requests and cancels reach the
thread by one inbox, at the beginning of a step; what a step made reaches the event loop by one wake-up, at its end.
Does not know of HTTP, and imports torch only in its thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from enum import Enum
from queue import SimpleQueue

from model_server.engine.channel import Batch, Channel, deliver
from model_server.engine.generation import Generation
from model_server.engine.inbox import Cancel, Command, Stop, Submit, take_commands
from model_server.engine.model import LoadedModel, load_model
from model_server.engine.observation import observe_stream
from model_server.engine.request import Failed, Finished, FinishReason, GenerationRequest, TextDelta
from model_server.engine.sequence import Sequence, SequenceState
from model_server.engine.statistics import EngineStatistics
from model_server.engine.tokenizer import Tokenizer
from model_server.errors import (
    GenerationFailed,
    ModelFailed,
    ModelLoading,
    RequestTimedOut,
    ServerBusy,
    ServerError,
    ServerStopping,
)
from model_server.settings import ServerSettings

logger = logging.getLogger(__name__)

STOP_PATIENCE_SECONDS = 1.0
FAILED_STEPS = 8  # in a row: no longer the fault of one request; a device that died makes every step fail


class EngineState(Enum):
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


class Engine:
    """Made anywhere, started and used on one event loop. `load` and `clock` are exchangeable for tests."""

    def __init__(
        self,
        settings: ServerSettings,
        load: Callable[[ServerSettings], LoadedModel] = load_model,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.statistics = EngineStatistics()
        self._settings = settings
        self._load = load
        self._clock = clock  # read by both threads
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._open_channels: set[Channel] = set()  # of the event loop
        self._generations: dict[Sequence, Generation] = {}  # of the engine's thread
        self._model: LoadedModel | None = None
        self._failure = ModelFailed()  # what requests are told where there is no model
        self._failed_steps = 0  # in a row, of the engine's thread
        self._state = EngineState.LOADING  # written by the engine's thread only
        self._is_stopping = False  # written by the event loop only
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def state(self) -> EngineState:
        return EngineState.STOPPED if self._is_stopping else self._state

    @property
    def stream_count(self) -> int:
        """How many streams are open, in slots or waiting for one."""
        return len(self._open_channels)

    @property
    def is_running(self) -> bool:
        """Whether its thread still works, also after `stop` has lost its patience."""
        return self._thread.is_alive()

    @property
    def model(self) -> LoadedModel:
        """The loaded model; raises ModelLoading, ModelFailed or ServerStopping where there is none to use."""
        if self._model is None or self.state is not EngineState.READY:
            if self.state is EngineState.FAILED:
                raise self._failure.with_traceback(None)  # raised many times
            raise ServerStopping() if self._is_stopping else ModelLoading()
        return self._model

    def require_ready(self) -> None:
        """Raise what keeps the model from answering, if anything."""
        _ = self.model

    @property
    def tokenizer(self) -> Tokenizer:
        return self.model.tokenizer

    def start(self) -> None:
        """Begin to load, in the engine's thread; to be called on the event loop that will read the streams."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """End every open stream with an error, then the thread; returns within seconds even in the midst of a step."""
        if self._is_stopping:
            return
        self._is_stopping = True  # from here on nothing is submitted
        for channel in self._open_channels:
            channel.put([Failed(ServerStopping())])
        self._inbox.put(Stop())
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, STOP_PATIENCE_SECONDS)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TextDelta | Finished, None]:
        """Yield the answer's text, then exactly one Finished; use it with `aclosing`.

        Closing it cancels the request and frees its slot before the next step. Raises a ServerError on failure.
        """
        with observe_stream() as observation:
            request.check_fits(self.tokenizer.maximum_length)
            channel, now_seconds = Channel(), self._clock()
            deadline_seconds = now_seconds + self._settings.request_timeout_seconds
            generation = Generation(request, self.tokenizer.pieces, channel, deadline_seconds, now_seconds)
            observation.sequence = generation.sequence
            self._open_channels.add(channel)
            self._inbox.put(Submit(generation))
            try:
                while True:
                    for event in await channel.take():
                        if isinstance(event, Failed):
                            raise event.error
                        if isinstance(event, Finished):
                            observation.finish(event.reason)
                        yield event
                        if isinstance(event, Finished):
                            return
            finally:
                self._open_channels.discard(channel)
                self._inbox.put(Cancel(generation))

    # Everything below runs in the engine's thread.

    def _run(self) -> None:
        model = self._load_model()
        if model is not None:
            try:
                while self.step(model):
                    pass
            except Exception:
                logger.exception("The engine has failed; the server is to be started anew.")
                self._fail()
            model.executor.close()

    def _load_model(self) -> LoadedModel | None:
        try:
            self._model = self._load(self._settings)
        except ServerError as error:
            logger.error("The model could not be loaded: %s", error)
            if isinstance(error, ModelFailed):
                self._failure = error
        except Exception:
            logger.exception("The model could not be loaded.")
        self._state = EngineState.FAILED if self._model is None else EngineState.READY
        if self._model is not None:
            logger.info("The model is loaded and answers.")
        return self._model

    def step(self, model: LoadedModel) -> bool:
        """Do one step, the main path of this program; return False when the engine is to stop."""
        if not self._receive(model):
            return False
        self._expire(model)
        start_seconds = self._clock()
        try:
            advanced = model.scheduler.step(start_seconds)
            self.statistics.add_step(model.scheduler.prefilled_last, start_seconds, self._clock(), advanced)
            self._publish(self._to_events(model, advanced))
            self._failed_steps = 0 if advanced else self._failed_steps
        except Exception:
            logger.exception("A step failed; every answer that was in it ends with an error.")
            self._fail_step(model)
            self._failed_steps += 1
            if self._failed_steps == FAILED_STEPS:
                raise
        return True

    def _receive(self, model: LoadedModel) -> bool:
        """Carry out the commands that have arrived; wait for one only where there is nothing else to do."""
        for command in take_commands(self._inbox, waits=not model.scheduler.has_work):
            if isinstance(command, Stop):
                return False
            if isinstance(command, Submit):
                self._admit(model, command.generation)
            elif self._generations.pop(command.generation.sequence, None) is not None:
                model.scheduler.finish(command.generation.sequence, None)
        return True

    def _admit(self, model: LoadedModel, generation: Generation) -> None:
        try:
            model.scheduler.add(generation.sequence)
            self._generations[generation.sequence] = generation
        except ServerBusy as error:
            self._publish([(generation.channel, [Failed(error)])])

    def _expire(self, model: LoadedModel) -> None:
        """End the answers whose time is over, before the step in which their slots are used again."""
        expired = [self._generations.pop(sequence) for sequence in model.scheduler.expire(self._clock())]
        self._publish([(generation.channel, [Failed(RequestTimedOut())]) for generation in expired])

    def _to_events(self, model: LoadedModel, advanced: list[Sequence]) -> Batch:
        """Return what each reader is to get; an answer that a stop string ends frees its slot here."""
        batch: Batch = []
        for sequence in advanced:
            generation = self._generations[sequence]
            text, is_stopped = generation.accept_token()
            if is_stopped:
                model.scheduler.finish(sequence, FinishReason.STOP)
            batch.append((generation.channel, generation.events(text)))
        for sequence in advanced:
            if sequence.is_finished:
                del self._generations[sequence]
        return batch

    def _fail_step(self, model: LoadedModel) -> None:
        """End every answer that may have been in the step; those that wait for a slot go on waiting."""
        failed = [sequence for sequence in self._generations if sequence.state is not SequenceState.WAITING]
        channels = [self._generations.pop(sequence).channel for sequence in failed]
        model.scheduler.abandon()
        self._publish([(channel, [Failed(GenerationFailed())]) for channel in channels])

    def _fail(self) -> None:
        """End what is open, after an error outside any step: nobody makes these answers any more."""
        self._state = EngineState.FAILED
        self._publish([(generation.channel, [Failed(GenerationFailed())]) for generation in self._generations.values()])

    def _publish(self, batch: Batch) -> None:
        """Wake the event loop once, for all readers together."""
        if batch and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(deliver, batch)
