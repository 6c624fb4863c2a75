"""The options of `delete`."""

from __future__ import annotations

import argparse
import sys

from model_server.sagemaker.lifecycle.deploy_command_line import INTERRUPTED, add_region, find_region
from model_server.sagemaker.lifecycle.options import check_name, parse_place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="as `status` shows it")
    add_region(parser)
    parser.add_argument(
        "--s3",
        nargs="?",
        const="",
        metavar="S3_URL",
        help="delete the files in S3 too (the place is needed only where nothing is left that says it)",
    )
    parser.add_argument(
        "--even-untagged",
        action="store_true",
        help="delete what bears this name or belongs to it without our tag",
    )


def run(arguments: argparse.Namespace) -> int:
    """Delete what `deploy` made and return the exit code."""
    from model_server.sagemaker.lifecycle.aws import Aws  # boto3, which the other commands do not need
    from model_server.sagemaker.lifecycle.delete import DeleteOptions, delete
    from model_server.sagemaker.lifecycle.waiting import Patience

    check_name(arguments.name)
    if arguments.s3:
        parse_place(arguments.s3)
    options = DeleteOptions(arguments.name, arguments.even_untagged, arguments.s3)
    try:
        return delete(options, Aws(find_region(arguments.region)), Patience(sys.stderr))
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: run the command again, and it goes on where it stopped.\n")
        return INTERRUPTED
