"""Who plays in the demo: two employers and three freelancers, new each time, so that it can be shown as often as one likes."""

import asyncio
import secrets
from typing import Final

from msgspec import Struct

from infra.client import Api, Person
from infra.wire import Seen

_DOMAIN: Final = "demo-run.freehold.example"


class Cast(Struct, frozen=True):
    """The five people. `run` tells this showing from others; `skills` are what the job asks for and `printer` can do."""

    run: str
    skills: tuple[str, ...]
    client: Person
    other_employer: Person
    printer: Person
    translator: Person
    gardener: Person


async def register_cast(api: Api) -> Cast:
    """Register everybody and give the freelancers their skills."""
    run = secrets.token_hex(3)
    password = secrets.token_urlsafe(18)
    names = {
        "client": ("Margit Halvorsen", "employer"),
        "other": ("Stefan Ilić", "employer"),
        "printer": ("Rosa Amankwah", "freelancer"),
        "translator": ("Jules Perrin", "freelancer"),
        "gardener": ("Aiko Mori", "freelancer"),
    }
    people = await asyncio.gather(
        *(
            api.register(name=name, email=f"{part}-{run}@{_DOMAIN}", password=password, roles=(role,))
            for part, (name, role) in names.items()
        )
    )
    client, other, printer, translator, gardener = people
    skills = ("Letterpress", f"Type case {run}")
    await _learn(printer, *skills)
    await _learn(translator, "Translation")
    await _learn(gardener, "Garden design")
    return Cast(run, skills, client, other, printer, translator, gardener)


async def _learn(person: Person, *skills: str) -> None:
    await person.put(f"/api/users/{person.id}", {"profile": {"skills": skills}}, into=Seen)
