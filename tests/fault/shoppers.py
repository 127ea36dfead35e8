"""People who work through the public API all the time, and repeat a call with its key when it may be repeated."""

import secrets
import threading
import time
from typing import Any

import httpx

from tests.api import PASSWORD
from tests.escrow import usd
from tests.hiring import new_application, new_job

REPEATED = frozenset({429, 502, 503, 504})
PATIENCE_S = 60.0
MILESTONES = 40
"""So many are planned in one project."""


class Failed(Exception):  # noqa: N818 - it says what happened
    """A call came to nothing, however often it was repeated; or was refused."""


class Caller:
    """One person's calls."""

    def __init__(self, url: str, *, role: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30)
        self.calls = self.repeated = 0
        body = {"email": f"{secrets.token_hex(6)}@example.org", "password": PASSWORD, "name": "Busy Test", "roles": [role]}
        signed_in = self.call("POST", "/api/auth/register", body)
        self.id = signed_in["user_id"]
        self.client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make one call, and repeat it while that may heal it. Raises Failed."""
        self.calls += 1
        headers = {"Idempotency-Key": secrets.token_hex(8)} if method != "GET" else {}
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            try:
                answer = self.client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                pause_s = 0.05
            else:
                if answer.is_success:
                    return answer.json()
                if answer.status_code not in REPEATED:
                    raise Failed(f"{method} {path}: {answer.status_code} {answer.text}")
                pause_s = float(answer.headers.get("retry-after", 0.05))
            self.repeated += 1
            time.sleep(pause_s)
        raise Failed(f"{method} {path}: not healed in {PATIENCE_S} s")


class Shopper(threading.Thread):
    """A client with projects: posts jobs and edits them, plans milestones, pays and releases. Notes what was answered."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.me, self.freelancer = Caller(url, role="employer"), Caller(url, role="freelancer")
        self.posted: dict[str, str] = {}
        self.edited: set[str] = set()
        self.filled: set[str] = set()
        self.deposited: list[str] = []
        self.released: list[str] = []
        self.failure: Failed | None = None
        self._over = threading.Event()

    @property
    def rounds(self) -> int:
        """How often it has done everything."""
        return len(self.deposited)

    def run(self) -> None:
        """Work until it is over, or something fails."""
        try:
            while not self._over.is_set():
                self._round()
        except Failed as failure:
            self.failure = failure

    def end(self) -> None:
        """Let the round that it is in end."""
        self._over.set()
        self.join(PATIENCE_S + 30)
        assert not self.is_alive()

    def _hire(self) -> str:
        """Open a project with the freelancer; answer its id."""
        title = f"Job {len(self.posted)}"
        job = self.me.call("POST", "/api/jobs", new_job(title=title))
        application = self.freelancer.call("POST", "/api/applications", new_application(job, budget=usd(10_000_000)))
        answer = {"transition": "accept", "version": application["version"]}
        self.posted[title] = job["id"]
        self.filled.add(job["id"])
        return str(self.me.call("PUT", f"/api/applications/{application['id']}", answer)["project_id"])

    def _round(self) -> None:
        if len(self.deposited) % MILESTONES == 0:
            self.project_id = self._hire()
        title = f"Job {len(self.posted)}"
        last = list(self.posted.values())[-1]
        self.posted[title] = self.me.call("POST", "/api/jobs", new_job(title=title))["id"]
        if last not in self.filled:
            self.me.call("PUT", f"/api/jobs/{last}", {"place": {"city": title}})
            self.edited.add(last)
        self.me.call("GET", "/api/jobs?limit=5")
        body = {"project_id": self.project_id, "title": title, "amount": usd(19_005)}
        milestone_id = self.me.call("POST", "/api/milestones", body)["id"]
        self.me.call("POST", "/api/escrow/deposit", {"milestone_id": milestone_id, "method": "card"})
        self.deposited.append(milestone_id)
        for waiting in [each for each in self.deposited if each not in self.released][:2]:
            if self.me.call("GET", f"/api/escrow/{waiting}")["state"] == "funded":
                self.me.call("POST", "/api/escrow/release", {"milestone_id": waiting})
                self.released.append(waiting)
