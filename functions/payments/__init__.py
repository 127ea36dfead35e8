"""Carrying out what is asked of payment gateways."""
