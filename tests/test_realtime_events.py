"""The relay's events: the names that clients listen to, and payloads that are plain JSON."""

import json
from datetime import UTC, datetime

import msgspec

from freehold.domain.money import Money
from freehold.realtime_events import MilestoneUpdate, all_relay_events


def test_the_names_are_those_that_clients_listen_to():
    assert list(all_relay_events()) == [
        "applicationStatusUpdate",
        "disputeUpdate",
        "escrowUpdate",
        "hoursUpdate",
        "invoiceUpdate",
        "milestoneUpdate",
        "newJob",
        "paymentMethodUpdate",
        "payoutUpdate",
        "reviewPublished",
        "termsUpdate",
        "weekUpdate",
    ]
    assert {event.namespace for event in all_relay_events().values()} == {"/notifications"}


def test_every_payload_names_the_notification_that_it_belongs_to():
    assert all("notification_id" in event.__struct_fields__ for event in all_relay_events().values())


def test_a_payload_is_plain_json_with_money_in_minor_units_and_times_in_utc():
    event = MilestoneUpdate(
        project_id="prj_x",
        milestone_id="mst_x",
        title="First",
        state="submitted",
        amount=Money(125_000, "USD"),
        auto_release_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    payload = msgspec.to_builtins(event)
    assert json.loads(json.dumps(payload)) == payload
    assert payload["amount"] == {"amount": 125_000, "currency": "USD"}
    assert payload["auto_release_at"] == "2026-03-01T12:00:00Z"
