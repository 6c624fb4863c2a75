"""One cell: warm up, ask under its load, count, calculate. What was measured when it is broken off is kept."""

import asyncio
from dataclasses import dataclass, field, replace
from random import Random

from app.backends.base import Backend
from app.generation import Usage
from app.loadtest.answer import Answer, Outcome, ask
from app.loadtest.drive import drive
from app.loadtest.error_limit import ErrorLimit
from app.loadtest.errors import LoadtestError
from app.loadtest.figures import figures_of
from app.loadtest.plan import CellKey, Plan, Users
from app.loadtest.progress import Progress
from app.loadtest.questions import Questions
from app.loadtest.results import Cell, CellState


@dataclass(slots=True)
class CellMeasurement:
    """Owns the answers of one cell while it is measured."""

    backend: Backend
    questions: Questions
    plan: Plan
    key: CellKey
    progress: Progress
    answers: list[Answer] = field(default_factory=list)

    async def warm_up(self) -> None:
        """Raises LoadtestError where the target fails: then nothing that follows would be better."""
        load = self.key.load
        count = min(self.plan.warm_up_requests, load.count if isinstance(load, Users) else self.plan.warm_up_requests)
        requests = [self.questions.begin_chat().ask(self.key.input_words) for _ in range(count)]
        now = asyncio.get_running_loop().time()
        timeout_seconds = self.plan.limits.timeout_seconds
        answers = await asyncio.gather(*(ask(self.backend, request, now, timeout_seconds) for request in requests))
        for answer in answers:
            if answer.outcome is Outcome.FAILED:
                raise LoadtestError(answer.user_message)

    async def run(self) -> None:
        """Asks until the cell's time has come. Raises CellStopped for too many errors."""
        limit = ErrorLimit(self.plan.limits.error_share)

        async def chat(intended_seconds: float) -> float:
            return await self._chat(intended_seconds, limit)

        source = Random(f"{self.plan.seed} {self.key}")
        try:
            # A task of its own: a group that ends with an error leaves its task marked as cancelled (Python 3.11), and
            # Ctrl-C would then not be known for what it is.
            await asyncio.create_task(drive(self.key.load, self.plan.length, chat, source))
        except BaseExceptionGroup as errors:  # noqa: F821  the page needs Python 3.11
            raise errors.exceptions[0] from errors

    def cell(self, state: CellState, reason: str = "") -> Cell:
        """The figures of what has ended by now."""
        if not self.answers:
            return Cell(self.key, CellState.NOT_MEASURED, reason)
        answers = [self._counted(answer) for answer in self.answers]
        figures = figures_of(answers, self.plan.objective, self.plan.price_per_hour)
        reason = reason or ("" if figures.answered else f"no answer to {figures.requests} questions")
        return Cell(self.key, state, reason, figures, answers != self.answers)

    async def _chat(self, intended_seconds: float, limit: ErrorLimit) -> float:
        chat = self.questions.begin_chat()
        for turn in range(1, self.plan.turns + 1):
            limit.ask()
            answer = await ask(
                self.backend,
                chat.ask(self.key.input_words),
                intended_seconds,
                self.plan.limits.timeout_seconds,
                turn,
            )
            self.answers.append(answer)
            self.progress.answered(answer)
            limit.check(answer)
            if not answer.is_answered:
                return answer.pause_seconds
            chat.hear(answer.text)
            intended_seconds = answer.ended_seconds
        return 0.0

    def _counted(self, answer: Answer) -> Answer:
        if answer.usage or not answer.is_answered:
            return answer
        return replace(answer, usage=Usage(None, self.questions.count_tokens(answer.text)))
