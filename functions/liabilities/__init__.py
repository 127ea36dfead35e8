"""What is owed to users: stated for all of them, and shown to each."""
