"""Being paid: payout accounts, what holds payouts up, and where each payout stands."""
