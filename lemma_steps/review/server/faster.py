"""Cuts from the logging of records what costs time and does nothing here. None of it changes what is stored or answered."""

from __future__ import annotations

from typing import Any

from argilla_server._app import app
from argilla_server.contexts import webhooks
from argilla_server.models import Record
from argilla_server.models import database as models
from argilla_server.webhooks.v1 import records
from argilla_server.webhooks.v1.event import Event
from brotli_asgi import BrotliMiddleware
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession


def patch() -> None:
    """Apply all cuts; once, before the server starts."""
    _keep_adapters()
    _describe_records_to_listeners_only()
    # Replies seldom leave this machine or its network, and packing one of 500 records blocks all others meanwhile.
    app.user_middleware[:] = [layer for layer in app.user_middleware if layer.cls is not BrotliMiddleware]


def _keep_adapters() -> None:
    """Upstream makes a validator anew for each question and metadata property of each record."""
    questions, properties = TypeAdapter(models.QuestionSettings), TypeAdapter(models.MetadataPropertySettings)
    models.Question.parsed_settings = property(lambda self: questions.validate_python(self.settings))
    models.MetadataProperty.parsed_settings = property(lambda self: properties.validate_python(self.settings))


def _describe_records_to_listeners_only() -> None:
    """Upstream loads the dataset and dumps it with each record, and only then looks whether a webhook wants to know."""
    build = records.build_record_event

    async def event(session: AsyncSession, name: str, record: Record) -> Event | _NoEvent:
        if "listeners" not in session.info:  # a session lasts for one request
            session.info["listeners"] = bool(await webhooks.list_enabled_webhooks(session))
        return await build(session, name, record) if session.info["listeners"] else _NoEvent()

    records.build_record_event = event


class _NoEvent:
    async def notify(self, session: AsyncSession) -> list[Any]:
        return []
