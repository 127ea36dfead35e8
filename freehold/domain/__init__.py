"""Pure rules: no I/O, no clock, no randomness, no environment. What may happen, and what it means, in values alone."""
