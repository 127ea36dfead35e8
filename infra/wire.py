"""What the public API answers, as far as our own programs (seed, demo, loader) read it. Other fields are passed over."""

from msgspec import Struct

from freehold.domain.money import Money


class Seen(Struct, frozen=True, kw_only=True):
    """Anything with an identifier and a version."""

    id: str
    version: int = 1
    state: str = ""
    created_at: str = ""


class Sums(Struct, frozen=True, kw_only=True):
    """Where a milestone's money is."""

    deposited: Money
    held: Money
    releasing: Money
    released: Money
    fees: Money
    refunded: Money


class Milestone(Seen, frozen=True, kw_only=True):
    """A milestone."""

    title: str
    amount: Money
    money: Sums
    auto_release_at: str | None = None


class Milestones(Struct, frozen=True):
    """A project's milestones (it has few: they are on one page)."""

    items: list[Milestone]


class Application(Seen, frozen=True, kw_only=True):
    """An application; `project_id` is there once it is accepted."""

    budget: Money
    project_id: str | None = None
