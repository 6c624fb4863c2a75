from __future__ import annotations

from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.settings import ServerSettings, load_secret, load_settings


def test_the_settings_are_what_the_environment_says(checkpoint_dir: Path) -> None:
    settings = load_settings(
        {
            "MODEL_ID": "mine",
            "MODEL_DIR": str(checkpoint_dir),
            "SLOTS": "3",
            "MAX_MODEL_LENGTH": "128",
            "API_KEY": "secret",
            "TORCH_THREADS": "1",
            "NEURON_CORES": "8",
            "QUEUE_LIMIT": "0",
            "REQUEST_TIMEOUT_SECONDS": "30",
            "LOG_FORMAT": "json",
        }
    )
    assert settings == ServerSettings("mine", checkpoint_dir.resolve(), "torch", 3, 128, 1, 8, 0, 30, "secret", "json")


def test_without_a_name_a_model_is_called_after_its_directory(checkpoint_dir: Path) -> None:
    assert load_settings({"MODEL_DIR": str(checkpoint_dir)}).model_id == checkpoint_dir.name


def test_empty_variables_count_as_unset(checkpoint_dir: Path) -> None:
    settings = load_settings({"MODEL_DIR": str(checkpoint_dir), "SLOTS": "", "API_KEY": "", "MAX_MODEL_LENGTH": ""})
    assert (settings.slots, settings.api_key, settings.max_model_length) == (8, None, None)
    assert (settings.queue_limit, settings.request_timeout_seconds) == (64, 600)


def test_on_inferentia_fewer_slots_are_the_default_because_each_takes_memory_of_the_device() -> None:
    settings = load_settings({"EXECUTOR": "neuron"})
    assert (settings.slots, settings.neuron_cores) == (4, 2)


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("SLOTS", "many", "whole number"),
        ("SLOTS", "0", "between 1 and"),
        ("MAX_MODEL_LENGTH", "1", "between 4 and"),
        ("TORCH_THREADS", "-2", "between 1 and"),
        ("NEURON_CORES", "3", "one of: 1, 2, 4, 8"),
        ("QUEUE_LIMIT", "-1", "between 0 and"),
        ("REQUEST_TIMEOUT_SECONDS", "0", "between 1 and"),
        ("EXECUTOR", "abacus", "must be one of: torch, neuron"),
        ("LOG_FORMAT", "xml", "must be one of: text, json"),
        ("MODEL_DIR", "/nowhere", "leave it unset"),
    ],
)
def test_a_bad_value_names_variable_value_and_remedy(
    variable: str, value: str, remedy: str, checkpoint_dir: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"MODEL_DIR": str(checkpoint_dir), variable: value})
    assert all(part in caught.value.user_message for part in (variable, value, remedy))


@pytest.mark.parametrize(
    ("variable", "value"), [("MODEL_DIR", "~nosuchuser/x"), ("MODEL_DIR", "x" * 300), ("MODEL_ID", "\udcff")]
)
def test_a_value_that_no_system_call_takes_is_one_sentence(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        load_settings({variable: value})


@pytest.mark.parametrize("key", [" key\n", "key\r\n", "\tkey"])
def test_a_key_is_taken_without_the_line_end_of_its_file(key: str) -> None:
    assert load_settings({"API_KEY": key}).api_key == "key"


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(ServerSettings(api_key="secret"))


def test_a_secret_given_instead_of_its_variable_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_secret("hf_abcdefghijklmnop", {})
    assert "hf_" not in str(refused.value)
    assert load_secret("HF_TOKEN", {"HF_TOKEN": "kept"}) == "kept"
