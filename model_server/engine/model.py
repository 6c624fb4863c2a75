"""Everything that has to be loaded, as one value, and the function that loads it.

Called in the engine's thread, because it imports torch and reads weights, which takes seconds, while HTTP answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from model_server.engine.scheduler import Scheduler
from model_server.engine.tokenizer import Tokenizer
from model_server.engine.tokenizer_files import read_tokenizer_files
from model_server.executors.base import Executor
from model_server.executors.load import load_executor
from model_server.settings import ServerSettings
from model_server.weights import open_checkpoint, resolve_maximum_length


@dataclass(frozen=True, slots=True)
class LoadedModel:
    tokenizer: Tokenizer
    executor: Executor
    scheduler: Scheduler


def load_model(settings: ServerSettings) -> LoadedModel:
    """Return the model that `settings` names; raise ConfigurationError where it cannot be served."""
    checkpoint = open_checkpoint(settings.model_dir)
    maximum_length = resolve_maximum_length(checkpoint, settings.max_model_length)
    tokenizer = Tokenizer(read_tokenizer_files(settings.model_dir), maximum_length)
    executor = load_executor(settings, checkpoint, maximum_length)
    from model_server.engine.sampling import sample  # torch comes in with the executor, not before

    scheduler = Scheduler(executor, sample, checkpoint.end_token_ids, queue_limit=settings.queue_limit)
    return LoadedModel(tokenizer, executor, scheduler)
