"""`python -m model_server.sagemaker …`: one subcommand, one module with `add_arguments(parser)` and `run(arguments)`.

Knows nothing of what they do. A setting that cannot work is one clear line.
"""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle import delete_command_line as delete
from model_server.sagemaker.lifecycle import deploy_command_line as deploy
from model_server.sagemaker.lifecycle import status_command_line as status
from model_server.sagemaker.local import command_line as local

COMMANDS: tuple[tuple[str, ModuleType, str], ...] = (
    ("deploy", deploy, "make an endpoint, after showing what it costs"),
    ("status", status, "show what `deploy` made, and how it is"),
    ("delete", delete, "remove what `deploy` made"),
    ("local", local, "serve a local SageMaker for development and tests"),
)


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 after an orderly end, 1 for a setting that cannot work, 130 after Ctrl-C."""
    options = _build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ConfigurationError as error:
        sys.stderr.write(f"model_server.sagemaker: {error}\n")
        return 1
    except KeyboardInterrupt:  # where a command has nothing to say of it
        return 130


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model_server.sagemaker", description="Endpoints on SageMaker, and a local one."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module, sentence in COMMANDS:
        command = commands.add_parser(name, help=sentence, description=f"{sentence[:1].upper()}{sentence[1:]}.")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
