"""The edge: what every function stands in. Declarations, typed requests, problems, tokens, limits, idempotency, the server."""

from freehold.edge.call import Call, Swept
from freehold.edge.declare import declaration_of, endpoint, on_event, sweep
from freehold.edge.raw import RawRequest
from freehold.edge.sessions import Caller

__all__ = ["Call", "Caller", "RawRequest", "Swept", "declaration_of", "endpoint", "on_event", "sweep"]
