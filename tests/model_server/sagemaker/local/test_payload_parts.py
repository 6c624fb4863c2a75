from hypothesis import given
from hypothesis import strategies as st

from model_server.sagemaker.local.payload_parts import LARGEST_BYTES, NastyParts


@given(st.lists(st.binary(max_size=200), max_size=20), st.integers(0, 100))
def test_the_parts_together_are_the_answer(pieces: list[bytes], seed: int) -> None:
    parts = NastyParts(seed)
    sent = [part for piece in pieces for part in parts.cut(piece)] + parts.rest()
    assert b"".join(sent) == b"".join(pieces)


def test_parts_are_the_same_each_time_and_as_nasty_as_they_can_be() -> None:
    pieces = [f"data: 你好 {number}\n\n".encode() for number in range(50)]
    runs = [[parts.cut(piece) for piece in pieces] for parts in (NastyParts(), NastyParts())]
    assert runs[0] == runs[1]
    sent = [part for parts in runs[0] for part in parts]
    assert b"" in sent
    assert any(len(part) == 1 for part in sent)
    assert any(b"\n\nda" in part for part in sent)  # the end of one record and the beginning of the next
    assert any(not _is_text(part) for part in sent)


def test_a_long_piece_comes_in_parts_that_a_frame_can_hold() -> None:
    parts = NastyParts().cut(bytes(10 * LARGEST_BYTES))
    assert max(map(len, parts)) <= LARGEST_BYTES


def _is_text(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
