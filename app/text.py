"""What every text must be before it is sent, shown or counted."""


def encodable(text: str) -> str:
    """`text` as it is, but for lone surrogates: these have no UTF-8 form, and become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
