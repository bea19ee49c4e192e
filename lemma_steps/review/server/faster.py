"""Cuts from the logging of records what costs time and does nothing here. None of it changes what is stored or answered."""

from __future__ import annotations

from typing import Any

from argilla_server._app import app
from argilla_server.models import Record
from argilla_server.models import database as models
from argilla_server.webhooks.v1 import records
from brotli_asgi import BrotliMiddleware
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession


def patch() -> None:
    """Apply all cuts; once, before the server starts."""
    _keep_adapters()
    _describe_no_records()
    # Replies seldom leave this machine or its network, and packing one of 500 records blocks all others meanwhile.
    app.user_middleware[:] = [layer for layer in app.user_middleware if layer.cls is not BrotliMiddleware]


def _keep_adapters() -> None:
    """Upstream makes a validator anew for each question and metadata property of each record."""
    questions, properties = TypeAdapter(models.QuestionSettings), TypeAdapter(models.MetadataPropertySettings)
    models.Question.parsed_settings = property(lambda self: questions.validate_python(self.settings))
    models.MetadataProperty.parsed_settings = property(lambda self: properties.validate_python(self.settings))


def _describe_no_records() -> None:
    """Upstream loads the dataset and dumps it with each record for webhooks, of which this server calls none."""

    async def event(session: AsyncSession, name: str, record: Record) -> _NoEvent:
        return _NoEvent()

    records.build_record_event = event


class _NoEvent:
    async def notify(self, session: AsyncSession) -> list[Any]:
        return []
