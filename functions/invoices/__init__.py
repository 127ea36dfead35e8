"""Invoices and credit notes: written by hand or by a milestone's own events, numbered without gaps, never changed."""
