"""Documents for people: what an invoice and a statement say, in which words, and their PDF. Nothing is stored or fetched.

What sets pages (`weasyprint`) and formats (`babel`) is heavy, so it is imported where it is used first and never at a start.
"""
