"""What a request of the tables is, and what is said about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api import Person
from tests.security.world import World


@dataclass(frozen=True)
class Request:
    """What to send. `by` is who sends it where that is another session than its owner's usual one.

    `raw` and `headers` are for an endpoint that takes a request as it comes.
    """

    id: str | None = None
    body: dict[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    by: Person | None = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[World], Request]


@dataclass(frozen=True)
class Recipe:
    """How a request of an endpoint is made, by whom (`owner`; null: by anybody), and what others get for it.

    `parties` are the others who have to do with the object, and the status that they get. `hidden` makes a request about an
    object that only its owner may know of, where the one of `make` is public. `public` says that there is no such object.
    """

    owner: str | None
    make: Make
    parties: Mapping[str, int] = field(default_factory=dict)
    hidden: Make | None = None
    public: bool = False
