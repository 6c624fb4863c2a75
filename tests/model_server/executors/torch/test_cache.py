from __future__ import annotations

import pytest
import torch

from model_server.errors import ConfigurationError
from model_server.executors.torch.cache import Cache
from model_server.model_configuration import parse_model_configuration
from tests.model_server.checkpoints import CONFIGURATION

CPU = torch.device("cpu")


def test_the_cache_has_room_for_every_slot() -> None:
    cache = Cache(parse_model_configuration(CONFIGURATION), 3, 100, CPU, torch.bfloat16)
    assert [tuple(keys.shape) for keys in cache.keys] == [(3, 2, 100, 8)] * 2
    assert cache.position_bytes == 2 * 2 * 8 * 2


def test_too_little_memory_names_the_variables_to_change() -> None:
    with pytest.raises(ConfigurationError, match=r"SLOTS=1000000 .* MAX_MODEL_LENGTH=100000000 "):
        Cache(parse_model_configuration(CONFIGURATION), 10**6, 10**8, CPU, torch.float32)
