"""Projects: the contracts that accepted applications open."""
