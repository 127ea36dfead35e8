"""The catalogue, as a process asks it."""

from freehold.catalogue import Catalogue


def test_a_group_stands_for_its_functions_and_every_other_name_for_itself():
    catalogue = Catalogue.load()
    payments = [entry.name for entry in catalogue.functions if entry.group == "payments"]
    assert len(payments) > 1
    assert catalogue.expand(["jobs-get-job", "group:payments"]) == ["jobs-get-job", *payments]
    assert catalogue.expand(["group:nobody"]) == ["group:nobody"]
