"""Logs: one JSON object a line on standard output, with `event`, ids and `trace_id`; never bodies, tokens or addresses.

Records of the standard library's `logging` (uvicorn, nameko, APScheduler) come out in the same form, but never those for
debugging: what MongoDB's driver says then holds whole documents.
"""

import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor


def _stamp(_logger: object, _method: str, event: EventDict) -> EventDict:
    event["at"] = f"{datetime.now(UTC).isoformat()[:-6]}Z"
    return event


_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    _stamp,
]

OWN: Final = ("__main__", "connector", "freehold", "functions", "gateway", "jobs_scheduler", "realtime")
"""Whose lines for debugging are written, when they are asked for."""


class _Lines:
    """Where our own lines go. Each is written whole; a reader of the log that went away must not stop the work."""

    def __init__(self) -> None:
        self._output = sys.stdout.buffer

    def msg(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            self._output.write(line + b"\n")
            self._output.flush()

    debug = info = warning = error = critical = msg


def configure(*, part: str, level: str = "info") -> None:
    """Send every log line of this process to standard output; `part` names the process (`connector`, `relay`)."""

    def name_part(_logger: object, _method: str, event: EventDict) -> EventDict:
        return {"part": part, **event}

    rendering: list[Processor] = [name_part, structlog.processors.format_exc_info]
    to_text = structlog.processors.JSONRenderer(serializer=lambda event, **_: _to_json(event).decode())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering, to_text],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level.upper()]))
    for own in OWN:
        logging.getLogger(own).setLevel(level.upper())
    logging.raiseExceptions = False  # the same for records of the standard library
    structlog.configure(
        processors=[*_SHARED, *rendering, structlog.processors.JSONRenderer(serializer=_to_json)],
        logger_factory=lambda *_: _Lines(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )


def _to_json(event: EventDict, **_options: object) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)
