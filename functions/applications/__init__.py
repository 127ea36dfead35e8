"""Applying for jobs, and answering applications."""
