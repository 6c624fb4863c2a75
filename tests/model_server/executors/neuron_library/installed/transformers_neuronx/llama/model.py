from tests.model_server.executors.neuron_library.model import LlamaForSampling

__all__ = ["LlamaForSampling"]
