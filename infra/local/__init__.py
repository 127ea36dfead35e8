"""The local run: a real MongoDB and every part of Freehold on one machine, in one supervisor's care."""
