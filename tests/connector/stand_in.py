"""A stand-in for the function server: `python -m tests.connector.stand_in PORT`, settings from the environment.

It answers as an event's body tells it to, so that a test writes its script into the event:
`{"script": {"tests-first": {"statuses": [503, 200], "retry_after": "1", "pauses_s": [0.1], "answer": []}}}`; a status and
a pause are for one call each, the last ones for all further calls. Each call is recorded in `calls`, each effect in
`effects`, in one transaction with its inbox row, as a real reaction does it. A sweep pays each row of `due` once, when
its time has come by the database's clock, by compare-and-set.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError, OperationFailure

from freehold.internal_calls import CallVerifier, InvalidCallToken

SECRETS = Path(os.environ["FREEHOLD_SECRETS"])
CLIENT: MongoClient[dict[str, Any]] = MongoClient((SECRETS / "mongodb-uri").read_text(), serverSelectionTimeoutMS=3_000)
DATABASE = CLIENT[os.environ["FREEHOLD_MONGODB_DATABASE"]]
VERIFIER = CallVerifier((SECRETS / "door-jwks").read_text())
SWEEP_BATCH = 5


class Function(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        _, word, deployed, name = self.path.split("/")
        token = self.headers["Authorization"].removeprefix("Bearer ")
        try:
            door = VERIFIER.verify(token, function=name, method="POST", path=f"/{name}", body=body)
        except InvalidCallToken as error:
            DATABASE.refusals.insert_one({"name": name, "why": str(error)})
            return self.answer(401, {"code": "invalid_token"})
        call = {"door": door, "word": word, "deployed": deployed, "name": name, "at_s": time.monotonic()}
        if door == "scheduler":
            DATABASE.calls.insert_one(call)
            return self.sweep(name)
        return self.react(call, json.loads(body))

    def react(self, call: dict[str, Any], events: list[dict[str, Any]]) -> None:
        (event,) = events
        name = call["name"]
        script = event["body"].get("script", {}).get(name, {})
        key = f"{event['id']}:{name}"
        before = DATABASE.calls.count_documents({"key": key})
        DATABASE.calls.insert_one({"key": key, "trace_id": event["trace_id"], **call})
        status = turn(before, script.get("statuses", [200]))
        time.sleep(turn(before, script.get("pauses_s", [0])))
        if status != 200:
            problem = {"code": "scripted", "title": "No", "detail": f"as the script says: {status}"}
            return self.answer(status, problem, **({"Retry-After": script["retry_after"]} if "retry_after" in script else {}))
        if "answer" in script:
            return self.answer(200, script["answer"])
        return self.answer(200, [{"id": event["id"], "result": have_effect(key, event)}])

    def sweep(self, name: str) -> None:
        if (trouble := DATABASE.troubles.find_one({"_id": name})) is not None:
            time.sleep(trouble.get("pause_s", 0))
            return self.answer(trouble["status"], {"code": "scripted"})
        done = 0
        due = {"sweep": name, "paid": False, "$expr": {"$lte": [{"$ifNull": ["$due_at", "$$NOW"]}, "$$NOW"]}}
        for row in DATABASE.due.find(due).limit(SWEEP_BATCH):
            paid = DATABASE.due.update_one({"_id": row["_id"], "paid": False}, {"$set": {"paid": True}, "$inc": {"times": 1}})
            done += paid.modified_count
        return self.answer(200, {"done": done, "more": done == SWEEP_BATCH})

    def answer(self, status: int, content: object, **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def turn(number: int, choices: list[Any]) -> Any:
    """Choose what is for this call: the first, the second, ... and the last for all that follow."""
    return choices[min(number, len(choices) - 1)]


def have_effect(key: str, event: dict[str, Any]) -> str:
    """Do it once: inbox row and effect in one transaction."""
    while True:
        try:
            with CLIENT.start_session() as session, session.start_transaction():
                DATABASE.inbox.insert_one({"_id": key}, session=session)
                place = {field: event[field] for field in ("aggregate", "aggregate_version", "n")}
                DATABASE.effects.insert_one({"key": key, "at_s": time.monotonic(), **place}, session=session)
        except DuplicateKeyError:
            return "duplicate"
        except OperationFailure as error:
            if not error.has_error_label("TransientTransactionError"):
                raise
        else:
            return "done"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Function).serve_forever()
