"""Processes as data: every row of the job's and the application's table, and nothing beside them."""

from itertools import product
from typing import get_args

import pytest

from freehold.documents.hiring import ApplicationState, JobState
from freehold.domain.hiring import APPLICATION, JOB, ApplicationStep, JobStep
from freehold.domain.process import NotInThisState, NotYourStep, Process

JOB_TABLE = {
    ("employer", "publish", "draft"): "open",
    ("employer", "pause", "open"): "paused",
    ("employer", "resume", "paused"): "open",
    ("employer", "close", "open"): "closed",
    ("employer", "close", "paused"): "closed",
    ("employer", "close", "expired"): "closed",
    ("employer", "edit", "draft"): "draft",
    ("employer", "edit", "open"): "open",
    ("employer", "edit", "paused"): "paused",
    ("freelancer", "apply", "open"): "open",
    ("application", "fill", "open"): "filled",
    ("application", "fill", "paused"): "filled",
    ("application", "fill", "expired"): "filled",
    ("clock", "expire", "open"): "expired",
    ("clock", "expire", "paused"): "expired",
}
APPLICATION_TABLE = {
    ("employer", "accept", "submitted"): "accepted",
    ("employer", "decline", "submitted"): "declined",
    ("freelancer", "withdraw", "submitted"): "withdrawn",
    ("job", "pass_over", "submitted"): "declined",
}


def taken(process: Process, actor: str, name: str, state: str) -> str | None:
    try:
        return process.step(name, actor=actor, state=state).target
    except (NotInThisState, NotYourStep):
        return None


@pytest.mark.parametrize(
    ("process", "table", "states"),
    [(JOB, JOB_TABLE, get_args(JobState)), (APPLICATION, APPLICATION_TABLE, get_args(ApplicationState))],
    ids=["job", "application"],
)
def test_a_process_leads_where_its_table_says_and_nowhere_else(process: Process, table, states):
    actors = {actor for actor, _, _ in table} | {"stranger"}
    names = {name for _, name, _ in table}
    reached = {
        (actor, name, state): target
        for actor, name, state in product(actors, names, states)
        if (target := taken(process, actor, name, state)) is not None
    }
    assert reached == table


def test_what_a_person_is_shown_as_possible_is_what_the_table_lets_them_do():
    for state in get_args(JobState):
        possible = {name for actor, name, source in JOB_TABLE if (actor, source) == ("employer", state)}
        assert set(JOB.open_to("employer", state=state)) == possible
    assert JOB.open_to("stranger", state="open") == ()


def test_every_transition_that_the_api_takes_is_in_a_table():
    assert set(get_args(JobStep)) <= {step.name for step in JOB.steps if step.actor == "employer"}
    assert set(get_args(ApplicationStep)) == {step.name for step in APPLICATION.steps if step.actor != "job"}


def test_a_refusal_says_the_state_and_what_it_must_be():
    with pytest.raises(NotInThisState, match="the job is filled; to close it, it must be open or paused or expired"):
        JOB.step("close", actor="employer", state="filled")
    with pytest.raises(NotYourStep, match="to accept this application is not for its freelancer"):
        APPLICATION.step("accept", actor="freelancer", state="submitted")


def test_filled_and_closed_jobs_and_answered_applications_are_ends():
    assert [step.name for step in JOB.steps if {"filled", "closed"} & set(step.sources)] == []
    assert [step.name for step in APPLICATION.steps if {"accepted", "declined", "withdrawn"} & set(step.sources)] == []


def test_every_timed_step_names_the_field_that_holds_its_time():
    assert [(step.name, step.timer) for step in JOB.steps if step.actor == "clock"] == [("expire", "deadline")]
