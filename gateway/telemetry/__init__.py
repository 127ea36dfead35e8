"""The public gateway's telemetry: nginx tells each request by a datagram, and this makes metrics and spans of them.

nginx itself has neither. Nothing waits for this: a datagram that is lost is a request that was not counted.
"""
