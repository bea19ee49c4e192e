"""What the embedded server tells an annotator who asks it without the page: no hidden label, no answer of anybody else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from tests.review.conftest import respond, signed_in

LABEL, STEP, STRAY, COMMENT = "the-label", 737373, "not-a-property", "what ben thinks"
SECRETS = (LABEL, str(STEP), STRAY, COMMENT)
NAMES = ("owner", "admin", "outsider", "ana")


@dataclass(frozen=True)
class Place:
    """A set that ana and ben have answered, whom the server knows by `http[name]`, and what stands in its addresses."""

    http: dict[str, Any]
    ids: dict[str, str]

    def ask(self, who: str, method: str, path: str, **named: Any) -> Any:
        return self.http[who].request(method, f"/api/v1{path}".format(**self.ids), **named)


@pytest.fixture(scope="module")
def place(client, argilla_server):
    """`outsider` is an admin of another workspace."""
    import argilla as rg

    workspace, elsewhere = (rg.Workspace(name=name, client=client).create() for name in ("private", "elsewhere"))
    settings = rg.Settings(
        fields=[rg.TextField("problem")],
        questions=[rg.LabelQuestion("right", labels=["yes", "no"]), rg.TextQuestion("comment", required=False)],
        metadata=[
            rg.TermsMetadataProperty("source"),
            rg.TermsMetadataProperty("type_label", visible_for_annotators=False),
            rg.IntegerMetadataProperty("error_step", visible_for_annotators=False),
        ],
        allow_extra_metadata=True,
    )
    dataset = rg.Dataset("private", workspace=workspace, settings=settings, client=client).create()
    metadata = {"source": "gsm8k", "type_label": LABEL, "error_step": STEP, "stray": STRAY}
    dataset.records.log([rg.Record(id=key, fields={"problem": "1 + 1"}, metadata=metadata) for key in "12"])
    record = next(iter(dataset.records()))
    clients = {"owner": client}
    for name, where in {"admin": workspace, "outsider": elsewhere, "ana": workspace, "ben": workspace}.items():
        role = "annotator" if name in {"ana", "ben"} else "admin"
        user = rg.User(username=f"{name}-private", password="a password 12345", role=role, client=client).create()
        user.add_to_workspace(where)
        clients[name] = signed_in(argilla_server.url, user.username, "a password 12345")
    respond(clients["ben"], record, {"right": "no", "comment": COMMENT})
    respond(clients["ana"], record, {"right": "yes"}, "draft")
    http = {name: known.api.http_client for name, known in clients.items()}
    seen = http["owner"].get(f"/api/v1/records/{record._server_id}").json()
    of_ben = next(response for response in seen["responses"] if response["status"] == "submitted")
    properties = http["owner"].get(f"/api/v1/me/datasets/{dataset.id}/metadata-properties").json()["items"]
    ids = {
        "dataset_id": dataset.id,
        "record_id": record._server_id,
        "workspace_id": workspace.id,
        "user_id": of_ben["user_id"],
        "response_id": of_ben["id"],
        **{p["name"]: p["id"] for p in properties},
        "metadata_property_id": next(p["id"] for p in properties if p["name"] == "type_label"),
        "provider": "huggingface",
        "job_id": "of-nobody",
    }
    return Place(http, {name: str(value) for name, value in ids.items()})


def told(reply: Any) -> set[str]:
    return {secret for secret in SECRETS if secret in reply.text}


EVERYTHING = {"include": ["responses", "suggestions"], "limit": 10}


def test_no_address_tells_an_annotator(place):
    """Every address that can be read, as the server itself lists them."""
    paths = place.ask("owner", "GET", "/openapi.json").json()["paths"]
    readable = [path for path, methods in paths.items() if "get" in methods and "oauth2" not in path]
    assert len(readable) > 20
    telling: dict[str, dict[str, set[str]]] = {}
    for who in NAMES:
        replies = {path: place.ask(who, "GET", path, params=EVERYTHING) for path in readable}
        assert not {path for path, reply in replies.items() if reply.status_code >= 500 and "job" not in path}
        telling[who] = {path: secrets for path, reply in replies.items() if (secrets := told(reply))}
    assert telling["ana"] == telling["outsider"] == {}
    assert telling["owner"] == telling["admin"]
    for path in ("/records/{record_id}", "/datasets/{dataset_id}/records"):
        assert telling["owner"][path] == set(SECRETS)


def metadata(name: str) -> dict[str, str]:
    return {"entity": "metadata", "metadata_property": name}


def by_terms(name: str) -> dict[str, Any]:
    return {"type": "terms", "scope": metadata(name), "values": ["x", LABEL]}


def by_range(name: str) -> dict[str, Any]:
    return {"type": "range", "scope": metadata(name), "ge": STEP}


def filters(*wanted: dict[str, Any]) -> dict[str, Any]:
    return {"filters": {"and": list(wanted)}}


def sort(*names: str) -> dict[str, Any]:
    return {"sort": [{"scope": metadata(name), "order": "asc"} for name in names]}


MINE, ALL = "/me/datasets/{dataset_id}/records/search", "/datasets/{dataset_id}/records/search"
ANSWER = {"right": {"value": "yes"}}
ASKED = {
    # what: method, path, body, and the status for owner, admin, outsider, ana
    "find": ("POST", MINE, {}, (200, 200, 403, 200)),
    "by what she sees": ("POST", MINE, filters(by_terms("source")) | sort("source"), (200, 200, 403, 200)),
    "by a hidden label": ("POST", MINE, filters(by_terms("type_label")), (200, 200, 403, 403)),
    "by a hidden number": ("POST", MINE, filters(by_range("error_step")), (200, 200, 403, 403)),
    "by both": ("POST", MINE, filters(by_terms("source"), by_range("error_step")), (200, 200, 403, 403)),
    "sorted by a hidden one": ("POST", MINE, sort("error_step"), (200, 200, 403, 403)),
    "sorted by both": ("POST", MINE, sort("source", "type_label"), (200, 200, 403, 403)),
    "by no property": ("POST", MINE, filters(by_terms("stray")), (422, 422, 403, 422)),
    "sorted by no property": ("POST", MINE, sort("stray"), (422, 422, 403, 422)),
    "everyone's": ("POST", ALL, filters(by_terms("type_label")), (200, 200, 403, 403)),
    "list": ("GET", "/datasets/{dataset_id}/records", None, (200, 200, 403, 403)),
    "one record": ("GET", "/records/{record_id}", None, (200, 200, 403, 403)),
    "its suggestions": ("GET", "/records/{record_id}/suggestions", None, (200, 200, 403, 200)),
    "what she sees counted": ("GET", "/metadata-properties/{source}/metrics", None, (200, 200, 403, 200)),
    "a hidden one counted": ("GET", "/metadata-properties/{type_label}/metrics", None, (200, 200, 403, 403)),
    "a hidden one shown": (
        "PATCH",
        "/metadata-properties/{type_label}",
        {"visible_for_annotators": False},
        (200, 200, 403, 403),
    ),
    "ben's answer": (
        "PUT",
        "/responses/{response_id}",
        {"status": "submitted", "values": ANSWER | {"comment": {"value": COMMENT}}},
        (200, 200, 403, 403),
    ),
}


@pytest.mark.parametrize(("method", "path", "body", "statuses"), ASKED.values(), ids=ASKED)
def test_who_may_ask(place, method, path, body, statuses):
    replies = {who: place.ask(who, method, path, json=body) for who in NAMES}
    assert tuple(reply.status_code for reply in replies.values()) == statuses
    assert not told(replies["ana"])
    assert not told(replies["outsider"])


def test_an_annotator_finds_the_record_with_her_own_answer(place):
    params = {"include": ["responses", "suggestions"]}
    mine, everyones = (
        {
            item["record"]["external_id"]: item["record"]
            for item in place.ask(*asked, json={}, params=params).json()["items"]
        }
        for asked in (("ana", "POST", MINE), ("owner", "POST", ALL))
    )
    assert [record["metadata"] for record in mine.values()] == [{"source": "gsm8k"}] * 2
    assert [[given["values"] for given in mine[key]["responses"]] for key in "12"] == [[ANSWER], []]
    assert {LABEL, STEP, STRAY} < set(everyones["1"]["metadata"].values())
    assert len(everyones["1"]["responses"]) == 2


def test_an_annotator_answers_and_is_told_of_her_answer_only(place):
    body = {"items": [{"record_id": place.ids["record_id"], "status": "draft", "values": ANSWER}]}
    reply = place.ask("ana", "POST", "/me/responses/bulk", json=body)
    assert reply.json()["items"][0]["item"]["values"] == ANSWER
    assert not told(reply)


def test_an_annotator_reads_while_another_writes(place, argilla_server):
    """What is left out of a reply is not to be written into the record, not even to be taken back."""
    with closing(sqlite3.connect(argilla_server.home / "argilla.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        reply = place.ask("ana", "POST", MINE, json={}, timeout=5)
    assert reply.json()["total"] == 2
