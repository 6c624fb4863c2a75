"""The chat page: from the browser to a model's stream and back. It never imports `model_server`."""
