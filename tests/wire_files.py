"""The golden wire files, which both sides read."""

from pathlib import Path

FOLDER = Path(__file__).parent / "wire"


def wire_bytes(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
