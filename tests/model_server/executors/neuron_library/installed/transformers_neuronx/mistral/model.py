from tests.model_server.executors.neuron_library.model import MistralForSampling

__all__ = ["MistralForSampling"]
