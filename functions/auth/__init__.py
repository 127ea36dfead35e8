"""Registering, signing in and out, refreshing."""
