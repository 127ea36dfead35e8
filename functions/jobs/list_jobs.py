"""`GET /api/jobs`."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from freehold.documents import Instant
from freehold.documents.hiring import JobKind, JobState
from freehold.documents.people import Skill
from freehold.domain.instants import in_utc
from freehold.domain.money import LARGEST_AMOUNT, Currency
from freehold.domain.text import folded, required_text
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, decode_cursor, encode_cursor
from freehold.edge.problems import FieldFault, Invalid, InvalidCursor, Unauthenticated
from freehold.ids import UserId
from freehold.postings import MOST_SKILLS, Category
from freehold.store.job_search import InvalidKeys, JobQuestion, JobSearch, Order, TextSearch
from freehold.views.jobs import JobView, with_actions

Amount = Annotated[int, Meta(ge=0, le=LARGEST_AMOUNT)]
CountryName = Annotated[str, required_text(60)]
Words = Annotated[str, required_text(200)]


class JobQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs; all conditions hold together. `skills` may be given several times. Amounts are minor units of `currency`.

    `q` are words to look for; the default order is by relevance with words, else the newest first. `mine` lists the
    caller's own jobs in every state (or in `state`), the last made first.
    """

    q: Words | None = None
    category: Category | None = None
    kind: JobKind | None = None
    skills: Annotated[tuple[Skill, ...], Meta(max_length=MOST_SKILLS)] = ()
    budget_min: Amount | None = None
    budget_max: Amount | None = None
    currency: Currency | None = None
    deadline_before: Instant | None = None
    posted_since: Instant | None = None
    remote: bool | None = None
    country: CountryName | None = None
    employer_id: UserId | None = None
    mine: bool = False
    state: JobState | None = None
    sort: Literal["newest", "relevance"] | None = None


@endpoint("GET /api/jobs", auth="anyone", cache_s=5, errors=[InvalidCursor, Invalid, Unauthenticated])
async def list_jobs(call: Call, query: JobQuery) -> Page[JobView]:
    """Find open jobs, or list your own with `mine=true`.

    A page goes on exactly behind the one before it, whatever was posted in between. Raises InvalidCursor when the cursor
    was made for another question, Invalid for conditions that do not go together.
    """
    viewer_id = call.visitor.user_id if call.visitor else None
    _refuse_contradictions(query)
    if query.mine and viewer_id is None:
        raise Unauthenticated("Sign in to list your own jobs.")
    question = _question(query, viewer_id)
    return await _page(TextSearch(call.store), question, query, viewer_id)


async def _page(search: JobSearch, question: JobQuestion, query: JobQuery, viewer_id: str | None) -> Page[JobView]:
    asked = msgspec.to_builtins(question)
    keys = 1 if question.order == "created" else 2
    after = None if query.cursor is None else decode_cursor(query.cursor, asked, keys=keys)
    try:
        found = await search.find(question, JobView, after=after, limit=query.limit)
    except InvalidKeys as error:
        raise InvalidCursor from error
    next_cursor = encode_cursor(found.behind, asked) if found.behind else None
    return Page([with_actions(view, viewer_id=viewer_id) for view in found.jobs], next_cursor)


def _refuse_contradictions(query: JobQuery) -> None:
    faults = []
    if query.currency is None and (query.budget_min is not None or query.budget_max is not None):
        faults.append(FieldFault("query.currency", "a currency, because a budget is asked for"))
    if query.sort == "relevance" and query.q is None:
        faults.append(FieldFault("query.q", "words, because the order is by relevance"))
    if query.state not in {None, "open"} and not query.mine:
        faults.append(FieldFault("query.state", "open, unless you ask for your own jobs (mine=true)"))
    if query.mine and query.employer_id is not None:
        faults.append(FieldFault("query.employer_id", "nothing, because you ask for your own jobs"))
    if faults:
        raise Invalid(faults=tuple(faults))


def _question(query: JobQuery, viewer_id: str | None) -> JobQuestion:
    states = get_args(JobState) if query.mine else ("open",)
    return JobQuestion(
        order=_order(query),
        states=(query.state,) if query.state else states,
        words=query.q,
        employer_id=viewer_id if query.mine else query.employer_id,
        category=_folded(query.category),
        kind=query.kind,
        currency=query.currency,
        price_least=query.budget_min,
        price_most=query.budget_max,
        skills=tuple(folded(skill) for skill in query.skills),
        deadline_before=in_utc(query.deadline_before) if query.deadline_before else None,
        posted_since=in_utc(query.posted_since) if query.posted_since else None,
        remote=query.remote,
        country=_folded(query.country),
    )


def _order(query: JobQuery) -> Order:
    if query.q is not None and query.sort != "newest":
        return "relevance"
    return "created" if query.mine else "newest"


def _folded(text: str | None) -> str | None:
    return None if text is None else folded(text)
