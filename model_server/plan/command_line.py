"""The options of `plan`, and its main path: read a shape, estimate, print; 1 where it does not fit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model_server.executors.neuron_shape import NeuronShape
from model_server.model_configuration import ModelConfiguration, parse_model_configuration
from model_server.plan.estimate import Estimate
from model_server.plan.instances import INSTANCES
from model_server.plan.report import render
from model_server.settings import NEURON_CORE_COUNTS
from model_server.weights import describe_checkpoint, read_json

MISTRAL_NAME = "Mistral-7B-Instruct-v0.2"
MISTRAL = ModelConfiguration(  # as its config.json has it
    model_type="mistral",
    vocabulary_size=32_000,
    hidden_size=4096,
    feed_forward_size=14_336,
    layers=32,
    heads=32,
    key_value_heads=8,
    head_size=128,
    maximum_length=32_768,
    rotary_base=1_000_000.0,
    normalization_epsilon=1e-5,
    ties_embeddings=False,
    sliding_window=None,
)


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--instance", choices=list(INSTANCES), default="inf2.8xlarge", help="default: %(default)s")
    command.add_argument("--slots", type=_positive, default=4, help="answers at the same time (default: %(default)s)")
    command.add_argument("--length", type=_positive, default=4096, help="window in tokens (default: %(default)s)")
    command.add_argument(
        "--cores", type=int, choices=NEURON_CORE_COUNTS, default=2, help="cores that share the model (default: 2)"
    )
    command.add_argument("--model-dir", type=Path, help=f"folder with a config.json (default: {MISTRAL_NAME})")


def run(options: argparse.Namespace) -> int:
    """Print the plan that `options` ask for and return the exit code."""
    configuration, name = _read_model(options.model_dir)
    estimate = Estimate(
        describe_checkpoint(configuration),
        INSTANCES[options.instance],
        NeuronShape(options.slots, options.length, options.cores),
    )
    sys.stdout.write(render(estimate, name) + "\n")
    return 1 if estimate.problems() else 0


def _read_model(directory: Path | None) -> tuple[ModelConfiguration, str]:
    if directory is None:
        return MISTRAL, MISTRAL_NAME
    return parse_model_configuration(read_json(directory / "config.json")), directory.resolve().name


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a positive number")
    return number
