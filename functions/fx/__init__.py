"""Conversion between currencies: quotes."""
