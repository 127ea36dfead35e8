"""Looking at money after a fault, and letting connector and scheduler put right what is to be put right."""

import time
from typing import Any, Final

import msgspec

from freehold.documents import Journal
from freehold.events import EventEnvelope
from freehold.store.audit import audit_ledger
from tests.api import Api
from tests.escrow import resume

CARRIES_OUT = "payments-carry-out-command"
LONGEST_WAY_S: Final = 20.0
"""How long a commit may be on its way after its call was given up."""
FUNDED = {"deposited": 19_005, "held": 19_005}
REFUNDED = {"deposited": 19_005, "refunded": 19_005}
RELEASED = {"deposited": 19_005, "released": 17_104, "fees": 1_901}


class Books:
    """A ledger's books and the sandbox gateway's, over an API."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.admin = api.admin()

    def asked(self, milestone_id: str) -> list[EventEnvelope]:
        """Give the events, not sent yet, that ask the gateway for something."""
        asked = {"aggregate": milestone_id, "sent": None, "type": {"$regex": "^payment"}}
        rows = self.api.run(self.api.store.database["outbox"].find(asked).sort("_id", 1).to_list())
        return [msgspec.convert({**row, "id": row["_id"]}, EventEnvelope) for row in rows]

    def park(self, milestone_id: str) -> None:
        """Lose the delivery of a milestone's commands, as when it is parked."""
        asked = {"aggregate": milestone_id, "type": {"$regex": "^payment"}}
        self.api.run(self.api.store.database["outbox"].update_many(asked, {"$currentDate": {"sent": True}}))

    def heal(self, *milestone_ids: str, by_sweep: bool) -> None:
        """Let claims that were left behind end, and bring the events again, or the sweep alone."""
        if by_sweep:
            for milestone_id in milestone_ids:
                self.park(milestone_id)
            self.api.settle()
        else:
            self._end_claims_and_settle(milestone_ids)
        resume(self.api)

    def _end_claims_and_settle(self, milestone_ids: tuple[str, ...]) -> None:
        """A claim may come late: its commit was on its way when the call that made it was given up. So end it as often."""
        open_ = {"milestone_id": {"$in": list(milestone_ids)}, "state": {"$in": ["claimed", "waiting"]}}
        give_up_at = time.monotonic() + LONGEST_WAY_S
        while True:
            self.api.run(self.api.store.database["commands"].update_many(open_, [{"$set": {"due_at": "$$NOW"}}]))
            try:
                self.api.settle()
            except AssertionError as error:
                if "CommandBusy" not in str(error) or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)
            else:
                return

    def keys(self, milestone_id: str) -> list[str]:
        """Name the kinds of journals of a milestone, in their order."""
        order = (("milestone_version", 1), ("n", 1))
        journals = self.api.run(self.api.store.find(Journal, {"milestone_id": milestone_id}, sort=order))
        return [journal.key.partition(":")[0] for journal in journals]

    def moved(self, milestone_id: str) -> list[str]:
        """Say what the gateway did, by its own books."""
        rows: Any = self.api.store.database["sandbox_objects"].find({"group": milestone_id, "state": "done"})
        return [row["kind"] for row in self.api.run(rows.sort("created_at", 1).to_list())]

    def check(self) -> None:
        """Audit the whole ledger, at rest."""
        found = self.api.run(audit_ledger(self.api.store))
        assert (found.violations, found.at_rest) == ((), True)
        assert self.admin.get("/api/admin/ledger/audit")["clean"]
