"""What tokens cost, to the last digit."""

import pytest

from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.ui.cost import DOLLARS_PER_HOUR, FREE, dollars_per_million_tokens, usual_instance
from tests.app.fakes import ScriptedCatalog


@pytest.mark.parametrize(
    ("dollars_per_hour", "tokens_per_second", "dollars"),
    [
        (3.6, 1000.0, 1.0),  # 3.6 million tokens an hour
        (1.515, 25.0, 16.833333333333332),  # 90,000 tokens an hour
        (0.7582, 10.0, 21.061111111111110),
        (15.58, 0.5, 8655.555555555555),
    ],
)
def test_the_price_of_an_hour_is_shared_by_the_tokens_of_an_hour(
    dollars_per_hour: float, tokens_per_second: float, dollars: float
) -> None:
    assert dollars_per_million_tokens(dollars_per_hour, tokens_per_second) == pytest.approx(dollars, rel=1e-15)


@pytest.mark.parametrize(("price", "speed"), [(0.0, 10.0), (None, 10.0), (-1.0, 10.0), (1.0, None), (1.0, 0.0)])
def test_without_a_price_or_a_speed_there_is_no_cost(price: float | None, speed: float | None) -> None:
    assert dollars_per_million_tokens(price, speed) is None


def test_each_way_to_serve_has_a_usual_price_and_the_built_in_model_has_none() -> None:
    backend = UnconfiguredBackend()
    assert usual_instance(BackendChoice("a", backend, is_demonstration=True)) == FREE
    assert DOLLARS_PER_HOUR[FREE] == 0
    assert usual_instance(BackendChoice("a", backend)) == "EC2 inf2.8xlarge"
    sagemaker = BackendChoice("a", backend, endpoints=ScriptedCatalog([()]))
    assert DOLLARS_PER_HOUR[usual_instance(sagemaker)] == 1.515
