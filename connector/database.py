"""The connector's MongoDB client, and the expressions that its queries share."""

from datetime import UTC, datetime
from typing import Any, Final

from bson import Int64
from bson.codec_options import CodecOptions, DatetimeConversion, TypeDecoder, TypeRegistry
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConfigurationError

from freehold.settings import ConnectorSettings

Row = dict[str, Any]
Rows = Collection[Row]

OPERATION_TIMEOUT_S: Final = 5.0
SPARE_CONNECTIONS: Final = 8
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _PlainInt(TypeDecoder):
    """Read 64-bit numbers as plain `int`, so that an event's body can be encoded again."""

    bson_type = Int64

    def transform_bson(self, value: int) -> int:
        return int(value)


class InvalidAddress(Exception):  # noqa: N818 - it names what is wrong
    """What should be MongoDB's address is none."""


def connect(settings: ConnectorSettings) -> Database[Row]:
    """Make the client; it reaches for the server when it is first used. Every operation has a time limit.

    A document that cannot be read must not hide the others, so broken text and times are read as far as possible.
    Raises InvalidAddress; its message does not repeat the address, which holds a password.
    """
    try:
        client: MongoClient[Row] = MongoClient(
            settings.mongodb_uri,
            maxPoolSize=settings.concurrency + SPARE_CONNECTIONS,
            serverMonitoringMode="poll",
            timeoutMS=round(OPERATION_TIMEOUT_S * 1000),
            w="majority",
            journal=True,
            appname="freehold-connector",
        )
    except (ConfigurationError, ValueError) as error:
        raise InvalidAddress(
            "the secret file mongodb-uri must hold an address like mongodb://... or mongodb+srv://... whose host is known"
        ) from error
    options: CodecOptions[Row] = CodecOptions(
        tz_aware=True,
        type_registry=TypeRegistry([_PlainInt()]),
        unicode_decode_error_handler="replace",
        datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    )
    return client.get_database(settings.mongodb_database, codec_options=options)


def now_plus(seconds: float) -> Row:
    """Give the expression for the database's clock plus so many seconds."""
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": Int64(round(seconds * 1000))}}


def one_more(field: str) -> Row:
    """Give the expression for a counter raised by one; what is missing, or is no number, counts as 0."""
    return {"$cond": [{"$isNumber": f"${field}"}, {"$add": [f"${field}", 1]}, 1]}


def has_passed(field: str) -> Row:
    """Give the filter for a time that lies in the past by the database's clock; null and missing never match."""
    return {field: {"$type": "date"}, "$expr": {"$lte": [f"${field}", "$$NOW"]}}


def database_now(database: Database[Row]) -> datetime:
    """Read the database's clock (aware UTC)."""
    with database.aggregate([{"$documents": [{}]}, {"$project": {"now": "$$NOW"}}]) as rows:
        now: datetime = rows.next()["now"]
    return now
