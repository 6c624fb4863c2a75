"""What one endpoint is: what the control plane tells of it, and which container answers behind it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_server.sagemaker.local.dialects.base import Dialect
from model_server.sagemaker.local.faults import Fault

SERVING = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})


@dataclass(frozen=True, slots=True)
class Container:
    """`image` is repository and tag. `dialect` None: the image is not for chats, and refuses everything."""

    image: str
    environment: Mapping[str, str]
    dialect: Dialect | None


@dataclass(frozen=True, slots=True)
class Component:
    """An inference component; with no copies it sleeps."""

    name: str
    container: Container
    copies: int = 1
    has_model: bool = False  # described by a model instead of in the component itself


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Either `container` or `components`. `status` is SageMaker's word."""

    name: str
    container: Container | None = None
    components: tuple[Component, ...] = ()
    status: str = "InService"
    failure_reason: str = ""
    is_serverless: bool = False
    fault: Fault | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_serving(self) -> bool:
        return self.status in SERVING
