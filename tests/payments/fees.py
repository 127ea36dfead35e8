"""What the gateways on the benches charge for a payment."""

FEE_BASIS_POINTS = 290
FEE_FIXED_MINOR = 30


def fee_of(amount: int) -> int:
    """Compute the fee of a payment: basis points half up, and so many minor units."""
    return (amount * FEE_BASIS_POINTS + 5_000) // 10_000 + FEE_FIXED_MINOR
