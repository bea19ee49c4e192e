"""Answers come back from a real server: submitted ones, by name, and nothing of anybody's is lost unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review import pull as module
from lemma_steps.review.answers import FORMER, NAME, read
from lemma_steps.review.pull import pull
from lemma_steps.review.questions import settings
from lemma_steps.review.record import content, record_of
from lemma_steps.review.rows import kept_rows
from lemma_steps.run_directory import held
from tests.review.conftest import Reviewer, free_port, respond, signed_in

rg = pytest.importorskip("argilla", reason="needs the review extra")
Row = dict[str, Any]
Annotator = Callable[..., Reviewer]
KEEP = {
    "first_wrong_step": "1",
    "error_type": "CA",
    "prefix_right": "yes",
    "correction_right": "yes",
    "reflection_names_error": "yes",
    "decision": "keep",
}


@pytest.fixture(scope="session")
def rows(produced: Path) -> list[Row]:
    return list(kept_rows(produced))[:12]


class Sent:
    """A dataset with rows in it."""

    def __init__(self, client: Any, workspace: str, name: str, rows: list[Row]) -> None:
        self.client, self.workspace, self.name, self.rows = client, workspace, name, rows
        self.dataset = rg.Dataset(name, workspace=workspace, settings=settings(20, 1), client=client).create()
        self.dataset.records.log([record_of(row, "random") for row in rows])
        self.records = list(self.dataset.records())

    def pull(self, directory: Path, client: Any = None) -> str:
        return pull(client or self.client, self.workspace, self.name, directory)


@pytest.fixture
def sent(client: Any, workspace: str, dataset_name: str, rows: list[Row]) -> Sent:
    return Sent(client, workspace, dataset_name, rows)


def asked(client: Any, record: Any, body: dict[str, Any]) -> None:
    """A response as a script would send it, with whatever it leaves out."""
    client.api.http_client.post(f"/api/v1/records/{record._server_id}/responses", json=body).raise_for_status()


def test_what_was_submitted_comes_back_and_nothing_else(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    ana, ben = annotator("ana"), annotator("ben")
    shown = {"edited_reflection": sent.rows[0]["reflection"], "edited_correction": sent.rows[0]["correction"]}
    respond(ana.client, sent.records[0], KEEP | shown)
    respond(ben.client, sent.records[0], KEEP | {"decision": "drop", "comment": "  odd\n"})
    respond(ana.client, sent.records[1], KEEP | {"first_wrong_step": "none"})
    respond(ana.client, sent.records[2], KEEP, "draft")
    respond(ben.client, sent.records[2], KEEP, "discarded")
    asked(ben.client, sent.records[3], {"status": "discarded"})  # without values the SDK's own listing dies
    with pytest.raises(AttributeError):
        list(sent.dataset.records())
    said = sent.pull(tmp_path)
    found = read(tmp_path)
    assert {(a.id, a.reviewer): dict(a.answers) for a in found} == {
        (sent.rows[0]["id"], ana.username): KEEP,
        (sent.rows[0]["id"], ben.username): KEEP | {"decision": "drop", "comment": "odd"},
        (sent.rows[1]["id"], ana.username): KEEP | {"first_wrong_step": "none"},
    }
    by_id = {row["id"]: row for row in sent.rows}
    for answer in found:
        row = by_id[answer.id]
        assert answer.place == (sent.workspace, sent.name)
        assert answer.content == content(row)
        labels = ("error_step", "error_type", "label_source", "locator_agreement")
        assert answer.labels == {name: row[name] for name in labels} | {"choice": "random", "sent": 12}
    assert said.startswith(f"{tmp_path / NAME}: 3 answers of 2 reviewers on 2 of 12 records in ")
    assert said.endswith("; left there: 1 draft, 2 discarded")


def test_pulling_again_changes_nothing_and_finds_a_changed_answer(
    sent: Sent, annotator: Annotator, tmp_path: Path
) -> None:
    ana = annotator("ana")
    for record in sent.records[:5]:
        respond(ana.client, record, KEEP)
    first = sent.pull(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    assert sent.pull(tmp_path) == first
    assert (tmp_path / NAME).read_bytes() == before
    respond(ana.client, sent.records[0], KEEP | {"decision": "drop"})
    sent.pull(tmp_path)
    assert sum(a.answers["decision"] == "drop" for a in read(tmp_path)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]


def test_each_answer_says_when_it_was_changed_last(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    ana, moments = annotator("ana"), [datetime.now(UTC)]
    for decision in ("keep", "drop"):
        respond(ana.client, sent.records[0], KEEP | {"decision": decision})
        sent.pull(tmp_path)
        [answer] = read(tmp_path)
        moments += [datetime.fromisoformat(answer.at), datetime.now(UTC)]
    assert moments == sorted(moments)


def test_answers_that_are_gone_from_the_server_are_collected(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    ana = annotator("ana")
    for record in sent.records[:3]:
        respond(ana.client, record, KEEP)
    sent.pull(tmp_path)
    before = (tmp_path / NAME).read_text("utf-8").splitlines()
    for number, words in enumerate(["1 line", "2 lines", "3 lines"]):
        respond(ana.client, sent.records[number], KEEP, "discarded")
        said = sent.pull(tmp_path)
        assert "note: 1 answer that the file had is no longer there; " in said
        assert said.endswith(f"{tmp_path / FORMER} keeps what is gone, {words} in all")
    assert "note" not in sent.pull(tmp_path)  # said once
    there = [*(tmp_path / NAME).read_text("utf-8").splitlines(), *(tmp_path / FORMER).read_text("utf-8").splitlines()]
    assert sorted(there) == sorted(before)
    with pytest.raises(RefusedError, match="no answers yet"):
        read(tmp_path)


def test_a_folder_in_which_somebody_else_writes_is_left_alone(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    respond(annotator("ana").client, sent.records[0], KEEP)
    with held(tmp_path), pytest.raises(RefusedError, match="is writing here"):
        sent.pull(tmp_path)
    assert not (tmp_path / NAME).exists()


def test_each_answer_says_how_many_rows_came_in_its_way(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    sent.dataset.records.log([record_of(row, "uncertain") for row in sent.rows[:5]])
    ana = annotator("ana")
    for record in (sent.records[0], sent.records[11]):
        respond(ana.client, record, KEEP)
    sent.pull(tmp_path)
    by_id = {a.id: (a.labels["choice"], a.labels["sent"]) for a in read(tmp_path)}
    assert by_id == {sent.rows[0]["id"]: ("uncertain", 5), sent.rows[11]["id"]: ("random", 7)}


def test_a_dataset_of_other_questions_is_refused(
    client: Any, workspace: str, dataset_name: str, tmp_path: Path
) -> None:
    other = rg.Settings(fields=[rg.TextField("text")], questions=[rg.LabelQuestion("mood", labels=["good", "bad"])])
    rg.Dataset(dataset_name, workspace=workspace, settings=other, client=client).create()
    with pytest.raises(RefusedError, match="has other questions or fields") as refused:
        pull(client, workspace, dataset_name, tmp_path)
    assert "\n" not in str(refused.value)


def test_answers_that_made_a_set_are_not_brought_to_it(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    respond(annotator("ana").client, sent.records[0], KEEP)

    def reviewed(of: object) -> None:
        (tmp_path / "report.json").write_text(json.dumps({"settings": {"review": of}}), "utf-8")

    reviewed({"datasets": [f"{sent.workspace}/other", f"{sent.workspace}/{sent.name}"]})
    with pytest.raises(RefusedError, match="was made with the answers of") as refused:
        sent.pull(tmp_path)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / NAME).exists()
    for of in ({"datasets": [f"{sent.workspace}/other"]}, None, {}):
        reviewed(of)
        assert "1 answer of" in sent.pull(tmp_path)


def test_other_datasets_of_the_file_stay(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    second = Sent(sent.client, sent.workspace, f"{sent.name}-second", sent.rows[:3])
    ana = annotator("ana")
    respond(ana.client, sent.records[0], KEEP)
    respond(ana.client, second.records[0], KEEP | {"decision": "drop"})
    sent.pull(tmp_path)
    line = (tmp_path / NAME).read_text("utf-8")
    second.pull(tmp_path)
    assert line in (tmp_path / NAME).read_text("utf-8")
    assert [a.dataset for a in read(tmp_path)] == [sent.name, second.name]


@pytest.mark.parametrize(
    ("typed", "edit"),
    [
        (lambda text: text, None),
        (lambda text: text.replace("\n", "\r\n") + "\n\n", None),
        (lambda text: text.replace(" ", "\u00a0"), None),
        (lambda text: "\n \u00a0\n", None),
        (lambda text: text + "!", lambda text: text.strip() + "!"),
        (lambda text: "</script>{{x}} $& \u202e abc\u0007", lambda text: "</script>{{x}} $& \u202e abc\u0007"),
        (lambda text: r"\frac{1}{2}" * 10_000, lambda text: r"\frac{1}{2}" * 10_000),
    ],
)
def test_an_edit_is_what_differs_from_what_was_shown(
    sent: Sent, annotator: Annotator, tmp_path: Path, typed: Callable[[str], str], edit: Callable[[str], str] | None
) -> None:
    text = sent.rows[0]["correction"]
    respond(annotator("ana").client, sent.records[0], KEEP | {"edited_correction": typed(text)})
    sent.pull(tmp_path)
    [answer] = read(tmp_path)
    assert answer.answers.get("edited_correction") == (edit(text) if edit else None)


@pytest.mark.parametrize(
    ("id_", "changed"),
    [
        ("strange", {"content": None}),
        ("strange", {"choice": None}),
        ("strange", {"choice": "best"}),
        ("strange", {"type_label": "XX"}),
        ("strange", {"error_step": 0}),
        ("strange", {"locator_agreement": 2.0}),
        *(("strange", {name: ["CA", "random"]}) for name in ("content", "choice", "type_label", "label_source")),
        (None, {}),
    ],
)
def test_records_of_others_are_left_out_and_said(
    sent: Sent, annotator: Annotator, tmp_path: Path, id_: str | None, changed: dict[str, Any]
) -> None:
    """Nobody but an administrator can make such records, or change ours so."""
    ours = record_of(sent.rows[0], "random")
    metadata = {name: value for name, value in {**ours.metadata, **changed}.items() if value is not None}
    body = {"external_id": id_, "fields": dict(ours.fields), "metadata": metadata}
    url = f"/api/v1/datasets/{sent.dataset.id}/records/bulk"
    made = sent.client.api.http_client.post(url, json={"items": [body]}).raise_for_status().json()
    ana = annotator("ana")
    for record in (made["items"][0]["id"], sent.records[0]):
        respond(ana.client, record, KEEP)
    assert "; left there: 1 record that this program did not send" in sent.pull(tmp_path)
    assert [a.id for a in read(tmp_path)] == [sent.rows[0]["id"]]


def test_all_pages_are_read(sent: Sent, annotator: Annotator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 5)
    ana = annotator("ana")
    for record in sent.records:
        respond(ana.client, record, KEEP)
    assert "on 12 of 12 records" in sent.pull(tmp_path)
    assert {a.id for a in read(tmp_path)} == {row["id"] for row in sent.rows}


def test_records_that_move_between_pages_stop_it(
    sent: Sent, annotator: Annotator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond(annotator("ana").client, sent.records[0], KEEP)
    monkeypatch.setattr(module, "_PAGE", 5)
    page = module._page
    monkeypatch.setattr(module, "_page", lambda client, dataset, offset: page(client, dataset, offset + 1))
    with pytest.raises(StoppedError, match="11 of 12 records came"):
        sent.pull(tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_record_that_is_deleted_meanwhile_stops_it(
    sent: Sent, annotator: Annotator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the second page would slip to the end of the first, which was read before."""
    respond(annotator("ana").client, sent.records[5], KEEP)
    monkeypatch.setattr(module, "_PAGE", 5)
    http, pages = sent.client.api.http_client, count(1)
    get = http.get

    def deleting(url: str, *given: Any, **named: Any) -> Any:
        if str(url).endswith("/records") and next(pages) == 2:
            http.delete(f"/api/v1/records/{sent.records[0]._server_id}").raise_for_status()
        return get(url, *given, **named)

    monkeypatch.setattr(http, "get", deleting)
    with pytest.raises(StoppedError, match="of 12 records came, 11 are there now; pull again"):
        sent.pull(tmp_path)
    assert not (tmp_path / NAME).exists()
    assert "on 1 of 11 records" in sent.pull(tmp_path)


def test_the_answers_of_a_deleted_account_are_in_the_former_file(
    sent: Sent, annotator: Annotator, tmp_path: Path
) -> None:
    ana, ben = annotator("ana"), annotator("ben")
    for reviewer in (ana, ben):
        respond(reviewer.client, sent.records[0], KEEP)
    sent.pull(tmp_path)
    sent.client.users(ben.username).delete()  # the server deletes the answers with the account
    assert "1 answer that the file had is no longer there" in sent.pull(tmp_path)
    assert [a.reviewer for a in read(tmp_path)] == [ana.username]
    assert ben.username in (tmp_path / FORMER).read_text("utf-8")


def test_an_admin_sees_the_names_of_the_workspace(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    made = rg.User(
        username=f"admin-{sent.name}", password="a password 12345", role="admin", client=sent.client
    ).create()
    made.add_to_workspace(sent.client.workspaces(sent.workspace))
    admin = signed_in(sent.client.api_url, made.username, "a password 12345")
    ana, ben = annotator("ana"), annotator("ben")
    for client in (ana.client, ben.client, admin):
        respond(client, sent.records[0], KEEP)
    sent.client.users(ben.username).remove_from_workspace(sent.client.workspaces(sent.workspace))
    said = sent.pull(tmp_path, admin)
    assert {a.reviewer for a in read(tmp_path)} == {ana.username, made.username, ben.id}
    assert "note: this key may not read the reviewers' names" in said
    sent.pull(tmp_path)  # the owner's key may
    assert {a.reviewer for a in read(tmp_path)} == {ana.username, made.username, ben.username}


def test_no_answers_yet_writes_nothing(sent: Sent, annotator: Annotator, tmp_path: Path) -> None:
    respond(annotator("ana").client, sent.records[0], KEEP, "draft")
    assert sent.pull(tmp_path) == f"{sent.workspace}/{sent.name}: no submitted answers yet; left there: 1 draft"
    assert not list(tmp_path.iterdir())


def test_refusals_are_one_line_with_the_remedy_and_leave_the_file(
    sent: Sent, annotator: Annotator, tmp_path: Path
) -> None:
    respond(ana := annotator("ana").client, sent.records[0], KEEP)
    sent.pull(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    key = sent.client.api.http_client.headers["X-Argilla-Api-Key"]
    down = rg.Argilla(api_url=sent.client.api_url, api_key=key, retries=0)
    down.api.http_client.base_url = f"http://127.0.0.1:{free_port()}"
    cases = [
        (sent.client, "nowhere", sent.name, tmp_path, "no workspace nowhere; give --workspace"),
        (sent.client, sent.workspace, "nothing", tmp_path, "no dataset nothing in workspace"),
        (sent.client, sent.workspace, sent.name, tmp_path / "missing", "no such folder"),
        (ana, sent.workspace, sent.name, tmp_path, "an annotator cannot read answers; use the key"),
        (down, sent.workspace, sent.name, tmp_path, "no server answers"),
    ]
    for client, workspace, name, directory, words in cases:
        with pytest.raises(RefusedError, match=words) as refused:
            pull(client, workspace, name, directory)
        assert "\n" not in str(refused.value)
    assert (tmp_path / NAME).read_bytes() == before
    (tmp_path / NAME).write_bytes(before + json.dumps({"id": 1}).encode())
    with pytest.raises(RefusedError, match="line 2: not an answer"):
        sent.pull(tmp_path)
