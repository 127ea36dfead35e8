"""What two parties may argue about with evidence: who they are, and how much of it each has added."""

from typing import Final

from freehold.documents.document import Document
from freehold.domain.dispute_process import Party

NO_FILES: Final = {"client_files": 0, "client_bytes": 0, "freelancer_files": 0, "freelancer_bytes": 0}


class Argued(Document, frozen=True, kw_only=True):
    """What every such document has. The counters change without a new version: a file that comes in is in nobody's way."""

    client_id: str
    freelancer_id: str
    client_files: int = 0
    client_bytes: int = 0
    freelancer_files: int = 0
    freelancer_bytes: int = 0

    def party_of(self, user_id: str) -> Party | None:
        """Say which party somebody is; null for anybody else."""
        parties: dict[str, Party] = {self.client_id: "client", self.freelancer_id: "freelancer"}
        return parties.get(user_id)

    def person(self, party: Party) -> str:
        """Give the id of the person who is this party."""
        return self.client_id if party == "client" else self.freelancer_id
