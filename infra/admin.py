"""Admins are made by the operator, on the machine that holds the database's secret; nobody becomes one through the API.

`python -m infra.admin create EMAIL --name NAME` asks for a password (or takes `--password-file`) and makes an admin;
`python -m infra.admin grant EMAIL` and `revoke EMAIL` change what an account may do, and end its access tokens.
"""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

import msgspec

from freehold import settings
from freehold.documents import User
from freehold.documents.people import PersonName
from freehold.domain.text import line
from freehold.edge.passwords import PasswordHasher, refuse_weak
from freehold.edge.problems import Invalid
from freehold.edge.sessions import raise_sign_in_version
from freehold.edge.signing_in import EmailAddress, fold_email
from freehold.events import UserRegistered
from freehold.ids import new_id
from freehold.store import OUTAGES, Store, StoreError, Unit, now

DEADLINE_S = 10.0


class NotDone(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """The command was refused; nothing has changed."""


class AlreadyThere(NotDone):
    """There is an account with this address."""


async def create_admin(store: Store, *, email: str, name: str, password: str) -> str:
    """Make an account that is an admin; answer its id. Raises AlreadyThere when the address has one, else NotDone."""
    address = _checked(fold_email(email), EmailAddress, f"{email!r} is no e-mail address.")
    spoken = _checked(line(name), PersonName, f"{name!r} is no name that an account can have.")
    refuse_weak(password, own_words=[address, spoken])
    hasher = PasswordHasher(threads=1, queue=1)
    user = User(
        id=new_id("usr"),
        email=address,
        password_hash=await hasher.hash(password),
        name=spoken,
        roles=("admin",),
        created_at=now(),
    )
    hasher.close()

    async def work(unit: Unit) -> str:
        unit.insert(user, duplicate=AlreadyThere(f"There is an account of {address} already. Use `grant` to make it an admin."))
        unit.emit(UserRegistered(user_id=user.id), user)
        return user.id

    return await store.transact(work, deadline_s=DEADLINE_S)


def _checked(text: str, kind: object, complaint: str) -> str:
    try:
        return str(msgspec.convert(text, kind))
    except msgspec.ValidationError as error:
        raise NotDone(complaint) from error


async def change_admin(store: Store, *, email: str, is_admin: bool) -> str:
    """Make somebody an admin, or end that; answer their id. Raises NotDone when there is no such account."""

    async def work(unit: Unit) -> str:
        user = await unit.first(User, {"email": fold_email(email)})
        if user is None:
            raise NotDone(f"There is no account of {email}.")
        others = tuple(role for role in user.roles if role != "admin")
        roles = (*others, "admin") if is_admin else others
        if not roles:
            raise NotDone(f"{email} is nothing but an admin. An account needs a role; its owner can take another one first.")
        await unit.update(user, msgspec.structs.replace(user, roles=tuple(sorted(roles))))
        await raise_sign_in_version(unit, user.id)
        return user.id

    return await store.transact(work, deadline_s=DEADLINE_S)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it is done."""
    given = _parse(arguments)
    try:
        user_id = asyncio.run(_carry_out(given))
    except AlreadyThere as error:
        print(error, file=sys.stderr)
        return 0 if given.unless_there else 1
    except Invalid as error:
        print("; ".join(f"The password must be {fault.expected}" for fault in error.faults), file=sys.stderr)
        return 1
    except (NotDone, settings.InvalidSettings, StoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except OUTAGES as error:
        print(f"The database cannot be reached: {str(error)[:200]}", file=sys.stderr)
        return 1
    print(f"{given.email} ({user_id}): done")
    return 0


async def _carry_out(given: argparse.Namespace) -> str:
    where = settings.load(settings.Database)
    store = Store(where.mongodb_uri, where.mongodb_database, connections=1)
    try:
        await store.open()
        if given.command == "create":
            return await create_admin(store, email=given.email, name=given.name, password=_password(given.password_file))
        return await change_admin(store, email=given.email, is_admin=given.command == "grant")
    finally:
        await store.close()


def _password(file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    return getpass.getpass("Password of the new admin: ")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.admin", description="Make admins, and end their rights.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, what in {
        "create": "make an account that is an admin",
        "grant": "make somebody an admin",
        "revoke": "end that",
    }.items():
        sub = commands.add_parser(command, help=what)
        sub.add_argument("email")
        if command == "create":
            sub.add_argument("--name", required=True)
            sub.add_argument(
                "--unless-there", action="store_true", help="an account that is there already is well, and stays as it is"
            )
            sub.add_argument("--password-file", type=Path, help="a file that holds the password; without it you are asked")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
