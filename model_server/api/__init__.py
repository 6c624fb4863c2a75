"""The API: OpenAI-compatible HTTP in front of the engine. It imports no torch, so that it answers at once."""
