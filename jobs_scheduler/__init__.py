"""Ticks: calls each sweep of the catalogue at its period (events.md in words). It holds no rule and no database.

What is due, and that it happens once, is for the sweep functions; so any number of schedulers may run beside each other.
"""
