"""The one place where what was raised becomes an answer."""

import structlog

from freehold.domain.errors import InvalidFields, InvalidValue, Refused
from freehold.edge.problems import (
    FieldFault,
    InternalError,
    Invalid,
    NotFound,
    Problem,
    RuleRefused,
    ServiceUnavailable,
    StaleVersion,
    TimedOut,
    Unprocessable,
)
from freehold.store import OUTAGES, Duplicate, Missing, Stale, Unavailable

log = structlog.get_logger()

RETRY_AFTER_S = 1
_CLIENT_ERRORS = range(400, 500)
_SAID_AS_IT_IS = frozenset({401, 404, 408, 429})  # a refused door; not deployed yet, too slow, too many: try again


def problem_for(error: Exception) -> Problem:  # noqa: PLR0911 - one line per kind of error
    """Find the problem that tells a caller what happened; log what is our own fault."""
    match error:
        case Problem():
            return error
        case InvalidFields():
            return Invalid(faults=tuple(FieldFault(f"body.{fault.field}", fault.expected) for fault in error.faults))
        case InvalidValue():
            return Invalid(str(error), faults=(FieldFault(field="body", expected=str(error)),))
        case Refused():
            return RuleRefused(error.code, str(error))
        case Missing():
            return NotFound()
        case Stale() | Duplicate():
            return StaleVersion()
        case TimeoutError():
            log.error("timed_out")
            return TimedOut(retry_after_s=RETRY_AFTER_S)
        case _ if isinstance(error, (Unavailable, *OUTAGES)):
            log.error("database_unavailable", reason=type(error).__name__)
            return ServiceUnavailable(retry_after_s=RETRY_AFTER_S)
    log.error("unexpected_error", exc_info=error)
    return InternalError()


def problem_for_door(error: Exception) -> Problem:
    """Find the problem for the connector or the scheduler, to whom the status says what to do (docs/architecture.md).

    A lost race is worth another try; what no repetition can mend is 422, so that the event is parked with its error.
    """
    if isinstance(error, Stale | Duplicate):
        return ServiceUnavailable(f"{type(error).__name__}: {error}", retry_after_s=RETRY_AFTER_S)
    problem = problem_for(error)
    if problem.status in _CLIENT_ERRORS and (problem.status not in _SAID_AS_IT_IS or isinstance(error, Missing)):
        return Unprocessable(f"{problem.code}: {problem.detail or error}", faults=problem.faults)
    return problem
