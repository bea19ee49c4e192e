"""Argilla's search engine inside its own SQLite database, which holds everything that a search needs.

So no index is kept beside it but one for text, by triggers, in the same transaction as the records: a search never lags
behind, and nothing is lost or doubled when the server is killed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID
from zlib import crc32

from argilla_server.enums import MetadataPropertyType
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Dataset, MetadataProperty, User
from argilla_server.search_engine.base import (
    Filter,
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TermsMetrics,
    TextQuery,
)
from argilla_server.settings import settings
from sqlalchemy.engine import make_url
from sqlite_filters import Sql, condition, json_path, order, stored_id
from sqlite_text import TextSearch

_DELETE = """
    DELETE FROM search_text WHERE rowid IN (SELECT id FROM search_fields WHERE record_id = old.id);
    DELETE FROM search_fields WHERE record_id = old.id;"""
_INSERT = """
    INSERT INTO search_fields(record_id, field)
        SELECT new.id, j.key FROM json_each(new.fields) j WHERE j.type IN ('text', 'array', 'object');
    INSERT INTO search_text(rowid, body)
        SELECT f.id, (SELECT group_concat(t.atom, ' ') FROM json_tree(new.fields, '$.' || json_quote(f.field)) t
                      WHERE t.type = 'text' AND coalesce(t.key, '') <> 'role')
        FROM search_fields f WHERE f.record_id = new.id;"""
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS search_fields(id INTEGER PRIMARY KEY, record_id TEXT NOT NULL, field TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS search_fields_record ON search_fields(record_id);
CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5(body, tokenize = "unicode61 remove_diacritics 0");
CREATE TRIGGER IF NOT EXISTS search_insert AFTER INSERT ON records BEGIN {_INSERT} END;
CREATE TRIGGER IF NOT EXISTS search_update AFTER UPDATE OF fields ON records BEGIN {_DELETE} {_INSERT} END;
CREATE TRIGGER IF NOT EXISTS search_delete AFTER DELETE ON records BEGIN {_DELETE} END;
UPDATE records SET fields = fields WHERE id NOT IN (SELECT record_id FROM search_fields);
"""  # the last line takes in the records of a home that a stock server made


def install() -> None:
    """Make the text index where it is missing. WAL lets people read while others write, and survives a kill."""
    with closing(_connection()) as connection:
        connection.executescript(_SCHEMA)


def _connection() -> sqlite3.Connection:
    connection = sqlite3.connect(make_url(settings.database_url).database or "", timeout=60)
    connection.create_function(
        "shuffled", 2, lambda user, record: crc32(f"{user}{record}".encode()), deterministic=True
    )
    return connection


async def _rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    def fetch() -> list[tuple[Any, ...]]:
        with closing(_connection()) as connection:
            return connection.execute(sql, parameters).fetchall()

    return await asyncio.to_thread(fetch)


def _containing(query: TextQuery | str | None) -> tuple[Sql, str]:
    """-> the condition on a record, and the expression by which matches are ranked (empty without one)."""
    if query is None:
        return ("1", []), ""
    typed, named = (query, None) if isinstance(query, str) else (query.q, query.field)
    words = TextSearch.of(typed)
    field, values = (" AND f.field = ?", [named]) if named else ("", [])
    parts: list[str] = []
    parameters: list[Any] = []
    for sign, expressions in (("IN", words.all_of), ("NOT IN", words.none_of)):
        for expression in expressions:
            parts.append(
                f"r.id {sign} (SELECT f.record_id FROM search_text t JOIN search_fields f ON f.id = t.rowid "
                f"WHERE t.body MATCH ?{field})"
            )
            parameters += [expression, *values]
    nothing_searchable = "0" if typed.strip() else "1"
    return (" AND ".join(parts) or nothing_searchable, parameters), " OR ".join(words.all_of)


@SearchEngine.register(engine_name="sqlite")
class SqliteSearchEngine(SearchEngine):
    """Answers each query by one statement; everything that would keep an index in step has nothing to do."""

    @classmethod
    async def new_instance(cls) -> SqliteSearchEngine:
        return cls()

    async def close(self) -> None: ...

    async def ping(self) -> bool:
        return True

    async def info(self) -> dict[str, Any]:
        return {"name": "sqlite", "version": {"number": sqlite3.sqlite_version}}

    async def _nothing_to_do(self, *args: Any, **kwargs: Any) -> None: ...

    create_index = delete_index = configure_metadata_property = index_records = _nothing_to_do
    partial_record_update = delete_records = update_record_response = delete_record_response = _nothing_to_do
    update_record_suggestion = delete_record_suggestion = _nothing_to_do

    async def get_dataset_progress(self, dataset: Dataset) -> dict[str, int]:
        return await self._progress(
            dataset, "SELECT status, count(*) FROM records WHERE dataset_id = ? GROUP BY 1", stored_id(dataset.id)
        )

    async def get_dataset_user_progress(self, dataset: Dataset, user: User) -> dict[str, int]:
        return await self._progress(
            dataset,
            "SELECT p.status, count(*) FROM responses p JOIN records r ON r.id = p.record_id "
            "WHERE r.dataset_id = ? AND p.user_id = ? GROUP BY 1",
            stored_id(dataset.id),
            stored_id(user.id),
        )

    async def _progress(self, dataset: Dataset, sql: str, *parameters: str) -> dict[str, int]:
        if dataset.is_draft:
            return {}
        counts = dict(await _rows(sql, parameters))
        return {"total": sum(counts.values()), **counts}

    async def compute_metrics_for(self, metadata_property: MetadataProperty) -> MetadataMetrics:
        path, dataset = json_path(metadata_property.name), stored_id(metadata_property.dataset_id)
        if metadata_property.type == MetadataPropertyType.terms:
            rows = await _rows(
                "SELECT m.value, count(*) FROM records r, json_each(r.metadata, ?) m "
                "WHERE r.dataset_id = ? AND m.type <> 'null' GROUP BY 1 ORDER BY 2 DESC, 1",
                (path, dataset),
            )
            terms = [TermsMetrics.TermCount(term=str(term), count=count) for term, count in rows]
            return TermsMetrics(total=sum(term.count for term in terms), values=terms)
        [(least, most)] = await _rows(
            "SELECT min(json_extract(metadata, ?)), max(json_extract(metadata, ?)) FROM records WHERE dataset_id = ?",
            (path, path, dataset),
        )
        whole = metadata_property.type == MetadataPropertyType.integer
        return (IntegerMetadataMetrics if whole else FloatMetadataMetrics)(min=least, max=most)

    async def search(
        self,
        dataset: Dataset,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,
        sort: list[Order] | None = None,
        offset: int = 0,
        limit: int = 100,
        user_id: str | None = None,
    ) -> SearchResponses:
        """By `sort`, else best match first, else shuffled for `user_id`, as the stock engines do, so that reviewers who
        work at the same time meet on few records; else in the order of arrival."""
        (words, values), ranked = _containing(query)
        where, parameters = f"r.dataset_id = ? AND ({words})", [stored_id(dataset.id), *values]
        if filter is not None:
            wanted, values = condition(filter)
            where, parameters = f"{where} AND ({wanted})", [*parameters, *values]
        score, ranking, before = "1.0", "", []
        keys = [order(by) for by in sort or []]
        if ranked and not sort:
            score, before = "k.score", [ranked]
            ranking = (
                "LEFT JOIN (SELECT f.record_id, max(t.score) score FROM search_fields f JOIN "
                "(SELECT rowid, -rank score FROM search_text WHERE body MATCH ? LIMIT -1) t ON f.id = t.rowid "
                "GROUP BY 1) k ON k.record_id = r.id"
            )
            keys = [("k.score DESC", [])]
        elif user_id and not sort:
            keys = [("shuffled(?, r.id)", [str(user_id)])]
        keys.append(("r.inserted_at, r.rowid", []))
        rows = await _rows(
            f"SELECT r.id, {score} FROM records r {ranking} WHERE {where} "
            f"ORDER BY {', '.join(text for text, _ in keys)} LIMIT ? OFFSET ?",
            [*before, *parameters, *(value for _, values in keys for value in values), limit, offset],
        )
        [(total,)] = await _rows(f"SELECT count(*) FROM records r WHERE {where}", parameters)
        items = [SearchResponseItem(record_id=UUID(key), score=None if sort else score) for key, score in rows]
        return SearchResponses(items=items, total=total)

    async def similarity_search(self, *args: Any, **kwargs: Any) -> SearchResponses:
        raise UnprocessableEntityError("this server finds no similar records; use one with Elasticsearch")
