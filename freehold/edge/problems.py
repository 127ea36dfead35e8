"""Everything that can be answered instead of a result, as one tree (RFC 9457, `application/problem+json`).

Problem
  BadRequest 400           MalformedBody, InvalidCursor, InvalidIdempotencyKey
  Unauthenticated 401      InvalidCredentials
  Forbidden 403            PartyOfIt, WrongPassword
  NotFound 404
  MethodNotAllowed 405
  Conflict 409             StaleVersion, AlreadyExists (EmailTaken), RuleRefused
  PayloadTooLarge 413
  UnsupportedMediaType 415
  Unprocessable 422        Invalid, KeyReused
  TooManyRequests 429
  InternalError 500
  ServiceUnavailable 503   TimedOut

`code` is stable and documented; `title` and `detail` are for a person. A foreign object is NotFound, never Forbidden.
"""

from typing import ClassVar

import msgspec
from msgspec import Struct


class FieldFault(Struct, frozen=True):
    """One faulty field: where it stands (`body.budget.amount`), and what was expected there."""

    field: str
    expected: str


class ProblemBody(Struct, frozen=True, omit_defaults=True):
    """What a problem looks like on the wire."""

    title: str
    status: int
    code: str
    detail: str = ""
    trace_id: str = ""
    faults: tuple[FieldFault, ...] = ()
    type: str = "about:blank"


class Problem(Exception):  # noqa: N818 - a problem is an answer, not only an error
    """The root. `detail` says what happened this time; `retry_after_s` becomes the Retry-After header."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "problem"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, faults: tuple[FieldFault, ...] = (), retry_after_s: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.faults = faults
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to this problem."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}

    def encode(self, trace_id: str) -> bytes:
        """Make the body of the answer."""
        return msgspec.json.encode(
            ProblemBody(
                title=self.title,
                status=self.status,
                code=self.code,
                detail=self.detail,
                trace_id=trace_id,
                faults=self.faults,
            )
        )


class BadRequest(Problem):
    """The request cannot be read."""

    status = 400
    code = "bad_request"
    title = "The request cannot be read"


class MalformedBody(BadRequest):
    """The body is no JSON at all (against Invalid: JSON, but not what was expected)."""

    code = "malformed_json"
    title = "The body is not JSON"


class InvalidCursor(BadRequest):
    """The cursor was not made by this list, or for another question."""

    code = "invalid_cursor"
    title = "The cursor does not belong to this list"


class InvalidIdempotencyKey(BadRequest):
    """The key is empty, too long, or not plain ASCII."""

    code = "invalid_idempotency_key"
    title = "The idempotency key must be 1 to 255 visible ASCII characters"


class Unauthenticated(Problem):
    """No valid access token."""

    status = 401
    code = "unauthenticated"
    title = "A valid access token is needed"

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, and WWW-Authenticate."""
        return {**super().headers, "WWW-Authenticate": "Bearer"}


class InvalidCredentials(Unauthenticated):
    """The address, the password, or the refresh token is not right; which one is not said."""

    code = "invalid_credentials"
    title = "These credentials are not valid"


class Forbidden(Problem):
    """The caller's roles do not allow this."""

    status = 403
    code = "forbidden"
    title = "This is not allowed for your role"


class PasswordNeeded(Forbidden):
    """The step asks for the caller's own password once more, and none was sent."""

    code = "password_needed"
    title = "This step needs your password"


class WrongPassword(Forbidden):
    """The step asks for the caller's own password once more, and this is not it."""

    code = "wrong_password"
    title = "This is not your password"


class PartyOfIt(Forbidden):
    """An operator decides nothing that they are a party of, and sees of it what a party sees."""

    code = "party_of_it"
    title = "You are a party of this yourself"


class NotFound(Problem):
    """There is no such thing, or it is not the caller's to see."""

    status = 404
    code = "not_found"
    title = "There is no such thing here"


class MethodNotAllowed(Problem):
    """The path exists, the method does not; the Allow header names those that do."""

    status = 405
    code = "method_not_allowed"
    title = "This method is not allowed here"

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(f"Allowed: {', '.join(allowed)}.")
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, and Allow."""
        return {**super().headers, "Allow": ", ".join(self.allowed)}


class Conflict(Problem):
    """The state of things does not allow this now."""

    status = 409
    code = "conflict"
    title = "This is not possible in the present state"


class StaleVersion(Conflict):
    """Somebody else changed it since it was read."""

    code = "stale_version"
    title = "It was changed in the meantime; read it again"


class AlreadyExists(Conflict):
    """There is one already."""

    code = "already_exists"
    title = "There is one already"


class EmailTaken(AlreadyExists):
    """An account with this address exists."""

    code = "email_taken"
    title = "There is an account with this address already"


class RuleRefused(Conflict):
    """A rule of the domain refused; its own code stands in the body."""

    code = "refused"
    title = "A rule does not allow this"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code  # type: ignore[misc]  # one class answers for every domain rule


class SizeNotReached(Conflict):
    """A proof about more of the log than there is yet."""

    code = "size_not_reached"
    title = "The log does not have that many leaves yet"


class PayloadTooLarge(Problem):
    """The body is larger than this function takes."""

    status = 413
    code = "payload_too_large"
    title = "The body is too large"


class UnsupportedMediaType(Problem):
    """The body is not sent as JSON."""

    status = 415
    code = "unsupported_media_type"
    title = "Send application/json"


class Unprocessable(Problem):
    """The request can be read, but not as it stands."""

    status = 422
    code = "unprocessable"
    title = "The request cannot be carried out as it stands"


class Invalid(Unprocessable):
    """Fields are wrong; every one is named."""

    code = "invalid"
    title = "Some fields are not valid"


class KeyReused(Unprocessable):
    """The idempotency key was used for another request."""

    code = "idempotency_key_reused"
    title = "This idempotency key was used with another payload"


class TooManyRequests(Problem):
    """Too much, too fast; Retry-After says when to come back."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class InternalError(Problem):
    """Our fault. The log has the trace."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"


class ServiceUnavailable(Problem):
    """A part we need does not answer; the same request may be sent again with the same idempotency key."""

    status = 503
    code = "unavailable"
    title = "Not available right now; try again"


class TimedOut(ServiceUnavailable):
    """It took longer than this function allows itself."""

    code = "timed_out"
    title = "This took too long; try again"
