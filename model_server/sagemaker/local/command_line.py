"""The options of `local`."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8800, help="port to listen on (default: %(default)s)")
    parser.add_argument("--faults", action="store_true", help="offer endpoints that fail, each in its own way, too")


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it and return the exit code."""
    from model_server.sagemaker.local.command import serve_local  # a model, which the other commands do not need

    serve_local(arguments.host, arguments.port, has_faults=arguments.faults)
    return 0
