"""The options of `status`."""

from __future__ import annotations

import argparse
import sys

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.deploy_command_line import add_region, find_region


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="of one deployment (default: all)")
    add_region(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what there is and return the exit code, 1 where a name was given that nothing bears."""
    from model_server.sagemaker.lifecycle.aws import Aws  # boto3, which the other commands do not need
    from model_server.sagemaker.lifecycle.status import render_status

    region = find_region(arguments.region)
    text = render_status(Aws(region), arguments.name)
    if text is None and arguments.name:
        raise ConfigurationError(f"`deploy` has made nothing of the name {arguments.name} in {region}. Check --region.")
    sys.stdout.write((text or f"`deploy` has made nothing in {region}.") + "\n")
    return 0
