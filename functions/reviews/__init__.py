"""Reviews of finished projects, double blind."""
