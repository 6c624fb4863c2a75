"""The endpoints behind a line of the sidebar, as they were found, and what the page says of them."""

import logging
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.backends.endpoints import Endpoint, EndpointCatalog
from app.endpoint_errors import AwsCredentialsMissing, AwsRegionMissing
from app.errors import BackendError, ChatError
from app.ui.plain import shown_as_text

logger = logging.getLogger(__name__)

LOOKING = "Looking for endpoints…"


@dataclass(frozen=True, slots=True)
class EndpointList:
    """`problem` is the sentence of why nothing could be listed, and then there are no endpoints.

    `is_unusable`: nothing on the page can change that, so the line cannot be chosen at all.
    """

    endpoints: tuple[Endpoint, ...] = ()
    problem: str = ""
    is_unusable: bool = False

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Label and name, as a dropdown takes them."""
        return [(endpoint.label, endpoint.name) for endpoint in self.endpoints if endpoint.is_offered]

    def choose(self, chosen: str | None) -> str | None:
        """The first while none is; what is no longer offered leaves the choice empty, for the person to make."""
        names = [name for _, name in self.offered]
        if not chosen:
            return next(iter(names), None)
        return chosen if chosen in names else None

    def status(self) -> str:
        """What to say while none is chosen."""
        if self.problem:
            return f"⚠ {self.problem}"
        if self.offered:
            return "Choose an endpoint."
        if self.endpoints:
            return "⚠ None of the endpoints in this account and region can be chosen; the list below says why."
        return (
            "⚠ There is no endpoint in this account and region. Deploy one with "
            "`python -m model_server.sagemaker deploy`, or set AWS_REGION to the region of yours and start the page "
            "again."
        )

    def refused_html(self) -> str:
        """A folded list of what is not offered; empty where everything is."""
        refused = [endpoint for endpoint in self.endpoints if not endpoint.is_offered]
        if not refused:
            return ""
        count = "1 endpoint is" if len(refused) == 1 else f"{len(refused):,} endpoints are"
        items = "".join(
            f"<li><strong>{shown_as_text(endpoint.name)}</strong> {shown_as_text(endpoint.reason)}</li>"
            for endpoint in refused
        )
        return f"<details><summary>{count} not offered</summary><ul>{items}</ul></details>"


class EndpointFinder:
    """The handlers that look for endpoints. Input: the chosen one. Outputs: listed, endpoint, unusable, refused."""

    def __init__(self, label: str, catalog: EndpointCatalog) -> None:
        self._label = label
        self._catalog = catalog

    async def find(self, chosen: str | None) -> Any:
        return self._outputs(await list_endpoints(self._catalog, is_fresh=False), chosen)

    async def find_anew(self, chosen: str | None) -> Any:
        return self._outputs(await list_endpoints(self._catalog, is_fresh=True), chosen)

    def _outputs(self, listed: EndpointList, chosen: str | None) -> Any:
        """A list that could not be had leaves what was found before, and what is chosen of it."""
        if listed.problem:
            choices, refused = gr.skip(), gr.skip()
        else:
            choices = gr.update(choices=listed.offered, value=listed.choose(chosen))
            refused = gr.update(value=listed.refused_html())
        unusable = gr.update(value=f"{self._label} cannot be chosen yet. {listed.problem}", visible=listed.is_unusable)
        return listed, choices, unusable, refused


async def list_endpoints(catalog: EndpointCatalog, *, is_fresh: bool) -> EndpointList:
    """Raises nothing: what went wrong is what the list says."""
    try:
        return EndpointList(await catalog.endpoints(is_fresh=is_fresh))
    except (AwsCredentialsMissing, AwsRegionMissing) as error:
        return EndpointList(problem=error.user_message, is_unusable=True)
    except BackendError as error:
        logger.warning("the endpoints could not be listed: %r", error)
        return EndpointList(problem=error.user_message)
    except Exception:
        logger.exception("the endpoints could not be listed")
        return EndpointList(problem=ChatError().user_message)
