"""Executors: each turns tokens into logits on one kind of device, behind the contract in `base`."""
