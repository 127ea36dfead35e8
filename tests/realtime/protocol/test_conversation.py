import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from realtime.protocol import (
    Acknowledged,
    Close,
    CloseCode,
    ConnectAsked,
    Connection,
    Effect,
    Heard,
    Left,
    Limits,
    Received,
    Send,
    engineio,
    socketio,
)

NAMESPACES = ("/notifications", "/messages", "/")
LIMITS = Limits()


def new(limits: Limits = LIMITS) -> Connection:
    return Connection(sid="s1", namespaces=NAMESPACES, limits=limits)


def joined(*namespaces: str, limits: Limits = LIMITS) -> Connection:
    connection = new(limits)
    for namespace in namespaces:
        connection.receive(f"40{namespace},")
        connection.accept(namespace, sid="n1")
    return connection


def sent(effects: tuple[Effect, ...]) -> list[str | bytes]:
    return [frame for effect in effects if isinstance(effect, Send) for frame in effect.frames]


def test_a_session_opens_with_its_id() -> None:
    (frame,) = sent(new().open())
    assert isinstance(frame, str)
    assert msgspec.json.decode(frame[1:])["sid"] == "s1"


def test_a_connect_is_put_to_the_shell_with_what_the_client_gave() -> None:
    connection = new()
    assert connection.receive('40/notifications,{"ticket":"t"}') == (ConnectAsked("/notifications", {"ticket": "t"}),)
    assert connection.joined == frozenset()
    assert sent(connection.accept("/notifications", sid="n1")) == ['40/notifications,{"sid":"n1"}']
    assert connection.joined == {"/notifications"}


def test_a_connect_without_data_gives_nothing() -> None:
    assert new().receive("40") == (ConnectAsked("/", {}),)


def test_an_unknown_namespace_is_refused_as_the_reference_server_does() -> None:
    connection = new()
    assert sent(connection.receive("40/random")) == ['44/random,{"message":"Invalid namespace"}']
    assert not connection.is_closed


def test_a_refusal_carries_a_code_for_programs() -> None:
    connection = new()
    connection.receive("40/messages,")
    told = sent(connection.refuse("/messages", code="ticket_invalid", message="No."))
    assert told == ['44/messages,{"message":"No.","data":{"code":"ticket_invalid"}}']


def test_a_refused_client_may_ask_again() -> None:
    connection = new()
    connection.receive("40/messages,")
    connection.refuse("/messages", code="ticket_invalid", message="No.")
    assert connection.receive("40/messages,") == (ConnectAsked("/messages", {}),)


def test_too_many_refusals_end_the_connection() -> None:
    connection = new(Limits(refusals=2))
    connection.receive("40/random,")
    assert connection.receive("40/other,")[-1] == Close(CloseCode.LIMIT, "refused too often")


def test_events_are_handed_on_with_their_arguments_and_id() -> None:
    connection = joined("/messages")
    assert connection.receive('42/messages,7["say","a",{"b":1}]') == (Received("/messages", "say", ("a", {"b": 1}), 7),)
    assert connection.receive('42/messages,["say"]') == (Received("/messages", "say", (), None),)


def test_binary_events_are_handed_on_whole() -> None:
    connection = joined("/messages")
    assert connection.receive('451-/messages,["file",{"_placeholder":true,"num":0}]') == ()
    assert connection.receive(b"\x00") == (Received("/messages", "file", (b"\x00",), None),)


def test_acknowledgements_go_both_ways() -> None:
    connection = joined("/messages")
    assert sent(connection.acknowledge("/messages", 7, "ok")) == ['43/messages,7["ok"]']
    assert connection.receive("43/messages,8[1]") == (Acknowledged("/messages", 8, (1,)),)


def test_an_emit_reaches_only_a_joined_namespace() -> None:
    connection = joined("/messages")
    assert sent(connection.emit("/messages", "hi", {"a": b"1"})) == [
        '451-/messages,["hi",{"a":{"_placeholder":true,"num":0}}]',
        b"1",
    ]
    assert connection.emit("/notifications", "hi") == ()


def test_a_client_may_leave_a_namespace_and_come_back() -> None:
    connection = joined("/messages")
    assert connection.receive("41/messages,") == (Left("/messages"),)
    assert connection.emit("/messages", "hi") == ()
    assert connection.receive("40/messages,") == (ConnectAsked("/messages", {}),)


def test_a_pong_is_a_sign_of_life() -> None:
    assert new().receive("3") == (Heard(),)


def test_a_noop_has_no_effect() -> None:
    connection = new()
    assert connection.receive("6") == ()
    assert not connection.is_closed


def test_the_client_may_end_the_session() -> None:
    assert new().receive("1") == (Close(CloseCode.NORMAL, "closed by the client"),)


def test_dismissing_tells_every_namespace_first() -> None:
    connection = joined("/notifications", "/messages")
    effects = connection.dismiss(CloseCode.SESSION_OVER, "signed out")
    assert sent(effects) == ["41/messages,", "41/notifications,"]
    assert effects[-1] == Close(CloseCode.SESSION_OVER, "signed out")


def test_a_long_reason_is_cut_to_what_a_close_frame_holds() -> None:
    (close,) = new().close(CloseCode.NORMAL, "é" * 100)
    assert isinstance(close, Close)
    assert len(close.reason.encode()) <= 123
    assert close.reason == "é" * 61


@pytest.mark.parametrize(
    "frame",
    [
        "", "abc", "2", "2probe", "5", '0{"sid":"x"}', "8",
        "4", "4abc", "42{}", '42abc["x"]', "49", b"binary",
        '42["not joined"]', "43/messages,1[]", "41/messages,",
        "40/notifications,", "44/notifications,{}", '44/notifications,{"message":"x"}',
        '42/notifications,["connect"]',
    ],
)  # fmt: skip
def test_what_the_protocol_does_not_allow_ends_the_connection(frame: str | bytes) -> None:
    connection = joined("/notifications")
    (effect,) = connection.receive(frame)
    assert isinstance(effect, Close)
    assert effect.code is CloseCode.MALFORMED
    assert connection.is_closed


def test_a_namespace_that_is_still_asked_for_cannot_be_used_or_asked_for_again() -> None:
    for frame in ('42/messages,["a"]', "40/messages,"):
        connection = new()
        connection.receive("40/messages,")
        assert isinstance(connection.receive(frame)[-1], Close)


def test_namespaces_are_limited() -> None:
    connection = joined("/messages", limits=Limits(namespaces=2))
    connection.receive("40/notifications,")
    assert connection.receive("40") == (Close(CloseCode.MALFORMED, "too many namespaces"),)


def test_a_frame_above_the_limit_ends_the_connection() -> None:
    connection = new(Limits(packet_bytes=100))
    assert connection.receive("6" * 100) == ()
    assert connection.receive("6" * 101) == (Close(CloseCode.MALFORMED, "frame too large"),)


def test_after_its_end_a_connection_says_nothing() -> None:
    connection = joined("/notifications")
    connection.receive("40/messages,")
    connection.close(CloseCode.RESTART, "restart")
    assert connection.receive("3") == ()
    assert connection.accept("/messages", sid="n") == ()
    assert connection.refuse("/messages", code=None, message="no") == ()
    assert connection.emit("/notifications", "x") == ()
    assert connection.acknowledge("/notifications", 1) == ()
    assert connection.dismiss(CloseCode.NORMAL, "again") == ()
    assert connection.close(CloseCode.NORMAL, "again") == ()


def test_an_answer_to_what_was_not_asked_has_no_effect() -> None:
    connection = new()
    assert connection.accept("/messages", sid="n") == ()
    assert connection.joined == frozenset()


NAMES = st.sampled_from([*NAMESPACES, "/unknown"])
FRAMES = (
    st.binary(max_size=8)
    | st.text(max_size=8)
    | st.sampled_from(["1", "3", "6"])
    | st.builds("4{}{}{},{}{}".format, st.sampled_from("0123456"), st.sampled_from(["", "1-", "2-"]), NAMES,
                st.sampled_from(["", "0", "12"]), st.sampled_from(["", "{}", "[]", '["a"]', '[{"_placeholder":true,"num":0}]']))
)  # fmt: skip


class Conversation(RuleBasedStateMachine):
    """Any frames and any decisions, in any order: the machine keeps its promises."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = new(Limits(refusals=50, namespaces=2))
        self.closes = 0

    def take(self, effects: tuple[Effect, ...]) -> None:
        assert self.closes == 0 or effects == ()
        for position, effect in enumerate(effects):
            if isinstance(effect, Close):
                self.closes += 1
                assert position == len(effects) - 1
        decoder = socketio.Decoder(LIMITS)
        for frame in sent(effects):
            decoder.feed(engineio.decode(frame).data)

    @rule(frame=FRAMES)
    def client_sends(self, frame: str | bytes) -> None:
        self.take(self.connection.receive(frame))

    @rule(namespace=NAMES)
    def client_joins(self, namespace: str) -> None:
        if namespace not in self.connection.joined:
            self.take(self.connection.receive(f"40{namespace},"))
            self.take(self.connection.accept(namespace, sid="n"))

    @rule(namespace=NAMES)
    def shell_refuses(self, namespace: str) -> None:
        if namespace not in self.connection.joined:
            self.take(self.connection.refuse(namespace, code="no", message="No."))

    @rule(namespace=NAMES, payload=st.text() | st.binary())
    def shell_emits(self, namespace: str, payload: str | bytes) -> None:
        effects = self.connection.emit(namespace, "event", payload)
        assert (effects != ()) is (namespace in self.connection.joined)
        self.take(effects)

    @precondition(lambda self: self.connection.is_closed)
    @rule()
    def a_new_client_comes(self) -> None:
        assert self.closes == 1
        self.connection = new(Limits(refusals=50, namespaces=2))
        self.closes = 0

    @invariant()
    def joined_namespaces_exist_and_are_limited(self) -> None:
        assert self.connection.joined <= set(NAMESPACES)
        assert len(self.connection.joined) <= 2
        assert self.connection.is_closed is (self.closes == 1)


TestConversation = Conversation.TestCase


@given(st.lists(st.text() | st.binary(), max_size=20))
def test_no_frame_makes_it_raise(frames: list[str | bytes]) -> None:
    connection = joined("/notifications")
    effects = [effect for frame in frames for effect in connection.receive(frame)]
    assert sum(isinstance(effect, Close) for effect in effects) == connection.is_closed
