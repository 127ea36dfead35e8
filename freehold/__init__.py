"""The shared library of Freehold: rules, documents, store, payments, edge. Functions and doors stand on it."""

__version__ = "0.1.0"
