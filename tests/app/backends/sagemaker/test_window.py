"""How many tokens an endpoint takes."""

import pytest

from app.backends.sagemaker.container import container_of
from app.backends.sagemaker.window import Window, window_of
from tests.app.backends.sagemaker import images


@pytest.mark.parametrize(
    ("image", "environment", "window"),
    [
        (images.TGI_1_1, {"MAX_INPUT_LENGTH": "8191", "MAX_TOTAL_TOKENS": "8192"}, Window(8192, 8191)),
        (images.TGI_1_1, {}, Window(2048, 1024)),
        (images.TGI_1_1, {"MAX_TOTAL_TOKENS": "8192"}, Window(8192, 1024)),
        (images.TGI_2_2, {}, Window(4096, 4095)),
        (images.TGI_2_2, {"MAX_INPUT_TOKENS": "3000"}, Window(4096, 3000)),
        (images.TGI_3_3, {}, Window(4096)),
        (images.TGI_3_3, {"MAX_TOTAL_TOKENS": "32768"}, Window(32768)),
        (images.TGI_NEURON_OLD, {}, Window(4096)),
        (images.LMI_28, {"OPTION_MAX_MODEL_LEN": "16384", "MAX_TOTAL_TOKENS": "99"}, Window(16384)),
        (images.LMI_28, {"OPTION_N_POSITIONS": "2048", "MAX_INPUT_LENGTH": "99"}, Window(2048)),
        (images.LMI_28, {}, Window(4096)),
        (images.VLLM, {"SM_VLLM_MAX_MODEL_LEN": " 8192 "}, Window(8192)),
        (images.OWN, {"MAX_MODEL_LENGTH": "2048"}, Window(2048)),
        (images.CUSTOM, {"MAX_TOTAL_TOKENS": "1000", "MAX_INPUT_LENGTH": "800"}, Window(1000, 800)),
        (images.CUSTOM, {}, Window(4096)),
    ],
)
def test_the_environment_tells_and_else_the_default(image: str, environment: dict[str, str], window: Window) -> None:
    assert window_of(container_of(image, environment), environment) == window


@pytest.mark.parametrize("value", ["", "8k", "-8192", "0", "1", "4096.0", "²", "١٢٣٤", "9" * 5000, "16777217"])
def test_what_is_no_number_of_tokens_counts_as_not_set(value: str) -> None:
    environment = {"MAX_TOTAL_TOKENS": value, "MAX_INPUT_LENGTH": value}
    assert window_of(container_of(images.TGI_1_1, {}), environment) == Window(2048, 1024)
