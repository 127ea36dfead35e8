"""Make the standard library cooperative. The first import of the connector's process, and of no other."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that eventlet ages is known: it lives here alone
    import eventlet

eventlet.monkey_patch()
