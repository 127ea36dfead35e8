"""What the demo prints: each step with its time, the money at each moment, and all of it in a table at the end."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from freehold.domain.money import Money, exponent_of
from infra.wire import Milestone


class WrongFigure(Exception):  # noqa: N818 - it is what the demo is there to find
    """Something is not as it must be."""


class Report:
    """Prints as the demo goes. Times are seconds since its start."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._moments: list[tuple[str, tuple[Milestone, ...]]] = []
        self._checked = 0

    def step(self, what: str) -> None:
        """Say what has just happened."""
        self._console.print(f"[dim]{time.monotonic() - self._began:7.2f} s[/dim]  {what}")

    def money(self, moment: str, milestones: Sequence[Milestone]) -> None:
        """Say where the money is at this moment, and keep it for the table."""
        self._moments.append((moment, tuple(milestones)))
        for each in milestones:
            sums = each.money
            self._console.print(
                f"             [cyan]{each.title:<13}[/cyan] {each.state:<10}"
                f" held {in_words(sums.held):>9}   on its way {in_words(sums.releasing):>9}"
                f"   freelancer {in_words(sums.released):>9}   fees {in_words(sums.fees):>7}  {each.amount.currency}"
            )

    def check(self, what: str, found: object, wanted: object) -> None:
        """Compare a figure with what it must be. Raises WrongFigure."""
        self._checked += 1
        if found != wanted:
            raise WrongFigure(f"{what}: it is {found}, it must be {wanted}")

    def close(self) -> None:
        """Print the money of every moment in one table."""
        table = Table(title="The money at each moment", title_justify="left")
        table.add_column("moment")
        for column in ("held", "on its way", "freelancer has", "platform's fees"):
            table.add_column(column, justify="right")
        for moment, milestones in self._moments:
            sums = [each.money for each in milestones]
            columns = ([each.held for each in sums], [each.releasing for each in sums], [each.released for each in sums])
            table.add_row(moment, *(in_words(_sum(column)) for column in (*columns, [each.fees for each in sums])))
        self._console.print(table)
        self._console.print(f"{self._checked} figures checked, all right, in {time.monotonic() - self._began:.1f} s")


def in_words(money: Money) -> str:
    """Write an amount with the digits of its currency, without the currency."""
    digits = exponent_of(money.currency)
    whole, rest = divmod(money.amount, 10**digits)
    return f"{whole:,}.{rest:0{digits}d}" if digits else f"{whole:,}"


def _sum(amounts: Sequence[Money]) -> Money:
    return Money(sum(each.amount for each in amounts), amounts[0].currency)
