"""Who stands on an invoice: the issuer by their tax profile, the recipient by theirs or by what is known of them."""

from typing import Final

import msgspec
from msgspec import Struct

from freehold.documents import TaxProfile, User, WaitingInvoicing
from freehold.domain.invoicing import Language, Party
from freehold.store.reads import Reads
from freehold.store.unit import Unit, now

LANGUAGES: Final[tuple[Language, ...]] = ("en", "de", "fr", "es", "ar")
READY_BATCH: Final = 50
_SPOKEN_WELL: Final = ("native", "fluent")


class Seller(Struct, frozen=True, kw_only=True):
    """Who issues an invoice."""

    id: str
    party: Party


class Buyer(Struct, frozen=True, kw_only=True):
    """Who receives an invoice, and the language that it is written in."""

    id: str
    party: Party
    language: Language


async def seller_of(unit: Unit, issuer_id: str, *, waiting: str) -> Seller | None:
    """Find the issuer's party. Where it is missing, note that the invoices of milestone `waiting` wait for it; then null.

    The note and the profile are written to the same document, so that one of the two always sees the other.
    """
    profile = await unit.get(TaxProfile, issuer_id)
    if profile is not None and profile.party is not None:
        return Seller(id=issuer_id, party=profile.party)
    if profile is None:
        unit.insert(TaxProfile(id=issuer_id, asked=1, updated_at=now()))
    else:
        await unit.update(profile, msgspec.structs.replace(profile, asked=profile.asked + 1))
    note = WaitingInvoicing(id=f"{issuer_id}:{waiting}", issuer_id=issuer_id, milestone_id=waiting)
    if await unit.get(WaitingInvoicing, note.id) is None:
        unit.insert(note)
    return None


async def buyer_of(reads: Reads, recipient_id: str) -> Buyer:
    """Find the recipient's party; without a tax profile it is the name alone, and the language that the person speaks best."""
    profile = await reads.get(TaxProfile, recipient_id)
    if profile is not None and profile.party is not None:
        return Buyer(id=recipient_id, party=profile.party, language=profile.language)
    user = await reads.require(User, recipient_id)
    return Buyer(id=recipient_id, party=Party(name=user.name), language=spoken_by(user))


def spoken_by(user: User) -> Language:
    """Pick the language for somebody who has not chosen one: one that they speak well and that we write, else English."""
    spoken = [each.tag.partition("-")[0].lower() for each in user.profile.languages if each.level in _SPOKEN_WELL]
    return next((language for tag in spoken for language in LANGUAGES if language == tag), "en")


async def wake_waiting(unit: Unit, issuer_id: str) -> None:
    """Let the invoices that wait for this issuer be written: their profile is there now."""
    filter_ = {"issuer_id": issuer_id, "ready": False}
    change = {"$set": {"ready": True}, "$inc": {"version": 1}}
    await unit.collection(WaitingInvoicing).update_many(filter_, change, session=unit.session)


async def ready_invoicings(reads: Reads, *, limit: int = READY_BATCH) -> list[str]:
    """Find the milestones whose invoices waited and need not any more; ids of WaitingInvoicing."""
    return await reads.find_ids(WaitingInvoicing, {"ready": True}, sort=(("_id", 1),), limit=limit)


async def keep_profile(unit: Unit, owner_id: str, party: Party, language: Language) -> TaxProfile:
    """Store a tax profile, and let the invoices that wait for it be written."""
    before = await unit.get(TaxProfile, owner_id)
    if before is None:
        after = TaxProfile(id=owner_id, party=party, language=language, updated_at=now())
        unit.insert(after)
    else:
        changed = msgspec.structs.replace(before, party=party, language=language, updated_at=now())
        after = await unit.update(before, changed)
    await wake_waiting(unit, owner_id)
    return after
