"""What OpenFaaS's python3-http template runs: Flask on waitress, one route for every path, a handler beside it.

Written after the template's contract (openfaas/python-flask-template). What is missing: of-watchdog, the Go process that
stands in front of it in the image and passes every request on; its cost would come on top.
"""

import os

import handler
from flask import Flask, jsonify, request
from waitress import serve

METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
app = Flask(__name__)


class Event:
    """A request, as handlers of the template get it."""

    def __init__(self) -> None:
        self.body = request.get_data()
        self.headers = request.headers
        self.method = request.method
        self.query = request.args
        self.path = request.path


@app.route("/", defaults={"path": ""}, methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def call_handler(path: str):  # noqa: ARG001 - the template's one route
    answer = handler.handle(Event())
    body = answer.get("body", "")
    return (jsonify(body) if isinstance(body, dict) else str(body)), answer.get("statusCode", 200), answer.get("headers", {})


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
