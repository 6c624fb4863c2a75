"""The main path of `prepare`: list, fetch, check, compile, publish; what one run leaves, the next one uses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from model_server.engine.tokenizer_files import read_tokenizer_files
from model_server.errors import ConfigurationError
from model_server.executors.neuron_artefacts import artefacts_directory, check_note
from model_server.executors.neuron_shape import shape_for
from model_server.model_configuration import parse_model_configuration
from model_server.prepare.download import fetch, unreachable
from model_server.prepare.progress import Progress
from model_server.prepare.selection import INDEX, select_descriptions, select_weights
from model_server.prepare.sources.base import Listing, Source, SourceInterrupted
from model_server.prepare.sources.load import open_source
from model_server.prepare.volume import Volume, locked_volume
from model_server.prepared import Prepared, PreparedFile
from model_server.settings import PrepareSettings, keep_compilations
from model_server.weights import Checkpoint, describe_checkpoint, open_checkpoint, read_json, resolve_maximum_length


@dataclass(frozen=True, slots=True)
class _Content:
    """The files of one revision, either ready in the folder or complete among the arrivals."""

    prepared: Prepared
    directory: Path
    arrivals: Path | None


def prepare(settings: PrepareSettings, progress: Progress, wait: Callable[[float], None] = time.sleep) -> None:
    """Make the folder ready, or raise ConfigurationError with one sentence; run again, it goes on where it stopped."""
    source = open_source(settings.source)
    if settings.is_compiled:
        _library_version()
    with locked_volume(settings.model_dir) as volume:
        content = _already_ready(source, volume, settings)
        content = content or _fetch_all(source, volume, settings, progress, wait)
        checkpoint = open_checkpoint(content.directory)
        length = resolve_maximum_length(checkpoint, settings.max_model_length)
        compiled = _compile(checkpoint, length, settings, volume, progress) if settings.is_compiled else None
        if content.arrivals is None and compiled is None:
            progress.say(f"{settings.model_dir} is ready already: {settings.source}")
            return
        volume.publish(content.prepared, content.arrivals, compiled)
    progress.say(f"{settings.model_dir} is ready: {settings.source}")


def _already_ready(source: Source, volume: Volume, settings: PrepareSettings) -> _Content | None:
    """Return what is ready, without asking the network, where the revision itself says what it is."""
    if source.pinned_revision is None:
        return None
    prepared = volume.ready(source.name, source.pinned_revision)
    return None if prepared is None else _Content(prepared, settings.model_dir, None)


def _fetch_all(
    source: Source, volume: Volume, settings: PrepareSettings, progress: Progress, wait: Callable[[float], None]
) -> _Content:
    listing = _list_files(source)
    prepared = volume.ready(source.name, listing.revision)
    if prepared is not None:
        return _Content(prepared, volume.directory, None)
    descriptions = select_descriptions(listing, source.name)
    arrivals = volume.arrivals(source.name, listing.revision)
    files: list[PreparedFile] = fetch(source, descriptions, arrivals, progress, wait)
    _check_description(arrivals, settings)
    files += fetch(source, select_weights(listing, source.name, arrivals / INDEX), arrivals, progress, wait)
    return _Content(Prepared(source.name, listing.revision, tuple(files)), arrivals, arrivals)


def _check_description(arrivals: Path, settings: PrepareSettings) -> None:
    """Raise ConfigurationError for what could not be served or compiled, before its 14 GB are fetched."""
    read_tokenizer_files(arrivals)
    checkpoint = describe_checkpoint(parse_model_configuration(read_json(arrivals / "config.json")))
    length = resolve_maximum_length(checkpoint, settings.max_model_length)
    if settings.is_compiled:
        shape_for(checkpoint, settings.slots, length, settings.neuron_cores)


def _list_files(source: Source) -> Listing:
    try:
        return source.list_files()
    except SourceInterrupted as interruption:
        raise unreachable(source, interruption) from interruption


def _compile(
    checkpoint: Checkpoint, length: int, settings: PrepareSettings, volume: Volume, progress: Progress
) -> Path | None:
    """Return a folder with compiled graphs; None where the volume has exactly these."""
    shape = shape_for(checkpoint, settings.slots, length, settings.neuron_cores)
    version = _library_version()
    if artefacts_directory(checkpoint.directory).is_dir():
        try:
            check_note(artefacts_directory(checkpoint.directory), shape, version)
        except ConfigurationError:
            progress.say("What was compiled before is for other settings.")
        else:
            return None
    from model_server.executors.neuron import compile_artefacts  # torch and the device library, which few have

    directory = volume.compile_directory()
    keep_compilations(volume.compilation_cache())
    graphs = len(shape.prompt_buckets) + len(shape.decode_buckets)
    progress.say(f"Compiling {graphs} graphs for {settings.slots} slots of {length} tokens; this takes many minutes.")
    compile_artefacts(checkpoint, settings.slots, length, settings.neuron_cores, directory)
    return directory


def _library_version() -> str:
    try:
        return metadata.version("transformers-neuronx")
    except metadata.PackageNotFoundError as error:
        raise ConfigurationError(
            "Compiling for Inferentia needs transformers-neuronx, which is in the image of Dockerfile-neuron alone. "
            "Run this there, or add --no-compile."
        ) from error
