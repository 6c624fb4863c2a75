"""Backends are found by what people write."""

import pytest

from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.ui.link_names import find_choice

CHOICES = tuple(BackendChoice(label, UnconfiguredBackend()) for label in ("Built-in model", "SageMaker"))


@pytest.mark.parametrize("name", ["Built-in model", "built-in-model", "built in model", "BUILT-IN-MODEL "])
def test_a_line_is_found_by_its_label_as_a_link_or_a_person_writes_it(name: str) -> None:
    assert find_choice(CHOICES, name) is CHOICES[0]


@pytest.mark.parametrize("name", ["", "built", "sage-maker", "–"])
def test_any_other_name_finds_nothing(name: str) -> None:
    assert find_choice(CHOICES, name) is None
