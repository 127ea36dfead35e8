import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.protocol import Limits, Malformed, engineio
from realtime.protocol.engineio import Packet, PacketType


@pytest.mark.parametrize(
    ("frame", "packet"),
    [
        ("1", Packet(PacketType.CLOSE)),
        ("3", Packet(PacketType.PONG)),
        ("3probe", Packet(PacketType.PONG, "probe")),
        ("4hello", Packet(PacketType.MESSAGE, "hello")),
        ("4€", Packet(PacketType.MESSAGE, "€")),
        ("6", Packet(PacketType.NOOP)),
        (b"\x01\x02", Packet(PacketType.MESSAGE, b"\x01\x02")),
        (b"", Packet(PacketType.MESSAGE, b"")),
    ],
)
def test_frames_of_the_protocol_are_read(frame: str | bytes, packet: Packet) -> None:
    assert engineio.decode(frame) == packet


@pytest.mark.parametrize("frame", ["", "7", "9hello", "abc", "-1", "\u0664", " 4", "\n"])
def test_a_frame_of_no_known_type_is_malformed(frame: str) -> None:
    with pytest.raises(Malformed):
        engineio.decode(frame)


@given(st.sampled_from(PacketType), st.text())
def test_what_is_written_is_read_back(kind: PacketType, text: str) -> None:
    packet = Packet(kind, text)
    assert engineio.decode(engineio.encode(packet)) == packet


@given(st.binary())
def test_bytes_travel_as_they_are(data: bytes) -> None:
    assert engineio.encode(Packet(PacketType.MESSAGE, data)) == data
    assert engineio.decode(data).data == data


def test_the_opening_tells_the_times_in_milliseconds_and_the_largest_packet() -> None:
    limits = Limits(ping_interval_s=0.3, ping_timeout_s=0.2, packet_bytes=1_000)
    frame = engineio.opening(sid="abc", limits=limits)
    assert frame[0] == "0"
    assert msgspec.json.decode(frame[1:]) == {
        "sid": "abc", "upgrades": [], "pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000,
    }  # fmt: skip
