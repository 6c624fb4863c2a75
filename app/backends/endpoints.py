"""A choice of the sidebar that has several models behind it: what it offers, and the contract of what lists them."""

from dataclasses import dataclass
from typing import Protocol

from app.backends.base import Backend


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the list. `name` is what it is chosen by: `endpoint`, or `endpoint/inference-component`.

    `reason` says in a sentence why it cannot be chosen; empty where it can. `label` is for people: name, model, status.
    """

    name: str
    label: str
    reason: str = ""

    @property
    def is_offered(self) -> bool:
        return not self.reason


class EndpointCatalog(Protocol):
    """Every method that asks raises a BackendError, and nothing else, when it cannot do its work."""

    async def endpoints(self, *, is_fresh: bool = False) -> tuple[Endpoint, ...]:
        """All that there are, the offered ones first; from memory where that is recent, unless `is_fresh` is asked."""

    def backend(self, name: str) -> Backend:
        """What speaks to that endpoint. Asks nothing yet; an unknown name shows when the backend is used."""

    async def aclose(self) -> None:
        """Lets connections and threads go. No stream may be open."""
