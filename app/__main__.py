"""`python -m app`: settings, backends, server; starts and stops the embedded model server."""

import gc
import logging
import signal
import socket
import sys
from contextlib import ExitStack, suppress

import uvicorn

from app.backends.catalog import backend_choices
from app.backends.embedded import EmbeddedServer, can_embed, start_embedded
from app.errors import SettingsError
from app.settings import Settings, load_settings, read_environment

# For answers under way; then the process ends.
_GRACEFUL_SHUTDOWN_SECONDS = 2


class _Server(uvicorn.Server):
    """Every open page holds a connection for ever. That it is cut at the end is no error, and not worth a traceback."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # uvicorn raises the signal that ended it once more; with this, what was started is stopped then, too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        settings = load_settings(read_environment())
        with suppress(KeyboardInterrupt), ExitStack() as stack:
            listener = stack.enter_context(_listen(settings))
            embedded = _embed(settings, stack)
            _serve(settings, listener, embedded)
    except SettingsError as error:
        sys.exit(f"Twinstream cannot start: {error.user_message}")


def _listen(settings: Settings) -> socket.socket:
    """The page's own socket, taken before anything else starts."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); "
            "set GRADIO_SERVER_PORT to a free port or GRADIO_SERVER_NAME to an address of this machine."
        ) from error


def _embed(settings: Settings, stack: ExitStack) -> EmbeddedServer | None:
    if settings.ray_serve_url or not can_embed():
        return None
    embedded = start_embedded()
    stack.callback(embedded.stop)
    return embedded


def _serve(settings: Settings, listener: socket.socket, embedded: EmbeddedServer | None) -> None:
    # Gradio takes seconds to import, in which the model already loads, and reads variables that were checked just now.
    # Nothing of what comes is garbage: looking for it takes a fifth of that time (measured).
    gc.disable()
    from app.server import build_server

    application = build_server(backend_choices(settings, embedded), settings.access)
    # What is loaded by now stays for ever; without this, collections cost 20 ms pauses on long chats (measured).
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()
    server = _Server(
        uvicorn.Config(
            application, log_level="warning", timeout_graceful_shutdown=_GRACEFUL_SHUTDOWN_SECONDS, access_log=False
        )
    )
    print(f"Twinstream is at {_address(settings)}  (Ctrl-C ends it)", flush=True)
    server.run(sockets=[listener])


def _address(settings: Settings) -> str:
    if settings.host in ("127.0.0.1", "0.0.0.0", "::1", "::"):  # noqa: S104  only compared
        return f"http://localhost:{settings.port}"
    return f"http://{settings.host}:{settings.port}"


if __name__ == "__main__":
    main()
