"""Hours: time entries, timers, weeks, their review and their bills."""
