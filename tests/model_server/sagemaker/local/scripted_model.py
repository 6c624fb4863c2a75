"""A model server without a model: its application answers /invocations with the texts of a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from starlette.types import Message, Receive, Scope, Send

TEXTS = ("Hel", "lo, ", "naïve", " \u2028\u0085", "你好 😀", '\n"\\\t')
TEXT = "".join(TEXTS)


class ScriptedModel:
    """`bodies` is what it was asked; `running_count` how many answers are being made, as slots would be taken.

    With `pause_after`, it says nothing more after so many texts. `refusal` is a status and a body.
    """

    def __init__(
        self,
        texts: Sequence[str] = TEXTS,
        reason: str = "eos_token",
        pause_after: int | None = None,
        refusal: tuple[int, dict[str, Any]] | None = None,
    ) -> None:
        self.texts, self.reason, self.pause_after, self.refusal = texts, reason, pause_after, refusal
        self.bodies: list[dict[str, Any]] = []
        self.running_count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == "/invocations"
        body = json.loads((await receive())["body"])
        self.bodies.append(body)
        self.running_count += 1
        try:
            await self._answer(body, send)
        finally:
            self.running_count -= 1

    async def _answer(self, body: dict[str, Any], send: Send) -> None:
        if self.refusal is not None:
            await send({"type": "http.response.start", "status": self.refusal[0], "headers": []})
            await send(_chunk(json.dumps(self.refusal[1]).encode()))
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        events = self._tgi_events() if "inputs" in body else self._openai_events()
        for number, event in enumerate(events):
            if number == self.pause_after:
                await asyncio.Future()
            await send(_chunk(b"data: " + json.dumps(event).encode() + b"\n\n", more=True))
        await send(_chunk(b""))

    def _tgi_events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = [{"token": {"text": text}, "generated_text": None} for text in self.texts]
        counts = {"generated_tokens": len(self.texts) + 1, "input_length": 7}
        end = {"finish_reason": self.reason, **counts}
        return [*events, {"token": {"text": ""}, "generated_text": "".join(self.texts), "details": end}]

    def _openai_events(self) -> list[dict[str, Any]]:
        events = [{"choices": [{"delta": {"content": text}, "finish_reason": None}]} for text in self.texts]
        reason = "length" if self.reason == "length" else "stop"
        counts = {"prompt_tokens": 7, "completion_tokens": len(self.texts) + 1}
        end: list[dict[str, Any]] = [{"choices": [{"delta": {}, "finish_reason": reason}]}]
        return [*events, *end, {"choices": [], "usage": counts}]


def _chunk(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
