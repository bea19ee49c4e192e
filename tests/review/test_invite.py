"""Accounts for reviewers: made once, with passwords that let them in and that nobody else has."""

from __future__ import annotations

import re

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.review.invite import invite
from tests.review.conftest import signed_in


def names_of(dataset_name):
    return [f"{name}-{dataset_name}" for name in ("ana", "ben")]


def passwords(lines):
    return dict(re.findall(r"^(\S+): password (\S+) ", "\n".join(lines), re.MULTILINE))


def test_two_reviewers_log_in_and_see_the_workspace_and_no_other(client, workspace, dataset_name):
    names = names_of(dataset_name)
    given = passwords(invite(client, workspace, names))
    assert list(given) == names
    assert len(set(given.values())) == 2
    assert all(len(password) >= 12 for password in given.values())
    for name in names:
        theirs = signed_in(client.api_url, name, given[name])
        assert [place.name for place in theirs.workspaces.list()] == [workspace]
        assert theirs.me.role.value == "annotator"


def test_who_has_an_account_keeps_it_and_is_let_into_the_workspace(client, workspace, dataset_name):
    ana, ben = names_of(dataset_name)
    given = passwords(invite(client, workspace, [ana]))
    lines = list(invite(client, f"second-{workspace}", [ana, ben]))
    assert f"{ana}: has an account; now sees second-{workspace} too" in lines
    assert list(passwords(lines)) == [ben]
    seen = signed_in(client.api_url, ana, given[ana]).workspaces.list()
    assert {place.name for place in seen} == {workspace, f"second-{workspace}"}
    assert any(f"{ana}: has an account and sees {workspace}" in line for line in invite(client, workspace, [ana]))


def test_a_name_given_twice_is_one_account(client, workspace, dataset_name):
    ana = names_of(dataset_name)[0]
    assert len(list(invite(client, workspace, [ana, ana]))) == 2  # the page, and one account


def test_the_owner_needs_no_invitation(client, workspace):
    owner = client.me.username
    assert any(f"{owner}: has an account and sees {workspace}" in line for line in invite(client, workspace, [owner]))


@pytest.mark.parametrize("name", ["", " ", " ana", "ana\n", "ana\nben: password 1"])
def test_a_name_of_spaces_is_refused_before_any_account(client, workspace, dataset_name, name):
    ana = names_of(dataset_name)[0]
    with pytest.raises(RefusedError, match="no name for an account"):
        list(invite(client, workspace, [ana, name]))
    assert ana not in {user.username for user in client.users.list()}


def test_an_annotator_invites_nobody(client, workspace, dataset_name):
    ana, ben = names_of(dataset_name)
    given = passwords(invite(client, workspace, [ana]))
    with pytest.raises(RefusedError, match="may not do that"):
        list(invite(signed_in(client.api_url, ana, given[ana]), workspace, [ben]))
