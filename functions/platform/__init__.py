"""What describes the platform itself."""
