"""Writes numbers, days, amounts and sentences for one reader. Pure; templates call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.texts import day, moment, money, number, percent, say

_NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """One reader's language, and the currency of what they read about."""

    language: str
    currency: str | None = None

    def say(self, code: str, **params: object) -> str:
        """Return a sentence of the catalogue."""
        return say(code, {"currency": self.currency, **params}, language=self.language)

    def number(self, value: object) -> str:
        """Write a count."""
        return _NOTHING if value is None else number(value, self.language)

    def average(self, value: float | None) -> str:
        """Write a mean or a median with at most one decimal."""
        return _NOTHING if value is None else number(round(value, 1), self.language)

    def share(self, value: float) -> str:
        """Write a share of one as a percentage."""
        return percent(round(value, 3), self.language)

    def money(self, value: str | Decimal | None) -> str:
        """Write an amount to the cent."""
        return _NOTHING if value is None else money(value, self.language, self.currency)

    def day(self, value: str | None) -> str:
        """Write a day."""
        return _NOTHING if value is None else day(value, self.language)

    def moment(self, value: str) -> str:
        """Write a day with its time."""
        return moment(value, self.language)

    def days_ago(self, days: float | None) -> str:
        """Say how long ago, in days."""
        if days is None:
            return _NOTHING
        if round(days, 1) == 0:
            return self.say("page_today")
        return self.say("page_day_ago") if days == 1 else self.say("page_days_ago", days=days)

    def balance(self, balance: Mapping[str, Any]) -> str:
        """Say the file balance as a line that adds up."""
        return self.say("page_balance", **balance)
