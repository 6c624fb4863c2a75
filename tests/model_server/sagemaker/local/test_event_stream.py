from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from model_server.sagemaker.local.event_stream import encode_error, encode_exception, encode_part

# a message that AWS's own encoders write of these five bytes
HELLO = bytes.fromhex(
    "0000006e000000595197ff150b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e74656e742d747970650700"
    "186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d747970650700056576656e7468656c6c6f29738ab4"
)


def test_a_part_is_what_aws_writes_byte_for_byte() -> None:
    assert len(HELLO) == 110
    assert encode_part(b"hello") == HELLO


@given(st.lists(st.binary(max_size=300), max_size=5), st.data())
def test_botocore_reads_every_part_however_the_bytes_arrive(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(encode_part, payloads))
    cut = data.draw(st.integers(0, len(stream)))
    buffer = EventStreamBuffer()
    read = []
    for chunk in (stream[:cut], stream[cut:]):
        buffer.add_data(chunk)
        read += [message.payload for message in buffer]
    assert read == payloads


def test_botocore_reads_exceptions_and_errors() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode_exception("ModelStreamError", {"Message": "over", "ErrorCode": "StreamBroken"}))
    buffer.add_data(encode_error("Odd", "no words"))
    exception, error = (message.to_response_dict() for message in buffer)
    assert exception["status_code"] == 400
    assert exception["headers"][":exception-type"] == "ModelStreamError"
    assert exception["body"] == b'{"Message": "over", "ErrorCode": "StreamBroken"}'
    assert error["headers"][":error-code"] == "Odd"
    assert error["headers"][":error-message"] == "no words"
