from tests.model_server.executors.neuron_library.config import ContinuousBatchingConfig, NeuronConfig

__all__ = ["ContinuousBatchingConfig", "NeuronConfig"]
