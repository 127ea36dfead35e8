"""`python -m infra.demo`: show the whole loop against the running instance; 0 only if every figure is right."""

import asyncio
import os
import sys
from typing import Final

from infra.client import Api, NeverHappened, Refused, Unreachable, until
from infra.demo.cast import register_cast
from infra.demo.ledger import verify_ledger
from infra.demo.live import listening
from infra.demo.report import Report, WrongFigure
from infra.demo.showing import Showing, Sockets
from infra.local.settings import RunSettings
from infra.local.trouble import Trouble
from infra.seed.content import ADMIN_NAME, PASSWORD, address_of

START_LIMIT_S: Final = 300.0
ADMIN_EMAIL: Final = "FREEHOLD_ADMIN_EMAIL"
ADMIN_PASSWORD: Final = "FREEHOLD_ADMIN_PASSWORD"  # noqa: S105 - the variable's name


async def show(url: str) -> None:
    """Show the whole loop on the instance at this address."""
    report = Report()
    async with Api(url) as api:
        await api.require_running()
        await _until_ready(api, report)
        admin = await api.sign_in(
            name="the operator",
            email=os.environ.get(ADMIN_EMAIL, address_of(ADMIN_NAME)),
            password=os.environ.get(ADMIN_PASSWORD, PASSWORD),
        )
        cast = await register_cast(api)
        report.step("two employers and three freelancers have registered")
        async with listening(cast.client) as client, listening(cast.printer) as printer, listening(cast.translator) as other:
            showing = Showing(cast, Sockets(client, printer, other), report)
            project = await showing.hire(await showing.post_job())
            submitted = await showing.submit(project, await showing.fund(project))
            await showing.wait_for_the_clock(project, submitted)
            await showing.review(project)
            await showing.count_notifications()
        await verify_ledger(admin, report)
    report.close()


async def _until_ready(api: Api, report: Report) -> None:
    """Wait while the instance is still starting, or a part of it is being started again."""
    if not await api.is_ready():
        report.step(f"{api.url} is not ready yet; waiting ...")
        await until(api.is_ready, bool, what=f"{api.url}/_/ready answers that everything works", limit_s=START_LIMIT_S)


def main() -> int:
    """Run the demo."""
    try:
        asyncio.run(show(RunSettings.from_environment().url))
    except WrongFigure as wrong:
        print(f"A figure is wrong. {wrong}", file=sys.stderr)
    except Unreachable as error:
        print(f"{error}. Start it first: `make run`, and wait for `Freehold is ready`.", file=sys.stderr)
    except (Refused, NeverHappened, Trouble, OSError) as error:
        print(f"The demo cannot go on: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("The demo was interrupted.", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
