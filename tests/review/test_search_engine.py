"""What the embedded server finds, counts and sorts: each query as a reviewer's browser or the SDK sends it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lemma_steps.review.server.sqlite_text import TextSearch
from tests.review.conftest import respond, signed_in

WORDS = [
    ("two words", ('"two"', '"words"'), ()),
    ('"a phrase" more', ('"a phrase"', '"more"'), ()),
    ("begin*", ('"begin"*',), ()),
    ("this | that other", ('"this" OR "that"', '"other"'), ()),
    ("| that", ('"that"',), ()),
    ("yes -no +also", ('"yes"', '"also"'), ('"no"',)),
    ('yes -"not this"', ('"yes"',), ('"not this"',)),
    ('broken "quote', ('"broken"', '"quote"'), ()),
    ("AND OR NOT NEAR(a)", ('"AND"', '"OR"', '"NOT"', '"NEAR(a)"'), ()),
    ("body : x", ('"body"', '"x"'), ()),
    ("$ = _ - *", (), ()),
]


@pytest.mark.parametrize(("typed", "all_of", "none_of"), WORDS, ids=[typed for typed, *_ in WORDS])
def test_words_typed_become_quoted_expressions(typed, all_of, none_of):
    search = TextSearch.of(typed)
    assert search.all_of == tuple(expression.replace('begin"*', 'begin*"*') for expression in all_of)
    assert search.none_of == none_of


@example("a\0b")
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_that_can_be_typed_is_read_as_syntax_of_the_index(typed):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(body)")
        for expression in (*TextSearch.of(typed).all_of, *TextSearch.of(typed).none_of):
            connection.execute("SELECT * FROM t WHERE t MATCH ?", (expression,)).fetchall()


@given(st.text('ab1" |-+*', min_size=50), st.integers(1, 10_000))
def test_of_a_text_pasted_whole_the_first_fifty_words_count(text, times):
    search = TextSearch.of(text * times)
    assert sum(1 + word.count('" OR "') for word in (*search.all_of, *search.none_of)) <= 50


def test_a_word_that_comes_again_is_looked_up_once():
    assert TextSearch.of("the apples -pears the -pears") == TextSearch(('"the"', '"apples"'), ('"pears"',))


RECORDS = {
    # id: problem, correction, metadata, suggestion (value, score)
    "a": (
        r"Find $\frac{a}{b}$ of the apples",
        "Ten apples",
        {"topic": "algebra", "steps": 3, "agreement": 0.5},
        ("yes", 0.9),
    ),
    "b": (
        "Count the pears; it's 5'; DROP TABLE records;--",
        "Ten pears",
        {"topic": "algebra", "steps": 7},
        ("no", 0.2),
    ),
    "c": ("Äpfel und Birnen, 5 kg", "Zehn", {"topic": 'number "theory"', "steps": 5, "agreement": 1.0}, None),
    "d": ("The apples fall, the pears do not", "None", {}, None),
}


@pytest.fixture(scope="module")
def dataset(client):
    """Four records. `ana` submitted `a` as yes and left a draft of `b`; the owner submitted `a` as no."""
    import argilla as rg

    workspace = rg.Workspace(name="search-engine", client=client).create()
    settings = rg.Settings(
        fields=[rg.TextField("problem"), rg.TextField("correction")],
        questions=[rg.LabelQuestion("right", labels=["yes", "no"])],
        metadata=[
            rg.TermsMetadataProperty("topic"),
            rg.IntegerMetadataProperty("steps"),
            rg.FloatMetadataProperty("agreement"),
        ],
        distribution=rg.TaskDistribution(min_submitted=2),
    )
    dataset = rg.Dataset("searched", workspace=workspace, settings=settings, client=client).create()
    dataset.records.log(
        [
            rg.Record(
                id=key,
                fields={"problem": problem, "correction": correction},
                metadata=metadata,
                suggestions=[rg.Suggestion("right", suggested[0], score=suggested[1], agent="judge")]
                if suggested
                else [],
            )
            for key, (problem, correction, metadata, suggested) in RECORDS.items()
        ]
    )
    return dataset


@pytest.fixture(scope="module")
def ana(client, dataset, argilla_server):
    import argilla as rg

    user = rg.User(username="ana-search", password="a password 12345", role="annotator", client=client).create()
    user.add_to_workspace(dataset.workspace)
    ana = signed_in(argilla_server.url, "ana-search", "a password 12345")
    records = {record.id: record for record in dataset.records()}
    respond(ana, records["a"], {"right": "yes"})
    respond(ana, records["b"], {"right": "no"}, "draft")
    respond(client, records["a"], {"right": "no"})
    return ana


def found(http, dataset, *, text=None, field=None, filters=(), sort=(), mine=False, **page):
    body = {
        "query": {"text": {"q": text, **({"field": field} if field else {})}} if text else {},
        "filters": {"type": "and", "and": list(filters)} if filters else None,
        "sort": list(sort) or None,
    }
    whose = "me/" if mine else ""
    reply = http.post(f"/api/v1/{whose}datasets/{dataset.id}/records/search", json=body, params={"limit": 50, **page})
    assert reply.status_code == 200, reply.text
    found = reply.json()
    return [item["record"]["external_id"] for item in found["items"]], found["total"]


TEXTS = [
    ("apples", None, "ad"),
    ("Apples", None, "ad"),
    ("apples pears", None, "d"),
    ('"the apples"', None, "ad"),
    ('"apples the"', None, ""),
    ("app*", None, "ad"),
    ("appl", None, ""),
    ("apples -pears", None, "a"),
    ("-pears", None, "ac"),
    ("Birnen | pears", None, "bcd"),
    (r"\frac{a}{b}", None, "a"),
    ("frac", None, "a"),
    ("$x$ | Äpfel", None, "c"),
    ("äpfel", None, "c"),
    ("apfel", None, ""),
    ("ten", "correction", "ab"),
    ("ten", "problem", ""),
    ("apples ten", None, "a"),
    ("'; DROP TABLE records;--", None, "b"),
    ('" OR 1=1', None, ""),
    ("$", None, ""),
    ("The apples fall, the pears do not " * 1000, None, "d"),
    (" ".join(f"-word{number}" for number in range(3000)), None, "abcd"),
    (" | ".join(f"word{number}" for number in range(3000)), None, ""),
    ("apples-" * 50_000, None, ""),
    ('"' + "apples " * 50_000 + '"', None, "ad"),  # its second quotation mark is not read
]


@pytest.mark.parametrize(
    ("text", "field", "expected"), TEXTS, ids=[f"{text[:40]} in {field}" for text, field, _ in TEXTS]
)
def test_text(client, dataset, text, field, expected):
    ids, total = found(client.api.http_client, dataset, text=text, field=field)
    assert (sorted(ids), total) == (list(expected), len(expected))


def terms(scope, *values):
    return {"type": "terms", "scope": scope, "values": list(values)}


def between(scope, ge=None, le=None):
    return {
        "type": "range",
        "scope": scope,
        **({"ge": ge} if ge is not None else {}),
        **({"le": le} if le is not None else {}),
    }


def metadata(name):
    return {"entity": "metadata", "metadata_property": name}


def record(name):
    return {"entity": "record", "property": name}


def suggestion(part):
    return {"entity": "suggestion", "question": "right", "property": part}


ANSWER, STATUS = {"entity": "response", "question": "right"}, {"entity": "response", "property": "status"}
FILTERS = [
    ([terms(metadata("topic"), "algebra")], "ab", "ab"),
    ([terms(metadata("topic"), 'number "theory"', "algebra")], "abc", "abc"),
    ([terms(metadata("topic"), "x' OR '1'='1")], "", ""),
    ([between(metadata("steps"), 3, 5)], "ac", "ac"),
    ([between(metadata("steps"), ge=6)], "b", "b"),
    ([between(metadata("agreement"), le=0.5)], "a", "a"),
    ([terms(metadata("topic"), "algebra"), between(metadata("steps"), le=3)], "a", "a"),
    ([terms(record("status"), "completed")], "a", "a"),
    ([terms(record("status"), "pending")], "bcd", "bcd"),
    ([terms(suggestion("value"), "yes")], "a", "a"),
    ([between(suggestion("score"), le=0.5)], "b", "b"),
    ([terms(suggestion("agent"), "judge")], "ab", "ab"),
    # what other people answered is none of ana's business: her filters see her own responses only
    ([terms(ANSWER, "yes")], "a", "a"),
    ([terms(ANSWER, "no")], "ab", "b"),
    ([terms(STATUS, "submitted")], "a", "a"),
    ([terms(STATUS, "draft")], "b", "b"),
    ([terms(STATUS, "pending")], "cd", "cd"),
    ([terms(STATUS, "pending", "draft")], "bcd", "bcd"),
    ([terms(STATUS, "discarded")], "", ""),
]


@pytest.mark.parametrize(("filters", "everyone", "anas"), FILTERS, ids=[str(number) for number in range(len(FILTERS))])
def test_filters(client, ana, dataset, filters, everyone, anas):
    ids, total = found(client.api.http_client, dataset, filters=filters)
    assert ("".join(sorted(ids)), total) == (everyone, len(everyone))
    ids, total = found(ana.api.http_client, dataset, filters=filters, mine=True)
    assert ("".join(sorted(ids)), total) == (anas, len(anas))


SORTS = [
    (metadata("steps"), "asc", "acbd"),
    (metadata("steps"), "desc", "bcad"),
    (metadata("agreement"), "desc", "cabd"),
    (suggestion("score"), "asc", "bacd"),
    (suggestion("value"), "desc", "abcd"),
    (record("inserted_at"), "desc", "dcba"),
]


IMPOSSIBLE = {
    "a range of ids": {"filters": {"and": [between(record("id"), ge=1)]}},
    "no id": {"filters": {"and": [terms(record("id"), "x")]}},
    "a range of kinds": {"filters": {"and": [between(metadata("steps"), 1, "x")]}},
    "a range of kinds the other way": {"filters": {"and": [between(record("inserted_at"), "x", 1)]}},
    "a range of statuses": {"filters": {"and": [between(STATUS, ge=1)]}},
    "a part that suggestions lack": {"filters": {"and": [terms(suggestion(None), "x")]}},
    "sorted by a part that suggestions lack": {"sort": [{"scope": suggestion(None), "order": "asc"}]},
    "an answer to no question": {"filters": {"and": [terms(STATUS | {"property": None}, "x")]}},
    "no filters": {"filters": {}},
}


@pytest.mark.parametrize("body", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_found_is_refused_with_a_reason(client, ana, dataset, body):
    for http, whose in ((client.api.http_client, ""), (ana.api.http_client, "me/")):
        reply = http.post(f"/api/v1/{whose}datasets/{dataset.id}/records/search", json=body)
        assert reply.status_code == 422, reply.text
        assert reply.json()["detail"]


@pytest.mark.parametrize(("offset", "status"), [(2**63 - 1, 200), (2**63, 422), (2**70, 422)])
def test_a_page_far_beyond_the_last(client, dataset, offset, status):
    http, path = client.api.http_client, f"/api/v1/datasets/{dataset.id}/records"
    assert http.get(path, params={"offset": offset}).status_code == status
    assert http.post(f"{path}/search", json={}, params={"offset": offset}).status_code == status


@pytest.mark.parametrize(("scope", "order", "expected"), SORTS, ids=[f"{scope} {order}" for scope, order, _ in SORTS])
def test_sort(client, dataset, scope, order, expected):
    http = client.api.http_client
    assert "".join(found(http, dataset, sort=[{"scope": scope, "order": order}])[0]) == expected
    pages = [found(http, dataset, sort=[{"scope": scope, "order": order}], limit=1, offset=at)[0] for at in range(4)]
    assert [key for page in pages for key in page] == list(expected)


def test_best_match_comes_first(client, dataset):
    assert found(client.api.http_client, dataset, text="pears | zehn | Birnen")[0][0] == "c"


def test_each_reviewer_has_an_order_that_stays(client, ana, dataset):
    http = ana.api.http_client
    ids, total = found(http, dataset, mine=True)
    assert sorted(ids) == list(RECORDS)
    assert total == 4
    assert [found(http, dataset, mine=True, limit=1, offset=at)[0] for at in range(4)] == [[key] for key in ids]
    assert found(client.api.http_client, dataset)[0] == list(RECORDS)


def test_progress_and_metadata_of_the_set(client, ana, dataset):
    assert dataset.progress() == {"total": 4, "completed": 1, "pending": 3}
    mine = ana.api.http_client.get(f"/api/v1/me/datasets/{dataset.id}/metrics").json()["responses"]
    assert {name: mine[name] for name in ("submitted", "draft", "pending", "discarded")} == {
        "submitted": 1,
        "draft": 1,
        "pending": 2,
        "discarded": 0,
    }
    http = client.api.http_client
    properties = http.get(f"/api/v1/me/datasets/{dataset.id}/metadata-properties").json()["items"]
    metrics = {p["name"]: http.get(f"/api/v1/metadata-properties/{p['id']}/metrics").json() for p in properties}
    assert metrics["topic"]["values"] == [{"term": "algebra", "count": 2}, {"term": 'number "theory"', "count": 1}]
    assert (metrics["steps"]["min"], metrics["steps"]["max"]) == (3, 7)
    assert (metrics["agreement"]["min"], metrics["agreement"]["max"]) == (0.5, 1.0)


def test_text_is_found_as_it_is_now(client, workspace, dataset_name):
    import argilla as rg

    settings = rg.Settings(fields=[rg.TextField("t")], questions=[rg.TextQuestion("q")])
    dataset = rg.Dataset(dataset_name, workspace=workspace, settings=settings, client=client).create()
    http = client.api.http_client
    dataset.records.log([{"id": "1", "t": "former words"}, {"id": "2", "t": "other words"}])
    dataset.records.log([{"id": "1", "t": "later words"}])
    assert [found(http, dataset, text=text)[1] for text in ("former", "later", "words")] == [0, 1, 2]
    dataset.records.delete([next(iter(dataset.records(query="other")))])
    assert [found(http, dataset, text=text)[1] for text in ("other", "words")] == [0, 1]


def test_a_changed_number_of_reviewers_changes_what_is_complete(client, workspace, dataset_name):
    import argilla as rg

    settings = rg.Settings(
        fields=[rg.TextField("t")],
        questions=[rg.TextQuestion("q")],
        distribution=rg.TaskDistribution(min_submitted=2),
    )
    dataset = rg.Dataset(dataset_name, workspace=workspace, settings=settings, client=client).create()
    dataset.records.log([{"id": "1", "t": "answered once"}, {"id": "2", "t": "not at all"}])
    respond(client, next(iter(dataset.records())), {"q": "an answer"})
    assert dataset.progress() == {"total": 2, "completed": 0, "pending": 2}
    dataset.settings.distribution = rg.TaskDistribution(min_submitted=1)
    dataset.settings.update()
    for _ in range(50):  # the server does it after its reply
        if dataset.progress()["completed"]:
            break
        time.sleep(0.1)
    assert dataset.progress() == {"total": 2, "completed": 1, "pending": 1}
