"""What a deployment puts into S3: a model's files, and the archive that tells LMI where they are.

The archive is the same for the same properties, byte for byte: no clock, no user, no order by chance.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.prepared import MARKER, check_prepared

PROPERTIES = "serving.properties"
ARCHIVE = "model.tar.gz"
FILE_MODE = 0o644


def render_properties(properties: Mapping[str, str]) -> str:
    """Return the text of a serving.properties, in the order of `properties`."""
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def pack_archive(properties: str) -> bytes:
    """Return a model.tar.gz that holds `properties` alone."""
    content = properties.encode()
    entry = tarfile.TarInfo(PROPERTIES)
    entry.size, entry.mode, entry.mtime = len(content), FILE_MODE, 0
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def files_of(snapshot: Path) -> list[str]:
    """Return the files of a model's folder, by their names below it; raise ConfigurationError where it holds no model.

    Hidden ones are the tools' own, and stay, but for the note of `prepare`.
    """
    if not (snapshot / "config.json").is_file():
        raise ConfigurationError(
            f"--snapshot is {str(snapshot)!r}, but there is no config.json there. Name the folder of a checkpoint."
        )
    check_prepared(snapshot)
    names = [path.relative_to(snapshot) for path in snapshot.rglob("*") if path.is_file()]
    visible = [name for name in names if name.name == MARKER or not any(part.startswith(".") for part in name.parts)]
    if not any(name.suffix in (".safetensors", ".bin") for name in visible):
        raise ConfigurationError(f"--snapshot is {str(snapshot)!r}, but there are no weights in it.")
    return sorted(name.as_posix() for name in visible)
