"""Cutting an answer at a stop text that a server leaves in it, wherever the pieces end."""


class StopText:
    """Feed it text; it gives back what may be shown, and holds back what may become a stop text.

    The first stop text that is complete ends the answer; where two are complete at once, the longer.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.is_reached = False

    def feed(self, text: str) -> str:
        if self.is_reached:
            return ""
        text = self._held + text
        found = [(text.index(stop) + len(stop), text.index(stop)) for stop in self._stops if stop in text]
        self.is_reached = bool(found)
        shown_until = min(found)[1] if found else len(text) - self._promising_length(text)
        self._held = "" if found else text[shown_until:]
        return text[:shown_until]

    def flush(self) -> str:
        """What was held back: no stop text, as nothing follows."""
        text, self._held = self._held, ""
        return text

    def _promising_length(self, text: str) -> int:
        """How many of the last characters may be the beginning of a stop text."""
        return max(
            (length for stop in self._stops for length in range(1, len(stop)) if text.endswith(stop[:length])),
            default=0,
        )
