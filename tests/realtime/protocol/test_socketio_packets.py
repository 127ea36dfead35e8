from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.protocol import Limits, Malformed
from realtime.protocol.socketio import Decoder, Packet, PacketType, decode, encode

LIMITS = Limits()

EXAMPLES = [
    ("0", Packet(type=PacketType.CONNECT)),
    ('0{"token":"123"}', Packet(type=PacketType.CONNECT, data={"token": "123"})),
    ("0/admin,", Packet(type=PacketType.CONNECT, namespace="/admin")),
    ('0/admin,{"sid":"oSO0"}', Packet(type=PacketType.CONNECT, namespace="/admin", data={"sid": "oSO0"})),
    ("1/admin,", Packet(type=PacketType.DISCONNECT, namespace="/admin")),
    ('2["foo"]', Packet(type=PacketType.EVENT, data=["foo"])),
    ('2/admin,["bar"]', Packet(type=PacketType.EVENT, namespace="/admin", data=["bar"])),
    ('212["foo"]', Packet(type=PacketType.EVENT, id=12, data=["foo"])),
    ('2/a,0["foo",{"x":[null]}]', Packet(type=PacketType.EVENT, namespace="/a", id=0, data=["foo", {"x": [None]}])),
    ("3/admin,13[]", Packet(type=PacketType.ACK, namespace="/admin", id=13, data=[])),
    ('4{"message":"Not authorized"}', Packet(type=PacketType.CONNECT_ERROR, data={"message": "Not authorized"})),
]


@pytest.mark.parametrize(("text", "packet"), EXAMPLES)
def test_the_examples_of_the_specification_are_read_and_written(text: str, packet: Packet) -> None:
    assert decode(text, LIMITS) == (packet, 0)
    assert encode(packet) == (text,)


def test_a_namespace_may_end_the_packet_without_its_comma() -> None:
    assert decode("1/admin", LIMITS)[0] == Packet(type=PacketType.DISCONNECT, namespace="/admin")


def test_an_event_with_attachments_is_put_together_from_its_frames() -> None:
    decoder = Decoder(LIMITS)
    text = '52-/admin,456["project:delete",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]'
    assert decoder.feed(text) is None
    assert decoder.feed(b"\x01") is None
    assert decoder.feed(b"\x02") == Packet(
        type=PacketType.EVENT, namespace="/admin", id=456, data=["project:delete", b"\x02", [b"\x01"]]
    )
    assert decoder.feed('2["next"]') == Packet(type=PacketType.EVENT, data=["next"])


def test_an_acknowledgement_may_carry_attachments() -> None:
    decoder = Decoder(LIMITS)
    assert decoder.feed('61-7[{"_placeholder":true,"num":0}]') is None
    assert decoder.feed(b"abc") == Packet(type=PacketType.ACK, id=7, data=[b"abc"])


def test_an_event_with_bytes_is_written_with_placeholders() -> None:
    packet = Packet(type=PacketType.EVENT, namespace="/a", id=3, data=["x", {"y": b"1"}, [b"2"]])
    assert encode(packet) == (
        '52-/a,3["x",{"y":{"_placeholder":true,"num":0}},[{"_placeholder":true,"num":1}]]', b"1", b"2",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "7", "9[]", "-2", " 2", "\u0662",
        "abc", "0[]", '0"text"', "0null", "0{", "01{}", "0 1",
        "1{}", "1[]", "11",
        "2", "2[]", "2{}", "2null", '2"text"', "2[1", "2[true]", "2[null]", "2[{}]", '2abc["a"]', '2["a"]x', "2[NaN]",
        '2["connect"]', '2["connect_error"]', '2["disconnect"]', '2["disconnecting"]',
        '2["newListener"]', '2["removeListener"]',
        "3", "3[]", "31", "31{}", '3abc["x"]',
        "4[]", '4"no"', "41{}",
        '5["a"]', '50-["a"]', '5-["a"]', '51["a"]', '51.5-["a"]', '511-["a"]', '5999999999999999-["a"]', '5-1-["a"]',
        '21-["a"]', '6["a"]',
        '29007199254740992["a"]', "2" + "9" * 400 + '["a"]',
        "0/" + "n" * 64 + ",",
        '2["a",' + "[" * 40 + "]" * 40 + "]",
        "2" + "[" * 100_000,
        "2" + "[" * 5_000 + "]" * 5_000,
        '2["\\ud800"]', '2["\ud800"]', "2[1e999]", "2[" + "1" * 5_000 + "]",
    ],
)  # fmt: skip
def test_a_malformed_packet_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode(text, LIMITS)


@pytest.mark.parametrize(
    "frames",
    [
        [b"nothing was announced"],
        ['51-["a",{"_placeholder":true,"num":0}]', '2["text"]'],
        ['51-["a",{"_placeholder":true,"num":1}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":-1}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":"0"}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":true}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":0.0}]', b"x"],
        ['51-["a",{"_placeholder":true}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":0}]', b"x", b"y"],
    ],
)
def test_attachments_that_do_not_fit_are_refused(frames: list[str | bytes]) -> None:
    decoder = Decoder(LIMITS)
    for frame in frames[:-1]:
        decoder.feed(frame)
    with pytest.raises(Malformed):
        decoder.feed(frames[-1])


def test_attachments_are_bounded_together() -> None:
    decoder = Decoder(Limits(attached_bytes=10))
    decoder.feed('52-["a"]')
    decoder.feed(b"123456")
    with pytest.raises(Malformed, match="too large"):
        decoder.feed(b"12345")


def test_the_nesting_limit_is_exact() -> None:
    limits = Limits(nesting=3)
    assert decode('2["a",[[]]]', limits)[0].data == ["a", [[]]]
    with pytest.raises(Malformed):
        decode('2["a",[[[]]]]', limits)


def test_the_acknowledgement_limit_is_exact() -> None:
    assert decode(f'2{2**53 - 1}["a"]', LIMITS)[0].id == 2**53 - 1
    with pytest.raises(Malformed):
        decode(f'2{2**53}["a"]', LIMITS)


NAMESPACES = st.just("/") | st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), max_size=40).map(
    lambda text: "/" + text
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10).filter(lambda key: key != "_placeholder")
PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
VALUES = st.recursive(
    PLAIN | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=9,
)
NAMES = st.sampled_from(["newJob", "message", "é", "with,comma", "12", "[", "{}", ""])
IDS = st.none() | st.integers(0, 2**53 - 1)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    kind = draw(st.sampled_from(PacketType))
    namespace = draw(NAMESPACES)
    match kind:
        case PacketType.EVENT:
            return Packet(type=kind, namespace=namespace, id=draw(IDS), data=[draw(NAMES), *draw(st.lists(VALUES, max_size=3))])
        case PacketType.ACK:
            identifier = draw(st.integers(0, 2**53 - 1))
            return Packet(type=kind, namespace=namespace, id=identifier, data=draw(st.lists(VALUES, max_size=3)))
        case PacketType.DISCONNECT:
            return Packet(type=kind, namespace=namespace)
        case _:
            return Packet(type=kind, namespace=namespace, data=draw(st.none() | st.dictionaries(KEYS, PLAIN, max_size=3)))


def read_all(decoder: Decoder, frames: tuple[str | bytes, ...]) -> list[Packet]:
    return [packet for frame in frames if (packet := decoder.feed(frame)) is not None]


@given(packets())
def test_what_is_written_is_read_back(packet: Packet) -> None:
    assert read_all(Decoder(LIMITS), encode(packet)) == [packet]


@given(st.lists(packets(), max_size=5))
def test_packets_after_one_another_do_not_disturb_each_other(many: list[Packet]) -> None:
    decoder = Decoder(LIMITS)
    assert [read for packet in many for read in read_all(decoder, encode(packet))] == many


NOISE = st.text() | st.from_regex(r"[0-7][0-9]{0,3}-?(/[a-z]*,?)?[0-9]{0,17}(\[[\s\S]*\]|\{[\s\S]*\}|.*)", fullmatch=True)


@given(st.lists(NOISE | st.binary(), max_size=6))
def test_noise_is_either_a_packet_that_fits_its_type_or_malformed(frames: list[str | bytes]) -> None:
    decoder = Decoder(LIMITS)
    for frame in frames:
        try:
            packet = decoder.feed(frame)
        except Malformed:
            return
        if packet is not None:
            assert_fits(packet)


def assert_fits(packet: Packet) -> None:
    data: Any = packet.data
    assert packet.namespace.startswith("/")
    assert packet.id is None or 0 <= packet.id < 2**53
    if packet.type is PacketType.EVENT:
        assert isinstance(data, list)
        assert isinstance(data[0], str | int | float)
    elif packet.type is PacketType.ACK:
        assert isinstance(data, list)
        assert packet.id is not None
    else:
        assert data is None or isinstance(data, dict)
