"""Keeps from annotators what their page does not show them. Upstream leaves it out of the page only, not out of its API."""

from __future__ import annotations

from typing import Any

from argilla_server.api.handlers.v1.datasets import records
from argilla_server.api.policies.v1 import MetadataPropertyPolicy, RecordPolicy, authorize
from argilla_server.api.schemas.v1.records import MetadataFilterScope, SearchRecordsQuery
from argilla_server.models import Dataset, User
from sqlalchemy.ext.asyncio import AsyncSession


def patch() -> None:
    """Apply all; once, before the server starts. Owners and a workspace's admins see and may do what they did."""
    # One record comes with everything about it: for those who may list all. The page asks for it in vector search only.
    RecordPolicy.get = RecordPolicy.update
    _refuse_hidden_metadata()


def _refuse_hidden_metadata() -> None:
    """Who filters or sorts by a label learns it. The count of its values, and the values, upstream keeps back itself."""
    search = records._get_search_responses

    async def searched(
        *,
        db: AsyncSession,
        dataset: Dataset,
        search_records_query: SearchRecordsQuery | None = None,
        user: User | None = None,
        **others: Any,
    ) -> Any:
        asked = search_records_query or SearchRecordsQuery()
        for part in [*(asked.filters.and_ if asked.filters else []), *(asked.sort or [])]:
            if user and isinstance(part.scope, MetadataFilterScope):  # without a user only for those who see all
                known = dataset.metadata_property_by_name(part.scope.metadata_property)
                await authorize(user, MetadataPropertyPolicy.get(known))
        db.autoflush = False  # upstream cuts hidden metadata out of the stored records next: never to be written
        return await search(db=db, dataset=dataset, search_records_query=search_records_query, user=user, **others)

    records._get_search_responses = searched
