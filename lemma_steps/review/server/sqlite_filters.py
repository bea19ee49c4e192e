"""Argilla's filters and sort orders as SQL on the server's own tables. Values go in as parameters, never into the text."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from argilla_server.enums import SortOrder
from argilla_server.search_engine.base import (
    AndFilter,
    Filter,
    MetadataFilterScope,
    Order,
    RangeFilter,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
    TermsFilter,
)

Sql = tuple[str, list[Any]]  # a condition or expression on the row `r` of `records`, and its parameters in order

_RECORD = {"id", "external_id", "status", "inserted_at", "updated_at"}
_SUGGESTION = {"value": "v.value", "score": "c.value", "agent": "g.agent", "type": "g.type"}
_SUGGESTION_LIST = {"value": ", json_each(g.value) v", "score": ", json_each(g.score) c"}
_SUGGESTION_SORT = {"value": "json_extract(g.value, '$')", "score": "json_extract(g.score, '$')"}


def json_path(*names: str) -> str:
    """Where SQLite's JSON functions find the value of these nested names."""
    return "$" + "".join(f".{json.dumps(name, ensure_ascii=False)}" for name in names)


def stored_id(value: Any) -> str:
    """An id as SQLAlchemy writes it into SQLite: 32 hex digits."""
    return UUID(str(value)).hex


def condition(wanted: Filter) -> Sql:
    """What a record must fulfil.

    Raises:
        ValueError: a filter or scope that argilla-server 2.8 does not have.
    """
    if isinstance(wanted, AndFilter):
        parts = [condition(part) for part in wanted.filters]
        return " AND ".join(f"({text})" for text, _ in parts) or "1", [value for _, values in parts for value in values]
    scope = wanted.scope
    if isinstance(scope, RecordFilterScope):
        if scope.property == "id":
            if isinstance(wanted, RangeFilter):
                raise ValueError("ids have no order to filter by")
            wanted = TermsFilter(scope=scope, values=[stored_id(value) for value in wanted.values])
        return _matches(_record_column(scope), wanted)
    if isinstance(scope, MetadataFilterScope):
        text, values = _matches("m.value", wanted)
        return (
            f"EXISTS (SELECT 1 FROM json_each(r.metadata, ?) m WHERE m.type <> 'null' AND {text})",
            [json_path(scope.metadata_property), *values],
        )
    if isinstance(scope, SuggestionFilterScope):
        part = _suggestion_part(scope)
        text, values = _matches(_SUGGESTION[part], wanted)
        return (
            "EXISTS (SELECT 1 FROM suggestions g JOIN questions q ON q.id = g.question_id AND q.name = ?"
            f"{_SUGGESTION_LIST.get(part, '')} WHERE g.record_id = r.id AND {text})",
            [scope.question, *values],
        )
    if isinstance(scope, ResponseFilterScope) and scope.question:
        text, values = _matches("v.value", wanted)
        whose, user = _by_user(scope)
        return (
            'EXISTS (SELECT 1 FROM responses p, json_each(p."values", ?) v '
            f"WHERE p.record_id = r.id AND {text}{whose})",
            [json_path(scope.question, "value"), *values, *user],
        )
    if isinstance(scope, ResponseFilterScope) and scope.property == "status" and isinstance(wanted, TermsFilter):
        return _has_status(wanted, scope)
    raise ValueError(f"cannot filter by {wanted}")


def order(by: Order) -> Sql:
    """An ORDER BY term; records without a value come last.

    Raises:
        ValueError: a property of records or suggestions that is none.
    """
    scope = by.scope
    direction = "DESC" if by.order == SortOrder.desc else "ASC"
    values: list[Any] = []
    if isinstance(scope, RecordFilterScope):
        text = _record_column(scope)
    elif isinstance(scope, MetadataFilterScope):
        text, values = "json_extract(r.metadata, ?)", [json_path(scope.metadata_property)]
    elif isinstance(scope, SuggestionFilterScope):
        part = _suggestion_part(scope)
        column = _SUGGESTION_SORT.get(part) or _SUGGESTION[part]
        text = (
            f"(SELECT {column} FROM suggestions g JOIN questions q ON q.id = g.question_id AND q.name = ? "
            "WHERE g.record_id = r.id)"
        )
        values = [scope.question]
    else:
        whose, user = _by_user(scope)
        text = f'(SELECT avg(json_extract(p."values", ?)) FROM responses p WHERE p.record_id = r.id{whose})'
        values = [json_path(scope.question or "", "value"), *user]
    return f"{text} {direction} NULLS LAST", values


def _matches(column: str, wanted: TermsFilter | RangeFilter) -> Sql:
    if isinstance(wanted, TermsFilter):
        values = [str(getattr(value, "value", value)) for value in wanted.values]
        return (f"CAST({column} AS TEXT) IN ({', '.join('?' * len(values))})" if values else "0"), values
    ends = [(sign, end) for sign, end in ((">=", wanted.ge), ("<=", wanted.le)) if end is not None]
    return (
        " AND ".join(f"{column} {sign} ?" for sign, _ in ends) or "1",
        [end.isoformat(sep=" ") if hasattr(end, "isoformat") else end for _, end in ends],
    )


def _has_status(wanted: TermsFilter, scope: ResponseFilterScope) -> Sql:
    """Status of responses; `pending` means that there is none yet, from this user or at all."""
    whose, user = _by_user(scope)
    is_one, values = _matches("p.status", wanted)
    given = f"EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id AND {is_one}{whose})"
    if "pending" not in values:
        return given, [*values, *user]
    none = f"NOT EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id{whose})"
    return f"{given} OR {none}", [*values, *user, *user]


def _by_user(scope: ResponseFilterScope) -> Sql:
    return (" AND p.user_id = ?", [stored_id(scope.user.id)]) if scope.user else ("", [])


def _record_column(scope: RecordFilterScope) -> str:
    name = str(getattr(scope.property, "value", scope.property))
    if name not in _RECORD:
        raise ValueError(f"records have no {name}")
    return f"r.{name}"


def _suggestion_part(scope: SuggestionFilterScope) -> str:
    part = str(getattr(scope.property, "value", scope.property))
    if part not in _SUGGESTION:
        raise ValueError(f"suggestions have no {part}")
    return part
