"""The torch executor: Mistral and Llama checkpoints on a CPU, or on CUDA where there is one."""
