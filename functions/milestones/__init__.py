"""Milestones: what is worked on in a project, and paid for."""
