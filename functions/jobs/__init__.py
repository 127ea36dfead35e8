"""Posting, finding and ending jobs."""
