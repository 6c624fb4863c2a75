"""Which backends this page offers: one line for each that is configured."""

from dataclasses import dataclass

from app.backends.base import Backend
from app.backends.embedded import EmbeddedServer
from app.backends.endpoints import EndpointCatalog
from app.backends.ray_serve import RayServeBackend
from app.backends.sagemaker.catalog import sagemaker_catalog
from app.backends.unconfigured import UnconfiguredBackend
from app.endpoint_errors import EndpointNotChosen
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """A line of the sidebar. `is_demonstration`: the built-in model, which the page must not pass off as more.

    `endpoints`, where it is not None, has the models behind this line, and `backend` answers where none is chosen.
    """

    label: str
    backend: Backend
    is_demonstration: bool = False
    endpoints: EndpointCatalog | None = None

    def backend_for(self, endpoint_name: str) -> Backend:
        """What answers. `endpoint_name` is empty, or not looked at, where this line is one model."""
        return self.endpoints.backend(endpoint_name) if self.endpoints and endpoint_name else self.backend

    async def aclose(self) -> None:
        """Lets connections go. No stream may be open."""
        await self.backend.aclose()
        if self.endpoints:
            await self.endpoints.aclose()


def backend_choices(settings: Settings, embedded: EmbeddedServer | None) -> tuple[BackendChoice, ...]:
    """At least one choice, the preferred one first. SageMaker is always there: the page says what it lacks."""
    endpoints = sagemaker_catalog(settings)
    sagemaker = BackendChoice("SageMaker", UnconfiguredBackend(EndpointNotChosen), endpoints=endpoints)
    if settings.ray_serve_url:
        ray_serve = RayServeBackend(settings.ray_serve_url, settings.ray_serve_api_key)
        return BackendChoice("Ray Serve", ray_serve), sagemaker
    if embedded:
        return BackendChoice("Built-in model", RayServeBackend(embedded.url, embedded.api_key), True), sagemaker
    if settings.sagemaker_endpoints:
        return (sagemaker,)  # all that this page was configured for
    return BackendChoice("No model", UnconfiguredBackend()), sagemaker
