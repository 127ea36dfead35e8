"""What keeps the local run from working, as a sentence for a person."""


class Trouble(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """The run cannot start or go on. The message says why, and what a person can do about it."""
