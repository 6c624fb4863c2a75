"""A program that calls `/chat` with the real gradio_client, as its users would: commands in, answers out, a line each.

In a process of its own, because the client leaves loops and sockets open, which other tests would be blamed for.
"""

import json
import sys
import time
from typing import Any

from gradio_client import Client


def run(client: Client, command: str, arguments: dict[str, Any]) -> object:
    """`begin` answers with the first text of an answer that then goes on, `cancel` ends that answer."""
    match command:
        case "connect":
            return Client(arguments.pop("url"), verbose=False, **arguments)
        case "describe":
            return client.view_api(print_info=False, return_format="dict")
        case "predict":
            return client.predict(**arguments, api_name="/chat")
        case "begin":
            client.begun = client.submit(**arguments, api_name="/chat")
            while not any(client.begun.outputs()):
                time.sleep(0.01)
            return [client.begun.outputs()[-1], client.begun.done()]
        case _:
            return client.begun.cancel()


def main() -> None:
    client = None
    for line in sys.stdin:
        try:
            value = run(client, **json.loads(line))
            client, value = (value, "connected") if isinstance(value, Client) else (client, value)
            answer = {"value": value}
        except Exception as error:  # noqa: BLE001  whatever it is, the test asks for it
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
