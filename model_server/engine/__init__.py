"""The engine: requests in, streams of text out; one thread owns the model and decides what it computes next."""
