"""A small lively marketplace, made up by us, for a first look at an empty Freehold."""
