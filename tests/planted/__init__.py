"""R3: realistic bugs as patches, planted one by one in copies of this repository, each of which the tests must catch.

A bug is `tests/planted/NAME.patch`; `caught_by.toml` says which tests must fail for it. `python -m tests.planted` plants all of
them, `python -m tests.planted FILE.patch ...` plants yours: then all tests of the money core are asked.
"""
