"""Two panes that answer the same message, each with a model, settings and a history of its own.

While nothing is compared there is the left pane alone. One message goes to both, one Stop ends both, and the buttons
come back when both have ended; what else happens in one does not touch the other.
"""

from typing import Any

import gradio as gr

from app.backends.catalog import BackendChoice
from app.endpoint_errors import EndpointNotChosen
from app.errors import InvalidMessage
from app.observation import NOBODY, TurnObserver
from app.ui.chat_pane import LEFT, RIGHT, ChatPane, notice
from app.ui.cost import DOLLARS_PER_HOUR, usual_instance
from app.ui.endpoint_list import EndpointList
from app.ui.figures import Outcome, Refusal, figures_table
from app.ui.messages import PageMessage
from app.ui.running import RunningAnswers

_HIDE, _SHOW = gr.update(visible=False), gr.update(visible=True)


class Comparison:
    """The handlers of a page, for both of its panes."""

    def __init__(self, choices: tuple[BackendChoice, ...], observer: TurnObserver = NOBODY) -> None:
        self._choices = {choice.label: choice for choice in choices}
        self._running = RunningAnswers()
        self.left = ChatPane(choices, self._running, LEFT, observer)
        self.right = ChatPane(choices, self._running, RIGHT, observer)

    def accept(
        self,
        text: str,
        request: gr.Request,
        history: list[PageMessage],
        label: str,
        endpoint: str | None,
        is_comparing: bool,
        right_history: list[PageMessage],
        right_label: str,
        right_endpoint: str | None,
        asked: int,
    ) -> Any:
        """The message into the chat, or into both. Outputs: message, chat, notice, send, stop, right chat, asked.

        `asked` changes where the right pane is to answer, too.
        """
        if not is_comparing:
            outputs = self.left.accept(text, history, label, endpoint, request)
            return (*outputs, gr.skip(), gr.skip()) if isinstance(outputs, tuple) else outputs
        if not text.strip():
            return gr.skip()
        try:
            self.left.check(text, label, endpoint)
            self.right.check(text, right_label, right_endpoint)
        except (InvalidMessage, EndpointNotChosen) as error:
            return gr.skip(), gr.skip(), notice(error.user_message), *[gr.skip()] * 4
        if not self._running.begin(self.left.place(request), self.right.place(request)):
            return gr.skip()
        question = self.left.question(text)
        return "", [*history, question], notice(), _HIDE, _SHOW, [*right_history, question], asked + 1

    def accept_starter(self, selected: gr.SelectData, request: gr.Request, *page: Any) -> Any:
        """A starter card's text, past the text box, whose draft stays. Outputs: as `accept`, without the message."""
        outputs = self.accept(str(selected.value["text"]), request, *page)
        return outputs[1:] if isinstance(outputs, tuple) else outputs

    def settle(
        self,
        left: Outcome,
        right: Outcome,
        left_price: float | None,
        right_price: float | None,
        text: str,
        request: gr.Request,
    ) -> Any:
        """Buttons back once nothing is under way; a message that went nowhere back into its box, before what was typed.

        Outputs: left outcome, right outcome, message, notice, send, stop, figures.
        """
        left_runs, right_runs = (self._running.is_under_way(pane.place(request)) for pane in (self.left, self.right))
        figures = self.figures(None if left_runs else left, None if right_runs else right, left_price, right_price)
        if not right_runs and right is None:
            figures = gr.skip()
        if left_runs or right_runs:  # or of another click, which has a settle of its own
            return *[gr.skip()] * 6, figures
        kept = [None if isinstance(outcome, Refusal) else gr.skip() for outcome in (left, right)]
        return *kept, *_restored(left, right, text), _SHOW, _HIDE, figures

    def figures(self, left: Outcome, right: Outcome, left_price: float | None, right_price: float | None) -> str:
        return figures_table(left, right, left_price, right_price)

    def toggle(
        self,
        is_comparing: bool,
        history: list[PageMessage],
        right_history: list[PageMessage],
        listed: EndpointList | None,
        request: gr.Request,
        *sidebar: Any,
    ) -> Any:
        """The right pane opens with a copy of the left one, or with what the browser kept of it; or it goes.

        Outputs: right column, results, left outcome, right outcome, figures, right chat, right endpoint's list, the
        right pane's settings in the order of the sidebar's.
        """
        if not is_comparing:
            self._running.forget(self.right.place(request))
            return _HIDE, _HIDE, None, None, "", [], *[gr.skip()] * len(sidebar)
        shown = _SHOW, _SHOW, None, None, ""
        if right_history:
            return *shown, *[gr.skip()] * (len(sidebar) + 1)
        label, endpoint, *settings = sidebar
        is_answering = self._running.is_under_way(self.left.place(request))
        copied = _before_last_question(history) if is_answering else history
        return *shown, copied, label, self.offer(listed, label, endpoint), *settings

    def offer(self, listed: EndpointList | None, label: str, endpoint: str | None) -> Any:
        """The right pane's list of endpoints, where its model has any."""
        offered = listed or EndpointList()
        is_visible = self._choices[label].endpoints is not None
        return gr.update(choices=offered.offered, value=offered.choose(endpoint), visible=is_visible)

    def usual_price(self, label: str) -> tuple[str, float]:
        """For another model than before. Outputs: instance, price."""
        instance = usual_instance(self._choices[label])
        return instance, DOLLARS_PER_HOUR[instance]

    def price(self, instance: str) -> float:
        return DOLLARS_PER_HOUR[instance]

    def stop(self, request: gr.Request) -> None:
        for pane in (self.left, self.right):
            self._running.stop(pane.place(request))

    def leave(self, request: gr.Request) -> None:
        """The tab was closed, or a new chat begins: nobody waits for the answers."""
        for pane in (self.left, self.right):
            self._running.forget(pane.place(request))


def _restored(left: Outcome, right: Outcome, text: str) -> tuple[Any, Any]:
    """The message's box and the notice. The message comes back where no pane has taken it."""
    refusals = {side: outcome for side, outcome in (("Left", left), ("Right", right)) if isinstance(outcome, Refusal)}
    if not refusals:
        return gr.skip(), gr.skip()
    asked = [outcome for outcome in (left, right) if outcome is not None]
    first, *_ = refusals.values()
    if len(asked) == 1:
        reason = first.reason
    else:
        reason = "\n\n".join(f"{side}: {refusal.reason}" for side, refusal in refusals.items())
    box = "\n\n".join(filter(None, [first.text, text])) if len(refusals) == len(asked) else gr.skip()
    return box, notice(reason)


def _before_last_question(history: list[PageMessage]) -> list[PageMessage]:
    questions = [index for index, message in enumerate(history) if message["role"] == "user"]
    return history[: questions[-1]] if questions else []
