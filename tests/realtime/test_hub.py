from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from freehold.documents import Ticket
from realtime.hub import Hub

NOTIFICATIONS = "/notifications"


def ticket(user: str = "usr_a", session: str = "ses_a", version: int = 1) -> Ticket:
    return Ticket(
        id="hash", user_id=user, session_id=session, sign_in_version=version, roles=(), expires_at=datetime.now(UTC)
    )  # fmt: skip


def hub(**connections: Ticket) -> Hub[str]:
    made: Hub[str] = Hub(connections_per_person=3)
    for name, given in connections.items():
        assert made.admit(name, given)
        made.join(name, NOTIFICATIONS)
    return made


def test_what_is_said_to_a_person_reaches_all_of_their_connections_and_nobody_elses() -> None:
    made = hub(phone=ticket("usr_a", "ses_1"), laptop=ticket("usr_a", "ses_2"), other=ticket("usr_b", "ses_3"))
    assert set(made.audience(NOTIFICATIONS, "user:usr_a")) == {"phone", "laptop"}
    assert set(made.audience(NOTIFICATIONS, "user:usr_b")) == {"other"}
    assert set(made.audience("/messages", "user:usr_a")) == set()
    assert set(made.audience(NOTIFICATIONS, "usr_a")) == set()


def test_a_connection_that_only_gave_its_ticket_hears_nothing() -> None:
    made: Hub[str] = Hub(connections_per_person=1)
    assert made.admit("a", ticket())
    assert made.is_admitted("a")
    assert set(made.audience(NOTIFICATIONS, "user:usr_a")) == set()


def test_leaving_a_namespace_keeps_the_ticket() -> None:
    made = hub(a=ticket())
    made.leave("a", NOTIFICATIONS)
    assert set(made.audience(NOTIFICATIONS, "user:usr_a")) == set()
    assert made.is_admitted("a")
    made.join("a", NOTIFICATIONS)
    assert set(made.audience(NOTIFICATIONS, "user:usr_a")) == {"a"}


def test_one_person_cannot_hold_more_connections_than_the_limit() -> None:
    made = hub(a=ticket(session="ses_1"), b=ticket(session="ses_2"), c=ticket(session="ses_3"))
    assert not made.admit("d", ticket(session="ses_4"))
    assert not made.is_admitted("d")
    assert made.admit("e", ticket("usr_b", "ses_5"))
    made.drop("a")
    assert made.admit("d", ticket(session="ses_4"))


def test_a_session_that_is_no_longer_good_is_over() -> None:
    made = hub(a=ticket(session="ses_1"), b=ticket(session="ses_1"), c=ticket("usr_b", "ses_2"))
    verdict = made.judge(["ses_1", "ses_2"], {"ses_2": 1})
    assert (set(verdict.over), verdict.changed) == ({"a", "b"}, ())


def test_a_session_whose_rights_changed_is_told_apart() -> None:
    made = hub(a=ticket(session="ses_1", version=1), b=ticket(session="ses_1", version=2))
    verdict = made.judge(["ses_1"], {"ses_1": 2})
    assert (verdict.over, verdict.changed) == ((), ("a",))


def test_a_session_that_was_not_asked_about_is_not_judged() -> None:
    made = hub(a=ticket(session="ses_1"), late=ticket("usr_b", "ses_late"))
    verdict = made.judge(["ses_1"], {"ses_1": 1})
    assert (verdict.over, verdict.changed) == ((), ())


def test_a_session_that_left_meanwhile_is_of_no_interest() -> None:
    made = hub(a=ticket(session="ses_1"))
    made.drop("a")
    assert made.judge(["ses_1"], {}).over == ()
    assert made.sessions(10) == []


def test_dropping_twice_or_a_stranger_is_fine() -> None:
    made = hub(a=ticket())
    made.drop("a")
    made.drop("a")
    made.drop("stranger")
    made.leave("stranger", NOTIFICATIONS)
    assert len(made) == 0


PEOPLE = st.sampled_from(["usr_a", "usr_b"])
CONNECTIONS = st.integers(0, 6)


class Crowd(RuleBasedStateMachine):
    """Whatever the order, the hub agrees with a plain list of who is where, and keeps nothing of those who left."""

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub[int] = Hub(connections_per_person=3)
        self.admitted: dict[int, Ticket] = {}
        self.inside: set[int] = set()

    @rule(connection=CONNECTIONS, person=PEOPLE, session=st.integers(0, 1))
    def admit(self, connection: int, person: str, session: int) -> None:
        if connection in self.admitted:
            return
        given = ticket(person, f"ses_{person}_{session}")
        has_room = sum(each.user_id == person for each in self.admitted.values()) < 3
        assert self.hub.admit(connection, given) is has_room
        if has_room:
            self.admitted[connection] = given

    @rule(connection=CONNECTIONS)
    def join(self, connection: int) -> None:
        if connection in self.admitted:
            self.hub.join(connection, NOTIFICATIONS)
            self.inside.add(connection)

    @rule(connection=CONNECTIONS)
    def leave(self, connection: int) -> None:
        self.hub.leave(connection, NOTIFICATIONS)
        self.inside.discard(connection)

    @rule(connection=CONNECTIONS)
    def drop(self, connection: int) -> None:
        self.hub.drop(connection)
        self.admitted.pop(connection, None)
        self.inside.discard(connection)

    @invariant()
    def agrees(self) -> None:
        for person in ("usr_a", "usr_b"):
            expected = {each for each in self.inside if self.admitted[each].user_id == person}
            assert set(self.hub.audience(NOTIFICATIONS, f"user:{person}")) == expected
        portions = self.hub.sessions(2)
        asked = [session for portion in portions for session in portion]
        assert sorted(asked) == sorted({each.session_id for each in self.admitted.values()})
        assert all(1 <= len(portion) <= 2 for portion in portions)
        assert set(self.hub.connections()) == set(self.admitted)
        over = self.hub.judge(asked, {}).over
        assert set(over) == set(self.admitted)


TestCrowd = Crowd.TestCase
