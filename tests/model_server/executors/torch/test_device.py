from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model_server.executors.torch import device


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16", torch.bfloat16),
        ("flags\t\t: fpu amx_bf16", torch.bfloat16),
        ("flags\t\t: fpu avx2", torch.float32),
        ("Features\t: fp asimd", torch.float32),
    ],
)
def test_the_number_format_is_what_the_processor_computes_with(
    description: str, expected: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\n{description}\n", encoding="utf-8")
    monkeypatch.setattr(device, "PROCESSOR_DESCRIPTION", file)
    assert device.choose_number_format(torch.device("cpu")) == expected


def test_a_small_model_computes_in_one_thread() -> None:
    assert device.choose_threads(5_000_000) == 1
    assert 1 <= device.choose_threads(7_000_000_000) <= device.MAXIMUM_THREADS


def test_an_unknown_processor_computes_in_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "PROCESSOR_DESCRIPTION", tmp_path / "absent")
    assert device.choose_number_format(torch.device("cpu")) == torch.float32
