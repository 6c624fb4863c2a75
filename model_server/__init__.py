"""The model server: HTTP → api → engine → scheduler → executor, and back as a stream of text.

`python -m model_server serve` starts it. It never imports `app`: the two meet only in the wire format.
"""
