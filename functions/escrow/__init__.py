"""Held money: deposits, releases, what happened to it, and what the clock does."""
