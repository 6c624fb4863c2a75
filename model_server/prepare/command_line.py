"""The options of `prepare`: each stands before the variable of the same meaning."""

from __future__ import annotations

import argparse
import sys

from model_server.prepare.progress import Progress
from model_server.settings import DEFAULT_SOURCE, load_prepare_settings

VARIABLES = {"source": "MODEL_SOURCE", "model_dir": "MODEL_DIR", "slots": "SLOTS", "length": "MAX_MODEL_LENGTH"}
VARIABLES["cores"] = "NEURON_CORES"
INTERRUPTED = 130  # as a shell reports Ctrl-C


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        help="owner/name@commit on the hub, s3://bucket/prefix or a folder's path "
        f"(default: MODEL_SOURCE, or {DEFAULT_SOURCE})",
    )
    command.add_argument("--model-dir", help="the folder that is to hold the model (default: MODEL_DIR)")
    command.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="compile for Inferentia too (default: where EXECUTOR is neuron)",
    )
    command.add_argument("--slots", help="compile for this many answers at the same time (default: SLOTS)")
    command.add_argument("--length", help="compile for this window in tokens (default: MAX_MODEL_LENGTH)")
    command.add_argument("--cores", help="compile for this many cores (default: NEURON_CORES)")


def run(options: argparse.Namespace) -> int:
    """Prepare what `options` and the environment ask for and return the exit code."""
    given = {variable: getattr(options, name) for name, variable in VARIABLES.items()}
    settings = load_prepare_settings({name: text for name, text in given.items() if text}, options.compile)
    from model_server.prepare.command import prepare

    try:
        prepare(settings, Progress(sys.stderr))
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What has arrived is kept: run the command again to go on.\n")
        return INTERRUPTED
    return 0
