from tests.model_server.executors.neuron_library.config import GQA, Layout

__all__ = ["GQA", "Layout"]
