from tests.model_server.executors.neuron_library.config import GQA, ContinuousBatchingConfig, Layout, NeuronConfig
from tests.model_server.executors.neuron_library.model import LlamaForSampling, MistralForSampling

__all__ = ["GQA", "ContinuousBatchingConfig", "Layout", "LlamaForSampling", "MistralForSampling", "NeuronConfig"]
