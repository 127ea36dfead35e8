"""What a log line looks like, in a process of its own (logging is set up once per process)."""

import json
import subprocess
import sys


def lines_of(program: str) -> list[dict]:
    setup = "import logging, structlog\nfrom freehold import logs\n"
    ran = subprocess.run([sys.executable, "-c", setup + program], capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_line_is_json_with_event_part_level_time_and_ids() -> None:
    (line,) = lines_of("logs.configure(part='relay')\nstructlog.get_logger().info('socket_opened', user_id='usr_1')")
    assert line.pop("at").endswith("Z")
    assert line == {"part": "relay", "event": "socket_opened", "user_id": "usr_1", "level": "info"}


def test_records_of_the_standard_library_come_out_in_the_same_form() -> None:
    (line,) = lines_of("logs.configure(part='relay')\nlogging.getLogger('uvicorn').warning('slow %s', 'start')")
    assert (line["part"], line["event"], line["level"], line["logger"]) == ("relay", "slow start", "warning", "uvicorn")


def test_lines_below_the_level_are_left_out() -> None:
    program = "logs.configure(part='x', level='warning')\nlog = structlog.get_logger()\nlog.info('low')\nlog.error('high')"
    assert [line["event"] for line in lines_of(program)] == ["high"]


def test_lines_for_debugging_are_our_own_alone_because_a_library_may_write_whole_documents() -> None:
    program = (
        "logs.configure(part='x', level='debug')\nstructlog.get_logger('freehold.edge.app').debug('ours')\n"
        "logging.getLogger('pymongo.command').debug('a document')\nlogging.getLogger('pymongo').warning('a fault')"
    )
    assert [line["event"] for line in lines_of(program)] == ["ours", "a fault"]


def test_an_exception_stands_in_its_line() -> None:
    program = (
        "logs.configure(part='x')\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    structlog.get_logger().exception('fell')"
    )
    (line,) = lines_of(program)
    assert line["event"] == "fell"
    assert "ZeroDivisionError" in line["exception"]


def test_a_closed_reader_does_not_stop_the_work() -> None:
    program = (
        "import logging, structlog, sys, os\nfrom freehold import logs\nlogs.configure(part='x')\n"
        "sys.stdin.readline()\nfor _ in range(10): structlog.get_logger().info('anybody there')\nos._exit(7)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write(b"go\n")
    process.stdin.close()
    assert process.wait(timeout=60) == 7
