"""The account's endpoints for the page: listed, remembered for a minute, and each a backend.

It asks `control_plane.py`, and `offer.py` judges. However many pages ask at once, each question goes out once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from app.backends.endpoints import Endpoint, EndpointCatalog
from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.backend import SageMakerBackend
from app.backends.sagemaker.control_plane import ControlPlane
from app.backends.sagemaker.deployment import Deployment, Hosting
from app.backends.sagemaker.details import IN_SERVICE, EndpointDetails
from app.backends.sagemaker.offer import details_of, endpoint_of
from app.backends.sagemaker.shared_work import SharedWork
from app.endpoint_errors import AwsCredentialsMissing, AwsCredentialsRefused, AwsRegionMissing, EndpointNotFound
from app.endpoint_setting import EndpointSetting, is_endpoint_name, joined_name, split_name
from app.errors import BackendError, BackendNotReady, BackendUnavailable
from app.settings import Settings
from app.wire.endpoint_request import RequestForm

_FRESH_SECONDS = 60
_PASSING = (BackendNotReady, BackendUnavailable)
_CONCERN_ALL = (AwsCredentialsMissing, AwsCredentialsRefused, AwsRegionMissing)


@dataclass(frozen=True, slots=True)
class _Known:
    deployment: Deployment
    asked_at: float


class SageMakerCatalog:
    """`configured` empty: all of the account; else these alone, and no others by whatever name they are asked for."""

    def __init__(
        self,
        clients: AwsClients,
        configured: tuple[EndpointSetting, ...] = (),
        *,
        accepts_eula: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._control = ControlPlane(clients, is_tolerant=bool(configured))
        self._configured = configured
        self._accepts_eula = accepts_eula
        self._clock = clock
        self._listing: tuple[Endpoint, ...] = ()
        self._listed_at: float | None = None
        self._known: dict[str, _Known] = {}
        # With the identity of the deployment that it was learnt from: another one may take another form.
        self._learnt: dict[str, tuple[str, RequestForm]] = {}
        self._listings: SharedWork[tuple[Endpoint, ...]] = SharedWork()
        self._looks: SharedWork[Deployment] = SharedWork()

    async def endpoints(self, *, is_fresh: bool = False) -> tuple[Endpoint, ...]:
        if self._listed_at is None or is_fresh or self._clock() - self._listed_at > _FRESH_SECONDS:
            return await self._listings.result("all", self._list)
        return self._listing

    def backend(self, name: str) -> SageMakerBackend:
        endpoint_name, component_name = split_name(name)
        look_up, remember_form = partial(self.look_up, name), partial(self.remember_form, name)
        return SageMakerBackend(
            self._clients, endpoint_name, component_name, look_up, remember_form, accepts_eula=self._accepts_eula
        )

    async def look_up(self, name: str) -> EndpointDetails:
        """For a turn: from memory, but for what is older than a minute or was not in service then."""
        if not self._is_reachable(name):
            raise EndpointNotFound(f"{name!r} is none of the endpoints that this page offers")
        known = self._known.get(name)
        if known and self._is_settled(known):
            return self._details(name, known.deployment)
        return self._details(name, await self._looks.result(name, lambda: self._ask(name)))

    def remember_form(self, name: str, form: RequestForm) -> None:
        """The form of request that this endpoint was found to take; kept for as long as it is the same one."""
        known = self._known.get(name)
        self._learnt[name] = (known.deployment.identity if known else "", form)

    async def aclose(self) -> None:
        await self._listings.aclose()
        await self._looks.aclose()
        await self._clients.aclose()

    async def _list(self) -> tuple[Endpoint, ...]:
        await self._clients.prepare()  # looks for credentials once, where each endpoint would wait for that again
        names = tuple(setting.name for setting in self._configured) or await self._control.endpoint_names()
        found = await self._lines_of(names)
        lines = {line.name: line for line in found}
        self._known = {name: known for name, known in self._known.items() if name in lines}
        self._learnt = {name: learnt for name, learnt in self._learnt.items() if name in lines}
        self._listing = tuple(sorted(lines.values(), key=lambda line: not line.is_offered))
        self._listed_at = self._clock()
        return self._listing

    async def _lines_of(self, names: Iterable[str]) -> list[Endpoint]:
        """Raises the first error that concerns all of them; then the others are not asked any more."""
        tasks = [asyncio.create_task(self._lines(name)) for name in names]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [line for lines in found for line in lines]

    async def _lines(self, name: str) -> list[Endpoint]:
        """One line, or one for each inference component. What cannot be asked is a line that says why."""
        try:
            deployment = await self._ask(name)
            components: tuple[str, ...] = ()
            if deployment.hosting is Hosting.COMPONENTS:
                components = await self._control.component_names(name)
        except _CONCERN_ALL:
            raise
        except BackendError as error:
            kept = self._lines_before(name) if isinstance(error, _PASSING) else []
            return kept or [Endpoint(name, name, error.user_message)]
        if not components:
            return [endpoint_of(deployment, self._setting(name))]
        return await self._lines_of(joined_name(name, component) for component in components)

    def _lines_before(self, name: str) -> list[Endpoint]:
        """As it was last listed, with its components."""
        return [line for line in self._listing if name in (line.name, split_name(line.name)[0])]

    async def _ask(self, name: str) -> Deployment:
        known = self._known.get(name)
        deployment = await self._control.deployment(*split_name(name), known.deployment if known else None)
        self._known[name] = _Known(deployment, self._clock())
        return deployment

    def _is_settled(self, known: _Known) -> bool:
        """Whether it can be believed for a turn without asking again."""
        deployment = known.deployment
        is_recent = self._clock() - known.asked_at <= _FRESH_SECONDS
        return is_recent and deployment.status in (IN_SERVICE, "") and deployment.copies != 0

    def _details(self, name: str, deployment: Deployment) -> EndpointDetails:
        identity, form = self._learnt.get(name, ("", None))
        return details_of(deployment, self._setting(name), form if identity == deployment.identity else None)

    def _setting(self, name: str) -> EndpointSetting | None:
        """What a person wrote of it, or of the whole endpoint."""
        settings = {setting.name: setting for setting in self._configured}
        return settings.get(name) or settings.get(split_name(name)[0])

    def _is_reachable(self, name: str) -> bool:
        """Names come from the browser, which may ask for any."""
        return is_endpoint_name(name) and (not self._configured or self._setting(name) is not None)


def sagemaker_catalog(settings: Settings) -> EndpointCatalog:
    """Nothing is asked yet, neither the network nor for credentials."""
    return SageMakerCatalog(
        AwsClients(settings.aws_region),
        settings.sagemaker_endpoints,
        accepts_eula=settings.sagemaker_accepts_eula,
    )
