"""Nobody can forget an endpoint: each has its requests in the table, and each of them is carried out."""

import pytest

from tests.security.calls import send
from tests.security.table import ENDPOINTS, RECIPES, declaration_of
from tests.security.world import World


def test_every_endpoint_has_a_request_in_the_table():
    assert {name.partition(":")[0] for name in RECIPES} == set(ENDPOINTS)


def test_a_write_that_takes_a_key_runs_in_one_transaction_with_its_record():
    assert [name for name, item in ENDPOINTS.items() if item.idempotent and not item.transaction] == []


@pytest.mark.parametrize("name", RECIPES)
def test_each_request_of_the_table_is_carried_out(world: World, name: str):
    recipe = RECIPES[name]
    response = send(world, name, recipe.make(world), as_=recipe.owner)
    assert response.status_code == declaration_of(name).status, response.text
