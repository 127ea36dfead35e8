"""Identifiers: unique, ordered, and of the form that boundaries check."""

import re
import uuid

from freehold.ids import KINDS, kind_of, new_id


def test_ids_of_one_process_are_unique_and_sorted_as_they_were_made() -> None:
    made = [new_id("evt") for _ in range(20_000)]
    assert made == sorted(set(made))


def test_an_id_is_a_version_7_uuid_behind_its_kind() -> None:
    for kind in KINDS:
        made = new_id(kind)
        assert re.fullmatch(f"{kind}_[0-9a-f]{{32}}", made)
        parsed = uuid.UUID(made.removeprefix(f"{kind}_"))
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


def test_the_kind_is_what_stands_before_the_underscore() -> None:
    assert kind_of(new_id("job")) == "job"
    assert kind_of("nonsense") == "nonsense"
