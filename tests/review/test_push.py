"""Sending rows to a real server: each once, never over an answer, whatever happened before."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from review import app
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.output.record import KEPT_SCHEMA, normalise
from lemma_steps.review import connection
from lemma_steps.review import place as place_module
from lemma_steps.review.choice import Choice
from lemma_steps.review.doubts import doubts
from lemma_steps.review.push import Push
from lemma_steps.review.sample import Sample
from tests.output.rows import kept
from tests.review.conftest import respond, signed_in

ROWS = tuple(normalise(kept(number, label_source="teacher", locator_agreement=0.5)) for number in range(30))
ANSWER = {
    "first_wrong_step": "2",
    "error_type": "CA",
    "prefix_right": "yes",
    "correction_right": "yes",
    "reflection_names_error": "yes",
    "decision": "keep",
}


@pytest.fixture
def place(client, workspace, dataset_name):
    return client, workspace, dataset_name


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(place_module, "DRAFT_S", 1)


def push(place, rows, choice=Choice.all, size=None, **options):
    """Send, and the counts of what the line says."""
    client, workspace, dataset = place
    sample = Sample.choose(iter(rows), choice, size)
    line = Push(client, workspace, dataset, **options).send(sample, lambda: iter(rows))
    return [int(part.split()[0].replace(",", "")) for part in line.split(": ", 1)[1].split(";")[0].split(", ")[:3]]


def there(place):
    """What the server holds, by id."""
    client, workspace, dataset = place
    found = connection.find_dataset(client, workspace, dataset)
    records = list(found.records(with_suggestions=True, with_responses=True)) if found else []
    assert len({record.id for record in records}) == len(records)
    return {record.id: record for record in records}


def answered(place, reviewer, ids):
    """Answer these records as the reviewer; what the server then holds as the answers."""
    records = there(place)
    for id in ids:
        respond(reviewer.client, records[id], ANSWER)
    return answers(place)


def answers(place):
    return {
        id: sorted((response.question_name, response.value, response.status) for response in record.responses)
        for id, record in there(place).items()
        if len(record.responses)
    }


class TestAgain:
    def test_pushing_twice_sends_nothing(self, place, monkeypatch):
        assert push(place, ROWS) == [30, 0, 0]
        assert set(there(place)) == {row["id"] for row in ROWS}
        monkeypatch.setattr(type(place[0].api.records), "bulk_upsert", None)
        assert push(place, ROWS) == [0, 0, 30]

    def test_a_larger_sample_sends_the_rest(self, place):
        assert push(place, ROWS, Choice.random, 10) == [10, 0, 0]
        assert push(place, ROWS, Choice.random, 25) == [15, 0, 10]

    def test_answers_stay(self, place, annotator):
        push(place, ROWS[:20])
        before = answered(place, annotator(), [row["id"] for row in ROWS[:5]])
        assert len(before) == 5
        assert push(place, ROWS) == [10, 0, 20]
        assert answers(place) == before

    @pytest.mark.parametrize("answered_first", [False, True])
    def test_another_text_never_comes_into_a_record(self, place, annotator, answered_first):
        push(place, ROWS[:20])
        before = answered(place, annotator(), [ROWS[0]["id"]] if answered_first else [])
        edited = [{**ROWS[0], "correction": "Anew.\nThe answer is: 32"}, *ROWS[1:]]
        with pytest.raises(RefusedError, match=r"1 of 30 rows have another text there.*--dataset"):
            push(place, edited)
        assert answers(place) == before
        assert len(there(place)) == 20
        assert not any("Anew" in record.fields["correction"] for record in there(place).values())

    def test_other_labels_reach_the_record_and_its_answers_stay(self, place, annotator):
        push(place, ROWS, Choice.random, 30)
        before = answered(place, annotator(), [ROWS[0]["id"]])
        relabelled = [{**row, "error_type": "HA", "locator_agreement": 0.75} for row in ROWS]
        assert push(place, relabelled, Choice.uncertain, 4) == [0, 4, 0]
        assert push(place, relabelled) == [0, 26, 4]
        assert answers(place) == before
        seen = {
            tuple(record.metadata[name] for name in ("type_label", "locator_agreement", "choice"))
            for record in there(place).values()
        }
        assert seen == {("HA", 0.75, "random"), ("HA", 0.75, "all")}
        assert push(place, relabelled) == [0, 0, 30]

    def test_a_record_discarded_without_values_is_no_obstacle(self, place, annotator):
        push(place, ROWS[:5])
        record = there(place)[ROWS[0]["id"]]
        reviewer = annotator().client.api.http_client
        path = f"/api/v1/records/{record._server_id}/responses"
        reviewer.post(path, json={"status": "discarded"}).raise_for_status()
        assert push(place, ROWS) == [25, 0, 5]

    def test_rows_of_an_uncertain_choice_join_a_random_sample_and_keep_their_answers(self, place, annotator):
        push(place, ROWS, Choice.uncertain, 8)
        before = answered(place, annotator(), list(there(place))[:3])
        assert push(place, ROWS, Choice.random, 20) == [20 - sum(self.of_both()), sum(self.of_both()), 0]
        records = there(place)
        random = set(Sample.choose(iter(ROWS), Choice.random, 20).ids)
        assert {id for id, record in records.items() if record.metadata["choice"] == "random"} == random
        assert answers(place) == before
        assert push(place, ROWS, Choice.uncertain, 8) == [0, 0, 8]
        assert Counter(record.metadata["choice"] for record in there(place).values())["random"] == 20

    @staticmethod
    def of_both():
        uncertain = Sample.choose(iter(ROWS), Choice.uncertain, 8).ids
        return [id in uncertain for id in Sample.choose(iter(ROWS), Choice.random, 20).ids]

    def test_a_third_reviewer_is_asked_where_two_were(self, place, annotator):
        push(place, ROWS[:2], reviewers=2)
        for _ in range(2):
            answered(place, annotator(), [ROWS[0]["id"]])
        assert there(place)[ROWS[0]["id"]].status == "completed"
        assert push(place, ROWS) == [28, 0, 2]
        before = answers(place)
        assert push(place, ROWS, reviewers=3) == [0, 0, 30]
        deadline = time.monotonic() + 20
        while there(place)[ROWS[0]["id"]].status == "completed" and time.monotonic() < deadline:
            time.sleep(0.2)
        assert there(place)[ROWS[0]["id"]].status == "pending"
        assert answers(place) == before

    def test_a_dataset_that_was_not_published_is_made_anew(self, place):
        client, workspace, dataset = place
        found = connection.find_workspace(client, workspace)
        body = {"name": dataset, "workspace_id": str(found.id)}
        client.api.http_client.post("/api/v1/datasets", json=body).raise_for_status()
        assert push(place, ROWS) == [30, 0, 0]
        assert len(found.datasets) == 1


class TestRefused:
    def test_a_dataset_of_other_questions(self, place):
        import argilla as rg

        client, workspace, dataset = place
        other = rg.Settings(fields=[rg.TextField("problem")], questions=[rg.TextQuestion("comment")])
        rg.Dataset(dataset, workspace=workspace, settings=other, client=client).create()
        with pytest.raises(RefusedError, match=r"other questions or fields \(.*--dataset"):
            push(place, ROWS)

    @pytest.mark.parametrize("name", ["bad/name!", "é", ""])
    def test_a_workspace_that_cannot_be_named_so(self, client, dataset_name, name):
        with pytest.raises(RefusedError, match="url safe"):
            push((client, name, dataset_name), ROWS)

    def test_a_row_of_more_steps_than_any_dataset_names_before_the_dataset_is_made(self, place):
        prefix = " " + "\n".join(f"Step {n} is {n}." for n in range(600))
        with pytest.raises(RefusedError, match="600 steps, and Argilla takes 499"):
            push(place, [{**ROWS[0], "erroneous_prefix": prefix}])
        assert connection.find_dataset(*place) is None
        rows = [*ROWS[1:], {**ROWS[0], "erroneous_prefix": prefix}]
        size = next(n for n in range(29, 0, -1) if ROWS[0]["id"] not in Sample.choose(iter(rows), Choice.random, n).ids)
        assert push(place, rows, Choice.random, size) == [size, 0, 0]

    def test_an_unpublished_dataset_of_somebody_else(self, place):
        client, workspace, dataset = place
        found = connection.find_workspace(client, workspace)
        http = client.api.http_client
        made = http.post("/api/v1/datasets", json={"name": dataset, "workspace_id": str(found.id)}).json()
        field = {"name": "poem", "title": "Poem", "settings": {"type": "text"}}
        http.post(f"/api/v1/datasets/{made['id']}/fields", json=field).raise_for_status()
        with pytest.raises(RefusedError, match=r"another's, not yet published \(poem\).*--dataset"):
            push(place, ROWS)
        assert http.get(f"/api/v1/datasets/{made['id']}").status_code == 200

    def test_a_row_with_more_steps_than_the_dataset_names(self, place):
        push(place, ROWS[:2])
        long = {**ROWS[2], "erroneous_prefix": " " + "\n".join(f"Step {n} is {n}." for n in range(60))}
        with pytest.raises(
            RefusedError, match=r"1 of 30 rows have more steps than its \d+; name another with --dataset"
        ):
            push(place, [*ROWS[:2], long, *ROWS[3:]])
        assert len(there(place)) == 2

    def test_a_first_sample_leaves_room_for_the_longest_row_of_the_set(self, place):
        rows = [*ROWS]
        last = Sample.choose(iter(rows), Choice.random, 30).ids[-1]
        prefix = " " + "\n".join(f"Step {n} is {n}." for n in range(60))
        rows = [{**row, "erroneous_prefix": prefix} if row["id"] == last else row for row in rows]
        assert push(place, rows, Choice.random, 5) == [5, 0, 0]
        assert push(place, rows) == [25, 0, 5]

    @pytest.mark.parametrize(("role", "said"), [("admin", "only an owner"), ("annotator", "an annotator cannot")])
    def test_an_account_that_may_not(self, client, dataset_name, role, said):
        import argilla as rg

        name, password = f"{role}-{dataset_name}", "a password 12345"
        rg.User(username=name, password=password, role=role, client=client).create()
        theirs = signed_in(client.api_url, name, password)
        with pytest.raises(RefusedError, match=said):
            push((theirs, f"missing-{dataset_name}", dataset_name), ROWS)

    def test_an_admin_of_the_workspace_may(self, place):
        import argilla as rg

        client, workspace, dataset = place
        name, password = f"admin-{dataset}", "a password 12345"
        user = rg.User(username=name, password=password, role="admin", client=client).create()
        user.add_to_workspace(client.workspaces(workspace))
        assert push((signed_in(client.api_url, name, password), workspace, dataset), ROWS) == [30, 0, 0]

    def test_a_check_makes_nothing(self, client, dataset_name):
        Push(client, f"new-{dataset_name}", dataset_name).check()
        assert connection.find_workspace(client, f"new-{dataset_name}") is None


def test_an_owner_makes_the_workspace(client, dataset_name):
    assert push((client, f"new-{dataset_name}", dataset_name), ROWS) == [30, 0, 0]


def test_a_row_without_a_gold_solution_is_sent(place):
    assert push(place, [{**ROWS[0], "gold_solution": None}]) == [1, 0, 0]


def test_doubts_are_the_owners_alone(place, annotator):
    push(place, ROWS)
    named = {id: record.metadata["doubts"] for id, record in there(place).items()}
    assert named == {row["id"]: list(doubts(row)) for row in ROWS}
    dataset = connection.find_dataset(*place)
    page = annotator().client.api.http_client.post(f"/api/v1/me/datasets/{dataset.id}/records/search?limit=50", json={})
    assert page.json()["total"] == 30
    assert "split_vote" not in page.text
    assert "split_vote" in json.dumps(list(named.values()))


class TestKilled:
    """kill -9 of the server in the middle of a push of some hundreds of rows, through the command."""

    ROWS = tuple(normalise(kept(number)) for number in range(600))

    @pytest.fixture
    def directory(self, tmp_path):
        pq.write_table(pa.Table.from_pylist(list(self.ROWS), KEPT_SCHEMA), tmp_path / "train.parquet")
        return tmp_path

    def command(self, place, server, directory):
        _, workspace, dataset = place
        told = ["--home", server.home, "--workspace", workspace, "--dataset", dataset]
        run = CliRunner().invoke(app, ["push", str(directory), *map(str, told)])
        assert run.exception is None or isinstance(run.exception, SystemExit)
        return run

    def test_nothing_is_doubled_or_lost(self, place, annotator, argilla_server, directory, monkeypatch):
        from argilla._api import RecordsAPI

        push(place, self.ROWS, Choice.random, 40)
        first = list(there(place))[:10]
        before = answered(place, annotator(), first)
        sent, calls = RecordsAPI.bulk_upsert, []

        def upsert(*arguments):
            calls.append(1)
            if len(calls) == 2:
                threading.Timer(0.03, argilla_server.kill).start()
            return sent(*arguments)

        monkeypatch.setattr(RecordsAPI, "bulk_upsert", upsert)
        monkeypatch.setattr(connection, "WAITS_S", (0.2, 0.2))
        stopped = self.command(place, argilla_server, directory)
        refused = self.command(place, argilla_server, directory)
        argilla_server.start()
        assert stopped.exit_code == 3
        counted = re.search(r"; (\d+) of 600 rows are there; the same command goes on\n$", stopped.stderr)
        assert counted, stopped.stderr
        assert stopped.stderr.count("\n") == 1
        assert refused.exit_code == 2
        assert "no server answers" in refused.stderr
        assert answers(place) == before
        assert len(there(place)) >= int(counted[1]) >= 290
        assert len(there(place)) < 600
        again = self.command(place, argilla_server, directory)
        assert again.exit_code == 0, again.stderr
        assert set(there(place)) == {row["id"] for row in self.ROWS}
        assert answers(place) == before
        assert push(place, self.ROWS) == [0, 0, 600]


def test_what_the_server_refuses_in_the_middle_stops_with_the_counts(place, monkeypatch):
    rows = [normalise(kept(number)) for number in range(400)]
    client = place[0]
    sent, calls = type(client.api.records).bulk_upsert, []

    def upsert(records, dataset_id, models):
        calls.append(1)
        if len(calls) == 2:
            models[3].fields.clear()
        return sent(records, dataset_id, models)

    monkeypatch.setattr(type(client.api.records), "bulk_upsert", upsert)
    with pytest.raises(StoppedError, match=r"HTTP 422.*; 250 of 400 rows are there; the same command goes on"):
        push(place, rows)
