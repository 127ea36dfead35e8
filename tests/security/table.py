"""One valid request for every endpoint, fresh each time: what all generated tests start from.

A test fails while an endpoint stands in the declarations and not here. `endpoint:variant` adds another request of an endpoint
that does several things.
"""

import re
import secrets
from typing import Any, Final

from freehold.edge.declare import Declaration
from freehold.edge.discovery import find_all
from tests.api import PASSWORD
from tests.escrow import usd
from tests.hiring import completed, new_application, new_job
from tests.hours import at, move_clock
from tests.payments.telling import signed
from tests.security.dispute_recipes import DISPUTE_RECIPES
from tests.security.operator_recipes import OPERATOR_RECIPES
from tests.security.payee_table import OF_PAYEES
from tests.security.recipe import Make, Recipe, Request
from tests.security.world import SCORES, World, tax_profile

ENDPOINTS: Final[dict[str, Declaration]] = {item.name: item for item in find_all() if item.kind == "endpoint"}
_TEMPLATE: Final = re.compile(r"\{\w+\}")
INTERNAL: Final[dict[str, Declaration]] = {item.name: item for item in find_all() if item.kind != "endpoint"}


def declaration_of(name: str) -> Declaration:
    """Find the endpoint that a recipe is for."""
    return ENDPOINTS[name.partition(":")[0]]


def address(name: str, request: Request) -> str:
    """Give the path of a request."""
    path = declaration_of(name).path
    return path if request.id is None else _TEMPLATE.sub(lambda _: str(request.id), path)


def _credentials(world: World) -> Request:
    return Request(body={"email": world["client"].email, "password": PASSWORD})


def _refreshing(world: World) -> Request:
    return Request(body={"refresh_token": world["client"].signed_in_again().signed_in["refresh_token"]})


def _new_user(_: World) -> Request:
    email = f"new-{secrets.token_hex(6)}@example.org"
    return Request(body={"email": email, "password": PASSWORD, "name": "New Person", "roles": ["freelancer"]})


def _sign_out(world: World) -> Request:
    return Request(by=world["client"].signed_in_again())


def _application(world: World) -> Request:
    return Request(body=new_application(world.job()))


def _application_to_a_draft(world: World) -> Request:
    return Request(body=new_application(world.draft()))


def _applications_of_a_job(world: World) -> Request:
    job = world.job()
    world.application(job)
    world.application(job, by="applicant")
    return Request(job["id"])


def _answer(transition: str) -> Make:
    def make(world: World) -> Request:
        application = world.application()
        return Request(application["id"], {"transition": transition, "version": application["version"]})

    return make


def _new_job(**fields: Any) -> Make:
    return lambda _: Request(body=new_job(title=f"Translate {secrets.token_hex(4)}", **fields))


def _job_change(state: str, **body: Any) -> Make:
    def make(world: World) -> Request:
        job = world.job(state=state)
        return Request(job["id"], {"version": job["version"], **body})

    return make


def _milestone(state: str = "created") -> Make:
    return lambda world: Request(world.milestone(state)["id"])


def _new_milestone(world: World) -> Request:
    return Request(body={"project_id": world.project()["id"], "title": "The first part", "amount": usd(5_000)})


def _milestone_change(state: str, **body: Any) -> Make:
    def make(world: World) -> Request:
        milestone = world.milestone(state)
        return Request(milestone["id"], {"version": milestone["version"], **body})

    return make


def _ticks(world: World) -> Request:
    milestone = world.milestone("funded", checklist=[world.words("client", "freelancer")])
    return Request(milestone["id"], {"version": milestone["version"], "items": [{"number": 1, "checked": True}]})


def _money(state: str, **body: Any) -> Make:
    return lambda world: Request(body={"milestone_id": world.milestone(state)["id"], **body})


def _hours(world: World) -> Request:
    minute = world.free_minute()
    times = {"starts_at": at(minute), "ends_at": at(minute + 1)}
    return Request(body={"project_id": world.hours().project["id"], "memo": "Translated.", **times})


def _hours_listed(world: World) -> Request:
    hours = world.hours()
    world.entry(hours)
    return Request(hours.project["id"], query={"week": hours.week()["week"]})


def _entry_change(*, objected: bool = False, **body: Any) -> Make:
    def make(world: World) -> Request:
        entry = world.entry(objected=objected)
        return Request(entry["id"], {"version": entry["version"], **body})

    return make


def _objecting(world: World) -> Request:
    hours = world.hours()
    entry = world.entry(hours)
    world.reviewed(hours)
    return Request(entry["id"], {"version": entry["version"], "transition": "object", "reason": "Not agreed on."})


def _disputed(world: World) -> Request:
    entry = world.segment()
    disputed = {"$set": {"state": "disputed"}}
    world.api.run(world.api.store.database["time_entries"].update_one({"_id": entry["id"]}, disputed))
    return Request(entry["id"], {"version": entry["version"], "awarded_minutes": 1, "reason": "It was agreed on."})


def _week_over(world: World) -> Request:
    hours = world.hours()
    world.entry(hours)
    move_clock(world.api, hours.week()["id"], "edits_end_at", by_s=-3_600)
    week = hours.week()
    return Request(week["id"], {"version": week["version"], "transition": "submit"})


def _approving(world: World) -> Request:
    hours = world.hours()
    for _ in range(3):
        world.entry(hours)
    week = world.reviewed(hours)
    return Request(week["id"], {"version": week["version"], "transition": "approve"})


def _paying(world: World) -> Request:
    request = _approving(world)
    world.api.run(world.api.store.database["payment_methods"].delete_many({"user_id": world["client"].id}))
    week = world["client"].put(f"/api/work-weeks/{request.id}", request.body)
    return Request(week["id"], {"version": week["version"], "transition": "pay", "gateway": "sandbox"})


def _answering_terms(transition: str) -> Make:
    def make(world: World) -> Request:
        hours = world.hours()
        proposal = {"transition": "propose_terms", "rate": usd(5_000), "weekly_limit_minutes": 60}
        path, version = f"/api/projects/{hours.project['id']}", hours.project["version"]
        project = world["freelancer"].put(path, {"version": version, **proposal})
        return Request(project["id"], {"version": project["version"], "transition": transition})

    return make


def _review(world: World) -> Request:
    project = world.project(secret=False)
    completed(world.api, project)
    return Request(body={"project_id": project["id"], "scores": SCORES, "comment": "Gladly again."})


def _profile(world: World) -> Request:
    return Request(world["client"].id, {"name": f"Client {secrets.token_hex(4)}", "profile": {"about": "Makes coffee."}})


def _webhook(world: World) -> Request:
    body, headers = world.api.run(signed(world.api.store, None))
    return Request("sandbox", raw=body, headers=headers)


def _unread(world: World) -> Request:
    return Request(body={"read_up_to": world.notification()["id"]})


def _new_invoice(world: World) -> Request:
    world.tax_profile("freelancer")
    return Request(body={"milestone_id": world.milestone()["id"], "due_in_days": 10})


def _statement(world: World) -> Request:
    """Ask for a statement while none waits: one that does would be the answer."""
    world.api.run(world.api.store.database["liability_statements"].delete_many({"state": "asked"}))
    return Request(body={"reason": f"Asked {secrets.token_hex(4)}"})


RECIPES: Final[dict[str, Recipe]] = {
    **DISPUTE_RECIPES,
    **OPERATOR_RECIPES,
    "admin-audit-ledger": Recipe("admin", lambda _: Request()),
    "admin-get-tax-profile": Recipe("admin", lambda _: Request()),
    "admin-list-mails": Recipe("admin", lambda _: Request()),
    "admin-list-parked-deliveries": Recipe("admin", lambda _: Request()),
    "admin-put-tax-profile": Recipe("admin", lambda _: Request(body=tax_profile())),
    "admin-replay-parked-delivery": Recipe("admin", lambda world: Request(world.parked_delivery())),
    "admin-get-reconciliation": Recipe("admin", lambda world: Request(world.reconciliation()["id"])),
    "admin-list-reconciliations": Recipe("admin", lambda _: Request()),
    "admin-start-reconciliation": Recipe("admin", lambda world: Request(body=world.new_reconciliation())),
    "applications-create-application": Recipe("freelancer", _application, hidden=_application_to_a_draft),
    "applications-list-job-applications": Recipe("client", _applications_of_a_job, {"freelancer": 200, "applicant": 200}),
    "applications-list-own-applications": Recipe("freelancer", lambda _: Request()),
    "applications-update-application": Recipe("client", _answer("accept"), {"freelancer": 403}),
    "applications-update-application:decline": Recipe("client", _answer("decline"), {"freelancer": 403}),
    "applications-update-application:withdraw": Recipe("freelancer", _answer("withdraw"), {"client": 403}),
    "auth-list-keys": Recipe(None, lambda _: Request()),
    "auth-login": Recipe(None, _credentials),
    "auth-logout": Recipe("client", _sign_out),
    "auth-refresh-token": Recipe(None, _refreshing),
    "auth-register": Recipe(None, _new_user),
    "escrow-deposit": Recipe("client", _money("created", method="card"), {"freelancer": 403}),
    "escrow-get-payment": Recipe("client", _milestone("submitted"), {"freelancer": 403}),
    "escrow-get-escrow": Recipe("client", _milestone("submitted"), {"freelancer": 200}),
    "escrow-release": Recipe("client", _money("submitted"), {"freelancer": 403}),
    "invoices-create-invoice": Recipe("freelancer", _new_invoice, {"client": 403}),
    "invoices-get-invoice": Recipe("client", lambda world: Request(world.invoice()["id"]), {"freelancer": 200, "admin": 200}),
    "invoices-get-invoice-pdf": Recipe(
        "client", lambda world: Request(world.invoice()["id"]), {"freelancer": 200, "admin": 200}
    ),
    "invoices-list-invoices": Recipe("client", lambda _: Request()),
    "admin-settle-segment": Recipe("admin", _disputed),
    "hours-create-entry": Recipe("freelancer", _hours, {"client": 403}),
    "hours-delete-entry": Recipe("freelancer", lambda world: Request(world.entry()["id"]), {"client": 403}),
    "hours-list-entries": Recipe("client", _hours_listed, {"freelancer": 200}),
    "hours-list-weeks": Recipe("client", lambda world: Request(_hours_listed(world).id), {"freelancer": 200}),
    "hours-update-entry": Recipe("freelancer", _entry_change(memo="Translated more."), {"client": 403}),
    "hours-update-entry:object": Recipe("client", _objecting, {"freelancer": 403}),
    "hours-update-entry:answer": Recipe(
        "freelancer", _entry_change(objected=True, transition="answer", reason="We did agree."), {"client": 403}
    ),
    "hours-update-entry:withdraw": Recipe("client", _entry_change(objected=True, transition="withdraw"), {"freelancer": 403}),
    "hours-update-entry:drop": Recipe("freelancer", _entry_change(objected=True, transition="drop"), {"client": 403}),
    "hours-update-week": Recipe("client", _approving, {"freelancer": 403}),
    "hours-update-week:submit": Recipe("freelancer", _week_over, {"client": 403}),
    "hours-update-week:pay": Recipe("client", _paying, {"freelancer": 403}),
    "jobs-create-job": Recipe("client", _new_job()),
    "jobs-create-job:draft": Recipe("client", _new_job(state="draft")),
    "jobs-delete-job": Recipe("client", lambda world: Request(world.job()["id"])),
    "jobs-get-job": Recipe(
        "client", lambda world: Request(world.job()["id"]), hidden=lambda world: Request(world.draft()["id"])
    ),
    "jobs-list-jobs": Recipe(None, lambda _: Request(query={"q": "coffee machine"})),
    "jobs-list-jobs:mine": Recipe("client", lambda _: Request(query={"mine": "true"})),
    "jobs-update-job": Recipe("client", _job_change("open", title="Translate two manuals")),
    "jobs-update-job:publish": Recipe("client", _job_change("draft", transition="publish")),
    "jobs-update-job:close": Recipe("client", _job_change("open", transition="close")),
    "ledger-export-log": Recipe("admin", lambda world: Request(query=world.logged(limit="3"))),
    "ledger-prove-consistency": Recipe(None, lambda world: Request(query=world.logged(old="1"))),
    "ledger-read-checkpoint": Recipe(None, lambda world: Request(query=world.logged())),
    "ledger-read-receipt": Recipe("client", lambda world: Request(world.receipt()), {"freelancer": 200, "admin": 200}),
    "liabilities-ask-for-statement": Recipe("admin", _statement),
    "liabilities-read-own": Recipe("client", lambda world: Request(query=world.stated())),
    "liabilities-read-statement": Recipe(None, lambda world: Request(query=world.stated())),
    "milestones-create-milestone": Recipe("client", _new_milestone, {"freelancer": 403}),
    "milestones-get-milestone-actions": Recipe("client", _milestone("submitted"), {"freelancer": 200}),
    "milestones-list-milestones": Recipe("client", lambda world: Request(world.project()["id"]), {"freelancer": 200}),
    "milestones-mark-checklist": Recipe("freelancer", _ticks, {"client": 200}),
    "milestones-update-milestone": Recipe("client", _milestone_change("created", title="All of it"), {"freelancer": 403}),
    "milestones-update-milestone:cancel": Recipe(
        "client", _milestone_change("created", transition="cancel"), {"freelancer": 403}
    ),
    "milestones-update-milestone:submit": Recipe(
        "freelancer", _milestone_change("funded", transition="submit", note="Here it is."), {"client": 403}
    ),
    "milestones-update-milestone:request_changes": Recipe(
        "client", _milestone_change("submitted", transition="request_changes", reason="Page 3."), {"freelancer": 403}
    ),
    "milestones-update-milestone:release": Recipe(
        "client", _milestone_change("submitted", transition="release"), {"freelancer": 403}
    ),
    "notifications-list-notifications": Recipe("client", lambda _: Request()),
    "notifications-mark-all-read": Recipe("client", _unread),
    "notifications-mark-read": Recipe("client", lambda world: Request(world.notification()["id"], {"read": True})),
    "payments-list-gateways": Recipe(None, lambda _: Request()),
    "payments-receive-webhook": Recipe(None, _webhook, public=True),
    "papers-get-statement": Recipe("client", lambda _: Request(query={"from": "2026-01-01", "to": "2026-12-31"})),
    "platform-read-openapi": Recipe(None, lambda _: Request()),
    "projects-get-project": Recipe("client", lambda world: Request(world.sealed_review()["project_id"]), {"freelancer": 200}),
    "projects-list-projects": Recipe("client", lambda _: Request()),
    "projects-update-project": Recipe("client", _answering_terms("accept_terms"), {"freelancer": 409}),
    "projects-update-project:withdraw_terms": Recipe("freelancer", _answering_terms("withdraw_terms"), {"client": 409}),
    "realtime-create-ticket": Recipe("client", lambda _: Request()),
    "reviews-create-review": Recipe("client", _review, {"freelancer": 201}),
    "reviews-list-reviews": Recipe(None, lambda world: Request(world["freelancer"].id), public=True),
    "taxes-get-tax-profile": Recipe("client", lambda _: Request()),
    "taxes-put-tax-profile": Recipe("client", lambda _: Request(body=tax_profile())),
    "users-get-user": Recipe(None, lambda world: Request(world["client"].id), public=True),
    "users-list-users": Recipe("admin", lambda _: Request()),
    "users-update-user": Recipe("client", _profile),
    **OF_PAYEES,
}
WRITES: Final = tuple(name for name in RECIPES if not declaration_of(name).reads_only)
KEYED: Final = tuple(name for name in RECIPES if declaration_of(name).idempotent)
