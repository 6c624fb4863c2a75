"""`python -m model_server serve`: read the settings, bind the port, serve. A wrong setting is one clear line.

`prepare` and `plan` are commands of their own, which need neither port nor model.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from model_server.api.application import build_application
from model_server.engine.engine import Engine
from model_server.errors import ConfigurationError
from model_server.http_server import bind, serve
from model_server.logs import configure_logging
from model_server.plan import command_line as plan_command
from model_server.prepare import command_line as prepare_command
from model_server.settings import ServerSettings, load_settings
from model_server.weights import open_checkpoint, resolve_maximum_length

logger = logging.getLogger("model_server")


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 after an orderly end, 1 for a setting that cannot work."""
    parser = _build_parser()
    options = parser.parse_args(arguments)
    is_server = options.command == "serve"
    if is_server and not options.ray and (options.ingress or options.config or options.check_config):
        parser.error("--ingress, --config and --check-config are about Ray Serve: add --ray")
    try:
        if not is_server:
            return int(options.run(options))
        settings = load_settings()
        # who hands a socket over is another program, which says itself what there is to say
        configure_logging(settings, logging.INFO if options.fd is None else logging.WARNING)
        resolve_maximum_length(open_checkpoint(settings.model_dir), settings.max_model_length)
        if options.ray:
            _serve_with_ray(settings, options)
        else:
            _serve(settings, options)
    except ConfigurationError as error:
        sys.stderr.write(f"model_server: {error}\n")
        return 1
    return 0


def _serve(settings: ServerSettings, options: argparse.Namespace) -> None:
    listener = bind(options.host, options.port) if options.fd is None else _inherit(options.fd)
    host, port = listener.getsockname()[:2]
    application = build_application(settings)
    logger.info("Serving %s at http://%s:%s", settings.model_id, host, port)
    engine: Engine = application.state.engine
    with suppress(SystemExit):  # how a signal ends it
        serve(application, listener, engine.stop, options.until_stdin_closes)
    if engine.is_running:
        os._exit(0)  # it still loads, and torch's own threads would abort an interpreter that ends in good order


def _serve_with_ray(settings: ServerSettings, options: argparse.Namespace) -> None:
    try:  # ray is optional, and takes a second to import
        from model_server.deployment import Ingress, load_configuration, serve_with_ray
        from model_server.serve_configuration import DEFAULT_FILE, check_against_settings
    except ImportError as error:
        raise ConfigurationError(
            f"--ray needs Ray Serve, which cannot be imported here ({error}). "
            "Install the version that requirements.txt names, or serve without --ray."
        ) from error
    configuration = load_configuration(options.config or DEFAULT_FILE)
    ingress = Ingress(options.ingress or "direct")
    warnings = check_against_settings(configuration, settings)
    if ingress is Ingress.PROXY or options.check_config:  # they are about several replicas
        for warning in warnings:
            logger.warning("%s", warning)
    if options.check_config:
        logger.info("%s can be served.", configuration.path)
        return
    bind(options.host, options.port).close()  # Ray would find out only after seconds, and say so at length
    serve_with_ray(configuration, ingress, options.host, options.port)


def _inherit(descriptor: int) -> socket.socket:
    try:
        return socket.socket(fileno=descriptor)
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigurationError(f"--fd is {descriptor}, which is not an inherited listening socket.") from error


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_server", description="The Twinstream model server.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="serve the model over OpenAI-compatible HTTP")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    command.add_argument("--ray", action="store_true", help="serve as a Ray Serve deployment on this machine")
    command.add_argument(
        "--ingress",
        choices=("direct", "proxy"),
        help="with --ray: one replica that listens itself, which is the fastest, or Ray's proxy in front of as many "
        "replicas as the configuration says (default: direct)",
    )
    command.add_argument(
        "--config",
        type=Path,
        help="with --ray: Ray Serve's configuration (default: model_server/serve.yaml)",
    )
    command.add_argument("--check-config", action="store_true", help="with --ray: check the configuration, and end")
    command.add_argument("--fd", type=int, help="serve on this inherited listening socket instead of host and port")
    command.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    for name, module, sentence in (
        ("prepare", prepare_command, "fetch a model into a folder, and compile it where it is for Inferentia"),
        ("plan", plan_command, "say whether a model fits an Inferentia2 instance"),
    ):
        command = commands.add_parser(name, help=sentence, description=f"{sentence.capitalize()}.")
        module.add_options(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
