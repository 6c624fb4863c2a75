"""One pane of the chat: what a click on Send sets in motion there, step by step.

`accept` takes the message in, `stream` fills the answer, and `settle` of `compare.py` gives the buttons back. Stop is
cooperative: it asks the running answer to end, which closes the request to the model and keeps the text.
"""

import asyncio
import logging
import re
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import gradio as gr

from app.backends.catalog import BackendChoice
from app.chat import Turn, respond
from app.conversation import Conversation, Role, check_message
from app.endpoint_errors import EndpointNotChosen
from app.errors import ChatError, InvalidMessage
from app.observation import NOBODY, TurnObserver, observed
from app.text import encodable
from app.ui.figures import Refusal, figures_of
from app.ui.marks import unmarked
from app.ui.messages import (
    Answer,
    Note,
    PageMessage,
    awaits_answer,
    note_of,
    noted,
    page_message,
    read_message,
)
from app.ui.pacing import frame_seconds_for, paced
from app.ui.plain import plain_endpoint_name
from app.ui.running import RunningAnswers
from app.ui.sidebar import TurnSettings

logger = logging.getLogger(__name__)

LEFT, RIGHT = "left", "right"


class ChatPane:
    """The handlers of one pane. Everything that belongs to a person is in the browser or under the session's name."""

    def __init__(
        self,
        choices: tuple[BackendChoice, ...],
        running: RunningAnswers,
        name: str,
        observer: TurnObserver = NOBODY,
    ) -> None:
        self._choices = {choice.label: choice for choice in choices}
        self._running = running
        self._name = name
        self._observer = observer

    def place(self, request: gr.Request) -> tuple[str, str]:
        """Where this pane's answer is under way."""
        return request.session_hash or "", self._name

    def accept(
        self, text: str, history: list[PageMessage], label: str, endpoint: str | None, request: gr.Request
    ) -> Any:
        """The message into the chat, or a notice beside the unchanged chat.

        Outputs: message, chat, notice, send, stop.
        """
        outputs = self._ask(text, history, label, endpoint, request)
        is_accepted = isinstance(outputs, tuple) and isinstance(outputs[0], list)
        return ("" if is_accepted else gr.skip(), *outputs) if isinstance(outputs, tuple) else outputs

    def _ask(
        self,
        text: str,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        request: gr.Request,
        note: Note | None = None,
    ) -> Any:
        """Outputs: chat, notice, send, stop."""
        if not text.strip():
            return gr.skip()
        return self._begin(text, [*history, noted(self.question(text), note)], label, endpoint, request)

    def _begin(self, text: str, chat: list[PageMessage], label: str, endpoint: str | None, request: gr.Request) -> Any:
        """`chat` awaits an answer, which begins. Outputs: chat, notice, send, stop."""
        try:
            self.check(text, label, endpoint)
        except (InvalidMessage, EndpointNotChosen) as error:
            return gr.skip(), notice(error.user_message), gr.skip(), gr.skip()
        if not self._running.begin(self.place(request)):
            return gr.skip()
        return chat, notice(), gr.update(visible=False), gr.update(visible=True)

    def check(self, text: str, label: str, endpoint: str | None) -> None:
        """Raises InvalidMessage and EndpointNotChosen for what is not worth sending."""
        check_message(text)
        if self._choices[label].endpoints and not endpoint:
            raise EndpointNotChosen

    def question(self, text: str) -> PageMessage:
        return page_message(Role.USER, encodable(text))

    def accept_again(self, history: list[PageMessage], label: str, endpoint: str | None, request: gr.Request) -> Any:
        """The last question once more; the browser keeps its answer as a version. Outputs: chat, notice, send, stop."""
        if len(history) < 2 or awaits_answer(history):
            return gr.skip()
        question = read_message(history[-2]).content
        return self._ask(question, history[:-2], label, endpoint, request, Note.AGAIN)

    def accept_continued(
        self, history: list[PageMessage], label: str, endpoint: str | None, request: gr.Request
    ) -> Any:
        """More of the last answer. Outputs: chat, notice, send, stop."""
        if len(history) < 2 or awaits_answer(history) or not read_message(history[-1]).content.strip():
            return gr.skip()
        return self._begin("", [*history[:-1], noted(history[-1], Note.CONTINUED)], label, endpoint, request)

    def accept_edited(
        self,
        edited: gr.EditData,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        request: gr.Request,
    ) -> Any:
        """A question in other words; what came after it is gone. Outputs: chat, notice, send, stop."""
        index = edited.index[0] if isinstance(edited.index, (tuple, list)) and edited.index else edited.index
        if type(index) is not int or not 0 <= index < len(history) or history[index]["role"] != Role.USER:
            return gr.skip()
        return self._ask(unmarked(str(edited.value)), history[:index], label, endpoint, request, Note.EDITED)

    async def stream(
        self, history: list[PageMessage], session_id: str, request: gr.Request, *sidebar: Any
    ) -> AsyncGenerator[Any]:
        """The chat with the answer as it grows. Outputs: chat, outcome."""
        place = self.place(request)
        # in this order: a call whose page does not show the question yet must leave the answer to the one that does
        stop = self._running.claim(place) if awaits_answer(history) else None
        if stop is None:
            yield gr.skip(), gr.skip()  # nothing was accepted; a generator that yields nothing would empty the chat
            return
        try:
            questions, begun = _split(history)
            yield [*questions, begun.message()], None  # at once, so that the page shows that something happens
            async with aclosing(self._answers(questions, begun, session_id, stop, sidebar)) as answers:
                async for answer in answers:
                    if not self._running.is_under_way(place, stop):
                        return  # a new chat has begun, and nothing may be drawn into it
                    yield [*questions, answer.message()], figures_of(answer)
        except InvalidMessage as error:
            yield _refused(history, error)
        finally:
            self._running.end(place, stop)

    async def _answers(
        self,
        questions: list[PageMessage],
        answer: Answer,
        session_id: str,
        stop: asyncio.Event,
        sidebar: tuple[Any, ...],
    ) -> AsyncGenerator[Answer]:
        """The answer at each frame, and at last as it ended. Raises only InvalidMessage."""
        try:
            settings = TurnSettings.from_page(*sidebar)
            choice = self._choices[settings.backend_label]
            answer = replace(answer, backend_label=_answerer(choice, settings.endpoint_name))
            conversation = Conversation.from_messages(settings.system_prompt, map(read_message, questions))
            turn = Turn(
                conversation, settings.parameters, self._identity(session_id), settings.prompt_format, answer.text
            )
            events = observed(respond(choice.backend_for(settings.endpoint_name), turn), choice.label, self._observer)
            async with aclosing(paced(events, stop, frame_seconds_for(len(questions)))) as batches:
                async for batch in batches:
                    answer = answer.after(batch)
                    yield answer
            yield answer.stopped() if stop.is_set() else answer
        except InvalidMessage:
            raise
        except ChatError as error:
            logger.warning("the answer failed: %r", error)
            yield answer.failed(error)
        except Exception:
            logger.exception("the answer failed")
            yield answer.failed(ChatError())

    def _identity(self, given: str) -> str:
        """The conversation's id as the browser gives it, for a header; another where it is none of ours.

        The right pane's chat is another: on one server, neither may take the other's cache.
        """
        identity = given if re.fullmatch("[0-9a-f]{32}", given or "") else uuid.uuid4().hex
        return uuid.uuid5(uuid.UUID(identity), self._name).hex if self._name == RIGHT else identity


def _split(history: list[PageMessage]) -> tuple[list[PageMessage], Answer]:
    """What is to be answered, and the answer to begin with: an empty one, or the one that is to be continued."""
    last = history[-1]
    if note_of(last) is not Note.CONTINUED:
        return history, Answer("")
    so_far = read_message(last).content
    given = (last["metadata"] or {}).get("id")
    return history[:-1], Answer("", text=so_far, id=given) if given else Answer("", text=so_far)


def _refused(history: list[PageMessage], error: InvalidMessage) -> tuple[list[PageMessage], Refusal]:
    """The chat without what was not sent; where that stood for something else, the browser puts this back."""
    last, reason = history[-1], error.user_message
    text = read_message(last).content
    match note_of(last):
        case Note.AGAIN | Note.EDITED as note:
            return [*history[:-1], noted(last, Note.REFUSED)], Refusal("" if note is Note.AGAIN else text, reason)
        case Note.CONTINUED:
            return [*history[:-1], noted(last, None)], Refusal("", reason)
        case _:
            return history[:-1], Refusal(text, reason)


def _answerer(choice: BackendChoice, endpoint_name: str) -> str:
    """Who answers, for the footer."""
    return f"{choice.label} · {plain_endpoint_name(endpoint_name)}" if choice.endpoints else choice.label


def notice(text: str = "") -> Any:
    return gr.update(value=text, visible=bool(text))
