"""A server that takes a connection up to some phase of an answer and no further, and sees when the client goes.

TLS where it is asked for: the local SageMaker has none.
"""

import asyncio
import datetime
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from model_server.sagemaker.local.event_stream import encode_part

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
RECORD = b'data:{"token":{"id":1,"text":"Hel","logprob":-0.1,"special":false},"generated_text":null,"details":null}\n\n'
FRAME = encode_part(RECORD)
CHUNK = b"%x\r\n%s\r\n" % (len(FRAME), FRAME)


class Phase(Enum):
    CONNECTING = "connecting"  # no TLS handshake where one is expected
    WAITING = "waiting for the headers"
    SILENT = "silent in mid-stream"
    FLOWING = "flowing"


class SilentServer:
    def __init__(self, url: str, phase: Phase) -> None:
        self.url, self._phase = url, phase
        self.reached, self.left = asyncio.Event(), asyncio.Event()
        self.left_seconds = 0.0  # by time.monotonic()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        leaving = asyncio.create_task(self._watch(reader))
        with suppress(OSError):
            if self._phase in (Phase.SILENT, Phase.FLOWING):
                writer.write(HEAD + CHUNK)
            while self._phase is Phase.FLOWING and not leaving.done():
                writer.write(CHUNK)
                await asyncio.wait({leaving}, timeout=0.005)
        await leaving
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while await reader.read(65536):
                self.reached.set()
        self.left_seconds = time.monotonic()
        self.left.set()


@asynccontextmanager
async def silent_server(phase: Phase, certificate: Path | None = None) -> AsyncIterator[SilentServer]:
    """Serves TLS where there is a certificate, except in the phase that ends before."""
    context = None
    if certificate and phase is not Phase.CONNECTING:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    silent = SilentServer("", phase)
    server = await asyncio.start_server(silent.serve, "127.0.0.1", 0, ssl=context)
    silent.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield silent


def write_certificate(path: Path) -> Path:
    """A key and its self-signed certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    key_bytes = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key_bytes + certificate.public_bytes(encoding))
    return path
