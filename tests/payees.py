"""What tests of payees start from: accounts that are open, holds, and the clock of the database moved on."""

from typing import Any

from tests.api import PASSWORD, Api, Person


def open_account(person: Person, *, status: int = 202, settle: bool = True, **body: Any) -> Any:
    """Open a payout account at the sandbox and, unless told otherwise, let the gateway answer."""
    good = {"password": PASSWORD, "country": "IT", "currency": "EUR"}
    answer = person.post("/api/payout-accounts", {**good, **body}, status=status)
    if settle and status < 300:
        person.api.settle()
        return payee_of(person)
    return answer


def payee_of(person: Person) -> Any:
    """Read somebody's own payout accounts, holds and debts."""
    return person.get("/api/payout-accounts")


def due(api: Api, collection: str, identifier: str, field: str) -> None:
    """Let a deadline of a document have passed a second ago, by the database's clock."""
    passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": -1}}
    api.run(api.store.database[collection].update_one({"_id": identifier}, [{"$set": {field: passed}}]))


def end_holds(api: Api, user_id: str) -> None:
    """Let every hold of a person that has an end have ended a second ago, by the database's clock."""
    passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": -1}}
    ended = {"$mergeObjects": ["$$hold", {"until": {"$cond": [{"$eq": ["$$hold.until", None]}, None, passed]}}]}
    change = {"holds": {"$map": {"input": "$holds", "as": "hold", "in": ended}}, "hold_ends_at": passed}
    api.run(api.store.database["payees"].update_one({"_id": user_id}, [{"$set": change}]))
