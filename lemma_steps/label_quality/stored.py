"""The form in which a measurement is kept, as far as cards, reports and analyses quote it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter

Count = Annotated[int, Field(ge=0)]


class _Figure(BaseModel):
    """A share between 0 and 1 and the bounds of its interval; all None where there is nothing to count."""

    value: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None


class _Located(BaseModel):
    n: Count
    n_wrong: Count
    n_right: Count
    acc_wrong: _Figure
    acc_right: _Figure
    f1: _Figure
    off_by_one: _Figure
    answered: _Figure
    right_if_answered: _Figure


class _Typed(BaseModel):
    n: Count
    accuracy: _Figure
    macro_f1: _Figure
    answered: _Figure


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True)

    teacher: str
    template: str
    seed: int
    sampling: dict[str, Any]
    limit: int | None
    made: dict[str, Any]


class _Locator(_Stored):
    kind: Literal["locator"]
    with_reference: bool
    votes: int
    checker: str
    sets: dict[str, _Located] = Field(min_length=1)


class _Classifier(_Stored):
    kind: Literal["classifier"]
    sets: dict[str, _Typed] = Field(min_length=1)


_FORM: TypeAdapter[Any] = TypeAdapter(Annotated[_Locator | _Classifier, Field(discriminator="kind")])


def check(measurement: object) -> None:
    """Whether all that is quoted is there; what else a measurement holds is not looked at.

    Raises:
        pydantic.ValidationError: a ValueError; it is not.
    """
    _FORM.validate_python(measurement)
