"""The chat itself: what a click on Send sets in motion, step by step, and what ends it.

`accept` takes the message in, `stream` fills the answer, `settle` gives the buttons back. Stop is cooperative: it asks
the running answer to end, which closes the request to the model and keeps the text.
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

# A message that was not sent after all, and why: it goes back into the text box. Empty where it stayed in the chat.
Refusal = tuple[str, str]


class ChatPane:
    """The handlers of one page. Everything that belongs to a person is in the browser or under the session's name."""

    def __init__(self, choices: tuple[BackendChoice, ...], observer: TurnObserver = NOBODY) -> None:
        self._choices = {choice.label: choice for choice in choices}
        self._observer = observer
        self._running = RunningAnswers()

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
        asked = page_message(Role.USER, encodable(text))
        return self._begin(text, [*history, noted(asked, note)], label, endpoint, request)

    def _begin(self, text: str, chat: list[PageMessage], label: str, endpoint: str | None, request: gr.Request) -> Any:
        """`chat` awaits an answer, which begins. Outputs: chat, notice, send, stop."""
        try:
            check_message(text)
            if self._choices[label].endpoints and not endpoint:
                raise EndpointNotChosen
        except (InvalidMessage, EndpointNotChosen) as error:
            return gr.skip(), _notice(error.user_message), gr.skip(), gr.skip()
        if not self._running.begin(_session(request)):
            return gr.skip()
        return chat, _notice(), gr.update(visible=False), gr.update(visible=True)

    def accept_starter(
        self,
        selected: gr.SelectData,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        request: gr.Request,
    ) -> Any:
        """A starter card's text, past the text box, whose draft stays. Outputs: chat, notice, send, stop."""
        return self._ask(str(selected.value["text"]), history, label, endpoint, request)

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
        """The chat with the answer as it grows. Outputs: chat, refusal."""
        session = _session(request)
        # in this order: a call whose page does not show the question yet must leave the answer to the one that does
        stop = self._running.claim(session) if awaits_answer(history) else None
        if stop is None:
            yield gr.skip(), gr.skip()  # nothing was accepted; a generator that yields nothing would empty the chat
            return
        try:
            questions, begun = _split(history)
            yield [*questions, begun.message()], None  # at once, so that the page shows that something happens
            async with aclosing(self._answers(questions, begun, session_id, stop, sidebar)) as answers:
                async for answer in answers:
                    if not self._running.is_under_way(session, stop):
                        return  # a new chat has begun, and nothing may be drawn into it
                    yield [*questions, answer], None
        except InvalidMessage as error:
            yield _refused(history, error)
        finally:
            self._running.end(session, stop)

    async def _answers(
        self,
        questions: list[PageMessage],
        answer: Answer,
        session_id: str,
        stop: asyncio.Event,
        sidebar: tuple[Any, ...],
    ) -> AsyncGenerator[PageMessage]:
        """The answer's message at each frame, and at last as it ended. Raises only InvalidMessage."""
        try:
            settings = TurnSettings.from_page(*sidebar)
            choice = self._choices[settings.backend_label]
            answer = replace(answer, backend_label=_answerer(choice, settings.endpoint_name))
            conversation = Conversation.from_messages(settings.system_prompt, map(read_message, questions))
            turn = Turn(conversation, settings.parameters, _identity(session_id), settings.prompt_format, answer.text)
            events = observed(respond(choice.backend_for(settings.endpoint_name), turn), choice.label, self._observer)
            async with aclosing(paced(events, stop, frame_seconds_for(len(questions)))) as batches:
                async for batch in batches:
                    answer = answer.after(batch)
                    yield answer.message()
            yield (answer.stopped() if stop.is_set() else answer).message()
        except InvalidMessage:
            raise
        except ChatError as error:
            logger.warning("the answer failed: %r", error)
            yield answer.failed(error).message()
        except Exception:
            logger.exception("the answer failed")
            yield answer.failed(ChatError()).message()

    def settle(self, refusal: Refusal | None, text: str, request: gr.Request) -> Any:
        """Buttons back; a refused message back into its box, before what was typed meanwhile.

        Outputs: refusal, message, notice, send, stop.
        """
        if self._running.is_under_way(_session(request)):  # of another click, which has a settle of its own
            return gr.skip()
        buttons = gr.update(visible=True), gr.update(visible=False)
        if refusal is None:
            return None, gr.skip(), gr.skip(), *buttons
        refused, reason = refusal
        return None, "\n\n".join(filter(None, [refused, text])), _notice(reason), *buttons

    def stop(self, request: gr.Request) -> None:
        self._running.stop(_session(request))

    def leave(self, request: gr.Request) -> None:
        """The tab was closed, or a new chat begins: nobody waits for the answer."""
        self._running.forget(_session(request))


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
            return [*history[:-1], noted(last, Note.REFUSED)], ("" if note is Note.AGAIN else text, reason)
        case Note.CONTINUED:
            return [*history[:-1], noted(last, None)], ("", reason)
        case _:
            return history[:-1], (text, reason)


def _answerer(choice: BackendChoice, endpoint_name: str) -> str:
    """Who answers, for the footer."""
    return f"{choice.label} · {plain_endpoint_name(endpoint_name)}" if choice.endpoints else choice.label


def _identity(given: str) -> str:
    """The conversation's id as the browser gives it, for a header; another where it is none of ours."""
    return given if re.fullmatch("[0-9a-f]{32}", given or "") else uuid.uuid4().hex


def _notice(text: str = "") -> Any:
    return gr.update(value=text, visible=bool(text))


def _session(request: gr.Request) -> str:
    return request.session_hash or ""
