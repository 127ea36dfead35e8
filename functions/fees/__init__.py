"""What the platform takes: schedules, and what one of them would take of an amount."""
