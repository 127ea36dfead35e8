"""Loading job posts from a CSV file through the public API, as their clients."""
