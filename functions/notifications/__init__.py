"""Telling people, and their lists of what they were told."""
