"""`probe.py VARIABLE PORT [PATH]`: whether the process in this container answers 200 on PATH (`/_/health`).

The port is what the environment variable holds, or PORT. It is an image's health check and runs every few seconds, so it is
started as `python -I -S` and uses little of the standard library; there is no curl in the image.
"""

import os
import sys
from http.client import HTTPConnection

ANSWER_LIMIT_S = 4.0


def main(variable: str, port: str, path: str = "/_/health") -> int:
    """Ask; 0 when the answer is 200."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get(variable) or port), timeout=ANSWER_LIMIT_S)
    try:
        connection.request("GET", path)
        return int(connection.getresponse().status != 200)  # noqa: PLR2004 - importing http.HTTPStatus takes longer than asking
    except OSError as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
