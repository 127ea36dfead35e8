"""`PUT /api/users/{id}`."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from freehold.documents import User, Version
from freehold.documents.people import (
    Country,
    Engagement,
    LongText,
    PersonName,
    PortfolioItem,
    Profile,
    ShortText,
    Skill,
    SpokenLanguage,
    TimeZone,
)
from freehold.domain.errors import refuse_faults
from freehold.domain.hiring import payable_faults
from freehold.domain.money import Money
from freehold.domain.text import distinct_lines, folded, line, prose
from freehold.edge import Call, endpoint
from freehold.edge.decoding import revalidated
from freehold.edge.problems import NotFound, StaleVersion
from freehold.edge.sessions import raise_sign_in_version
from freehold.ids import UserPath
from freehold.views.people import UserView, private_user


class ProfileChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of a profile that change; each replaces what was there."""

    headline: ShortText | UnsetType = UNSET
    about: LongText | UnsetType = UNSET
    skills: Annotated[tuple[Skill, ...], Meta(max_length=50)] | UnsetType = UNSET
    hourly_rate: Money | UnsetType | None = UNSET
    availability_hours_per_week: Annotated[int, Meta(ge=0, le=168)] | UnsetType | None = UNSET
    experience: Annotated[tuple[Engagement, ...], Meta(max_length=50)] | UnsetType = UNSET
    education: Annotated[tuple[Engagement, ...], Meta(max_length=50)] | UnsetType = UNSET
    portfolio: Annotated[tuple[PortfolioItem, ...], Meta(max_length=50)] | UnsetType = UNSET
    languages: Annotated[tuple[SpokenLanguage, ...], Meta(max_length=20)] | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes. With `version`, only if nobody has changed it since; `roles` are all that the person wants to have."""

    name: PersonName | UnsetType = UNSET
    profile: ProfileChange | UnsetType = UNSET
    roles: Annotated[tuple[Literal["freelancer", "employer"], ...], Meta(min_length=1, max_length=2)] | UnsetType = UNSET
    version: Version | UnsetType = UNSET


@endpoint("PUT /api/users/{id}", auth="user", errors=[NotFound, StaleVersion])
async def update_user(call: Call, path: UserPath, body: UserChange) -> UserView:
    """Change your own profile, name or roles.

    A person may be freelancer and employer at once. When the roles change, every access token of the person ends:
    refresh it. Raises NotFound for anybody else's profile, StaleVersion when it changed since `version`.
    """
    if path.id != call.caller.user_id:
        raise NotFound
    user = await call.unit.require(User, path.id)
    if body.version not in (UNSET, user.version):
        raise StaleVersion(f"The profile is at version {user.version}.")
    changed = _changed(user, body)
    if changed == user:
        return private_user(user)
    if changed.roles != user.roles:
        await raise_sign_in_version(call.unit, user.id)
    return private_user(await call.unit.update(user, changed))


def _changed(user: User, body: UserChange) -> User:
    name = user.name if body.name is UNSET else line(body.name)
    profile = user.profile if body.profile is UNSET else _changed_profile(user.profile, body.profile)
    roles = user.roles if body.roles is UNSET else _roles(user, body.roles)
    skills_folded = tuple(folded(skill) for skill in profile.skills)
    return msgspec.structs.replace(user, name=name, profile=profile, roles=roles, skills_folded=skills_folded)


def _roles(user: User, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Give the roles in order; being an admin is neither taken nor given here."""
    return tuple(sorted({*wanted, *(role for role in user.roles if role == "admin")}))


def _changed_profile(profile: Profile, change: ProfileChange) -> Profile:
    if isinstance(change.hourly_rate, Money):
        refuse_faults(*payable_faults("profile.hourly_rate", change.hourly_rate))
    given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    return revalidated(_kept(msgspec.structs.replace(profile, **given)), "body.profile")


def _kept(profile: Profile) -> Profile:
    """Give every text of a profile the form in which it is kept."""
    return msgspec.structs.replace(
        profile,
        headline=line(profile.headline),
        about=prose(profile.about),
        skills=distinct_lines(profile.skills),
        experience=tuple(_kept_engagement(each) for each in profile.experience),
        education=tuple(_kept_engagement(each) for each in profile.education),
        portfolio=tuple(
            msgspec.structs.replace(each, title=line(each.title), description=prose(each.description))
            for each in profile.portfolio
        ),
        country=line(profile.country),
    )


def _kept_engagement(engagement: Engagement) -> Engagement:
    return msgspec.structs.replace(
        engagement,
        title=line(engagement.title),
        organisation=line(engagement.organisation),
        description=prose(engagement.description),
    )
