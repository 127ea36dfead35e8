"""Evidence in disputes: files that a party adds and both sides see."""
