"""Cuts from the logging of records what costs time and does nothing here. None of it changes what is stored or answered."""

from __future__ import annotations

from argilla_server.models import database as models
from pydantic import TypeAdapter


def patch() -> None:
    """Apply all cuts; once, before the server starts."""
    _keep_adapters()


def _keep_adapters() -> None:
    """Upstream makes a validator anew for each question and metadata property of each record."""
    questions, properties = TypeAdapter(models.QuestionSettings), TypeAdapter(models.MetadataPropertySettings)
    models.Question.parsed_settings = property(lambda self: questions.validate_python(self.settings))
    models.MetadataProperty.parsed_settings = property(lambda self: properties.validate_python(self.settings))
