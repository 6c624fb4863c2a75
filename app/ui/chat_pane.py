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
from typing import Any

import gradio as gr

from app.backends.catalog import BackendChoice
from app.chat import Turn, respond
from app.conversation import Conversation, Role, check_message
from app.endpoint_errors import EndpointNotChosen
from app.errors import ChatError, InvalidMessage
from app.observation import NOBODY, TurnObserver, observed
from app.text import encodable
from app.ui.messages import Answer, PageMessage, awaits_answer, page_message, read_message
from app.ui.pacing import frame_seconds_for, paced
from app.ui.plain import plain_endpoint_name
from app.ui.running import RunningAnswers
from app.ui.sidebar import TurnSettings

logger = logging.getLogger(__name__)

# A message that was not sent after all, and why: it goes back into the text box.
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
        if not text.strip():
            return gr.skip()
        try:
            check_message(text)
            self._check_choice(label, endpoint)
        except (InvalidMessage, EndpointNotChosen) as error:
            return gr.skip(), gr.skip(), _notice(error.user_message), gr.skip(), gr.skip()
        if not self._running.begin(_session(request)):
            return gr.skip()
        asked = page_message(Role.USER, encodable(text))
        return "", [*history, asked], _notice(), gr.update(visible=False), gr.update(visible=True)

    def _check_choice(self, label: str, endpoint: str | None) -> None:
        if self._choices[label].endpoints and not endpoint:
            raise EndpointNotChosen

    def accept_starter(
        self,
        selected: gr.SelectData,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        request: gr.Request,
    ) -> Any:
        """A starter card's text, past the text box, whose draft stays. Outputs: chat, notice, send, stop."""
        outputs = self.accept(str(selected.value["text"]), history, label, endpoint, request)
        return outputs[1:] if isinstance(outputs, tuple) else outputs

    def accept_again(self, history: list[PageMessage], label: str, endpoint: str | None, request: gr.Request) -> Any:
        """The last question once more; the browser keeps its answer as a version. Outputs: chat, notice, send, stop."""
        if len(history) < 2 or awaits_answer(history):
            return gr.skip()
        question = read_message(history[-2]).content
        outputs = self.accept(question, history[:-2], label, endpoint, request)
        return outputs[1:] if isinstance(outputs, tuple) else outputs

    def accept_edited(
        self,
        edited: gr.EditData,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        request: gr.Request,
    ) -> Any:
        """A question in other words; what came after it is gone. Outputs: chat, notice, send, stop."""
        index = edited.index[0] if isinstance(edited.index, (tuple, list)) else edited.index
        outputs = self.accept(str(edited.value), history[:index], label, endpoint, request)
        return outputs[1:] if isinstance(outputs, tuple) else outputs

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
            async with aclosing(self._answers(history, session_id, stop, sidebar)) as answers:
                async for answer in answers:
                    if not self._running.is_under_way(session, stop):
                        return  # a new chat has begun, and nothing may be drawn into it
                    yield [*history, answer], None
        except InvalidMessage as error:
            yield history[:-1], (read_message(history[-1]).content, error.user_message)
        finally:
            self._running.end(session, stop)

    async def _answers(
        self, history: list[PageMessage], session_id: str, stop: asyncio.Event, sidebar: tuple[Any, ...]
    ) -> AsyncGenerator[PageMessage]:
        """The answer's message at each frame, and at last as it ended. Raises only InvalidMessage."""
        answer = Answer("")
        try:
            settings = TurnSettings.from_page(*sidebar)
            choice = self._choices[settings.backend_label]
            answer = Answer(_answerer(choice, settings.endpoint_name))
            conversation = Conversation.from_messages(settings.system_prompt, map(read_message, history))
            turn = Turn(conversation, settings.parameters, _identity(session_id), settings.prompt_format)
            events = observed(respond(choice.backend_for(settings.endpoint_name), turn), choice.label, self._observer)
            async with aclosing(paced(events, stop, frame_seconds_for(len(history)))) as batches:
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
