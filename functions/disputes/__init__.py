"""Disputes: filing, answering, negotiating, accepting what is offered or proposed."""
