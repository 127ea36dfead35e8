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

    project_id: str
    title: str
    amount: Money
    money: Sums
    fee_basis_points: int | None = None
    auto_release_at: str | None = None


class Milestones(Struct, frozen=True):
    """A project's milestones (it has few: they are on one page)."""

    items: list[Milestone]


class Application(Seen, frozen=True, kw_only=True):
    """An application; `project_id` is there once it is accepted."""

    budget: Money | None = None
    project_id: str | None = None


class Terms(Struct, frozen=True, kw_only=True):
    """What both sides of a project agreed."""

    amount: Money
    inspection_period_s: int


class Project(Seen, frozen=True, kw_only=True):
    """A project."""

    terms: Terms


class Movement(Struct, frozen=True, kw_only=True):
    """One movement of a milestone's money."""

    kind: str
    at: str


class Escrow(Struct, frozen=True, kw_only=True):
    """What happened to a milestone's money, oldest first."""

    movements: tuple[Movement, ...]


class Rating(Struct, frozen=True, kw_only=True):
    """Published reviews, added up; the average in hundredths of a star."""

    count: int
    average: int | None


class User(Seen, frozen=True, kw_only=True):
    """A person."""

    rating: Rating


class Reviews(Struct, frozen=True):
    """The published reviews of a person."""

    items: list[Seen]


class Notifications(Struct, frozen=True, kw_only=True):
    """What a person was told."""

    items: list[Seen]
    unread: int


class AccountTotal(Struct, frozen=True, kw_only=True):
    """An account's balance over the whole ledger, in minor units."""

    account: str
    currency: str
    balance: int


class Audit(Struct, frozen=True, kw_only=True):
    """What an audit of the whole ledger found."""

    clean: bool
    journals: int
    milestones: int
    totals: tuple[AccountTotal, ...]
    violation_count: int


class PublicKey(Struct, frozen=True):
    """A key that access tokens are signed with."""

    kid: str


class KeySet(Struct, frozen=True):
    """All of them: what tells one instance from another."""

    keys: tuple[PublicKey, ...]
