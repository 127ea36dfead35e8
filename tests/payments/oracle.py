"""A naive oracle of held money: totals in plain variables, written without the engine, for comparison with the real ledger.

It knows no legs, states or journals. It adds up what was paid, released and given back, works fees out as exact fractions of
the totals, and says what every account must hold afterwards. One payment of one milestone, one freelancer.
"""

from dataclasses import dataclass
from fractions import Fraction


def half_up(amount: Fraction) -> int:
    """Round to a whole minor unit, halves up."""
    return int(amount + Fraction(1, 2))


@dataclass
class Oracle:
    """What each account holds by plain arithmetic; all amounts in minor units."""

    fee_rate: Fraction
    escrow: int = 0
    disputed: int = 0
    released: int = 0
    fees: int = 0
    paid_out: int = 0
    payable: int = 0
    is_blocked: bool = False
    given_back: int = 0
    refunded: int = 0
    dispute_fees: int = 0
    debt: int = 0
    taken_from_account: int = 0
    bank: int = 0
    open_at_bank: int = 0
    lost: int = 0
    charges: int = 0

    def deposit(self, amount: int) -> None:
        """Hold a deposit."""
        self.escrow += amount
        self.bank += amount

    def release(self, amount: int, *, out_of_dispute: bool = False) -> None:
        """Pay the freelancer, less the fee of all that is released and less what they owe."""
        self._take(amount, out_of_dispute=out_of_dispute)
        fee = half_up(self.fee_rate * (self.released + amount)) - self.fees
        self.released += amount
        self.fees += fee
        kept = min(self.debt, amount - fee)
        self.debt -= kept
        self.payable += amount - fee - kept
        self._pay()

    def block(self, *, is_blocked: bool) -> None:
        """Let the gateway pay the freelancer nothing; or all that has waited."""
        self.is_blocked = is_blocked
        self._pay()

    def refund(self, amount: int, *, out_of_dispute: bool = False) -> None:
        """Pay the client back out of what is held."""
        self._take(amount, out_of_dispute=out_of_dispute)
        self.refunded += amount
        self.bank -= amount

    def dispute(self, amount: int) -> None:
        """Freeze a part."""
        self.escrow -= amount
        self.disputed += amount

    def withdraw(self) -> None:
        """Free it again."""
        self.escrow += self.disputed
        self.disputed = 0

    def settle(self, part: int, fee: int) -> None:
        """Share what is frozen."""
        back = self.disputed - part - fee
        self.release(part, out_of_dispute=True)
        self.refund(back, out_of_dispute=True)
        self.disputed -= fee
        self.dispute_fees += fee

    def give_back(self, amount: int, *, account_pays: bool) -> None:
        """Pay the client back what had been released; the freelancer's account pays its part, or they owe it."""
        net = self._unreleased(amount)
        self.refunded += amount
        self.bank -= amount
        self._collect(net, account_pays=account_pays)

    def charge_back(self, amount: int, charge: int) -> None:
        """Let the bank take money, for now."""
        self.bank -= amount + charge
        self.charges += charge
        self.open_at_bank += amount

    def win(self, amount: int, charge_back: int) -> None:
        """Get it back from the bank, and as much of the gateway's charge as it gives back."""
        self.bank += amount + charge_back
        self.charges -= charge_back
        self.open_at_bank -= amount

    def lose(self, amount: int, *, account_pays: bool) -> None:
        """Bear it: out of what is held, then what is disputed, then what was released; the platform bears the rest."""
        self.open_at_bank -= amount
        for name in ("escrow", "disputed"):
            part = min(amount, getattr(self, name))
            setattr(self, name, getattr(self, name) - part)
            amount -= part
        part = min(amount, self.released)
        self._collect(self._unreleased(part), account_pays=account_pays)
        self.lost += amount - part

    def accounts(self) -> dict[str, int]:
        """Say what each account's balance must be, debits above zero; those that are zero are left out."""
        found = {
            "escrow": -self.escrow,
            "disputed": -self.disputed,
            "payable": -self.payable,
            "fees": -self.fees - self.dispute_fees,
            "freelancer_debt": self.debt,
            "clearing": self.bank,
            "cb_receivable": self.open_at_bank,
            "bad_debt": self.lost,
            "gateway_fees": self.charges,
        }
        return {name: amount for name, amount in found.items() if amount}

    def _pay(self) -> None:
        if not self.is_blocked:
            self.paid_out += self.payable
            self.bank -= self.payable
            self.payable = 0

    def _take(self, amount: int, *, out_of_dispute: bool) -> None:
        if out_of_dispute:
            self.disputed -= amount
        else:
            self.escrow -= amount

    def _unreleased(self, amount: int) -> int:
        """Take back of what was released; say how much of it the freelancer had."""
        left = self.released - amount
        fee_back = self.fees - half_up(self.fee_rate * left)
        self.released = left
        self.fees -= fee_back
        return amount - fee_back

    def _collect(self, net: int, *, account_pays: bool) -> None:
        from_account = min(net, self.paid_out - self.taken_from_account) if account_pays else 0
        self.taken_from_account += from_account
        self.bank += from_account
        self.debt += net - from_account
