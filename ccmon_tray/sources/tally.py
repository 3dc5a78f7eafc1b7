"""From the rows of answers to what reports and snapshots say: sums per label, tokens by type."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ccmon_tray.sources.base import Answer, Question, UsageSource
from ccmon_tray.usage.by_name import rank
from ccmon_tray.usage.metrics import Label, TokenType, token_type
from ccmon_tray.usage.model_names import friendly_model_name
from ccmon_tray.usage.models import ActiveTime, EditDecisions, ModelUsage, Tokens

UNKNOWN_NAME = "(unknown)"


@dataclass(frozen=True, slots=True)
class Tally:
    """A question with its answer, summed up as one likes."""

    question: Question
    answer: Answer

    @property
    def total(self) -> float | None:
        """The whole increase; None where the source does not know the counter."""
        return self.answer.total

    def per(self, *labels: Label) -> dict[tuple[str, ...], float]:
        """The increase per combination of these labels, largest first."""
        positions = [self.question.by.index(label) for label in labels]
        if len(positions) < 2:  # of one position, itemgetter gives no tuple
            return {(value,) * len(positions): amount for value, amount in self._sums(*positions)}
        return dict(self._sums(*positions))

    def _sums(self, *positions: int) -> list[tuple[Any, float]]:
        """The increase per combination of the labels at these places (of one, per value), largest first."""
        key_of = itemgetter(*positions) if positions else lambda _: ""
        sums: dict[Any, float] = {}
        for row in self.answer.rows:
            key = key_of(row.key)
            sums[key] = sums.get(key, 0.0) + row.total
        return sorted(sums.items(), key=lambda item: (-item[1], item[0]))

    def only(self, label: Label, value: str) -> "Tally":
        """The part of it with one value of a label."""
        position = self.question.by.index(label)
        rows = tuple(row for row in self.answer.rows if row.key[position] == value)
        return Tally(self.question, Answer(rows, known=self.answer.known))

    def per_value(self, label: Label) -> dict[str, float]:
        """The increase per value of one label, largest first."""
        return dict(self._sums(self.question.by.index(label)))

    def tokens(self) -> Tokens | None:
        """All tokens by type; None where the counter is unknown."""
        return _tokens(self.per_value(Label.TYPE)) if self.answer.known else None

    def tokens_per(self, *labels: Label) -> dict[tuple[str, ...], Tokens]:
        """Tokens by type for each combination of these labels."""
        by_type: dict[tuple[str, ...], dict[str, float]] = {}
        for key, amount in self.per(*labels, Label.TYPE).items():
            by_type.setdefault(key[:-1], {})[key[-1]] = amount
        return {key: _tokens(amounts) for key, amounts in by_type.items()}

    def steps(self) -> tuple[float, ...] | None:
        """The increase per step over all groups; None where the counter is unknown."""
        if not self.answer.known:
            return None
        sums = [0.0] * (len(self.question.boundaries or ()) - 1)
        for row in self.answer.rows:
            for i, amount in enumerate(row.steps):
                sums[i] += amount
        return tuple(sums)


def ask_all(source: UsageSource, questions: Iterable[Question]) -> dict[Question, Tally]:
    """Ask everything at once, equal questions only once."""
    distinct = tuple(dict.fromkeys(questions))
    answers = source.ask(distinct)
    return {question: Tally(question, answer) for question, answer in zip(distinct, answers, strict=True)}


def _tokens(by_spelling: dict[str, float]) -> Tokens:
    by_type: dict[TokenType | None, float] = {}
    for spelling, amount in by_spelling.items():
        kind = token_type(spelling)
        by_type[kind] = by_type.get(kind, 0.0) + amount
    return Tokens.from_types(by_type)


def active_time(tally: Tally) -> ActiveTime | None:
    """Active time of the person and of Claude Code, from a tally by type."""
    if tally.total is None:
        return None
    by_type = tally.per_value(Label.TYPE)
    return ActiveTime(total=tally.total, user=by_type.get("user", 0.0), cli=by_type.get("cli", 0.0))


def edit_decisions(tally: Tally) -> EditDecisions | None:
    """Accepted and rejected edits, from a tally by decision."""
    if tally.total is None:
        return None
    by_decision = tally.per_value(Label.DECISION)
    return EditDecisions(accept=by_decision.get("accept", 0.0), reject=by_decision.get("reject", 0.0))


def value_of(tally: Tally, label: Label, value: str) -> float | None:
    """The increase of one value of a label; None where the counter is unknown."""
    return tally.per_value(label).get(value, 0.0) if tally.answer.known else None


def model_name(model: str) -> str:
    """The name to show for a ``model`` label, which may be missing."""
    return friendly_model_name(model) if model else UNKNOWN_NAME


def models(cost: Tally, tokens: Tally) -> tuple[ModelUsage, ...]:
    """Every model with use, dearest first, then those without a cost, the one with most tokens first.

    A model with tokens and without any cost has no known price: it does not cost nothing.
    """
    costs = cost.per_value(Label.MODEL)
    counts = {key[0]: value for key, value in tokens.tokens_per(Label.MODEL).items()}
    found = [
        ModelUsage(
            model=model,
            name=model_name(model),
            cost_usd=known_cost(costs.get(model), counts.get(model)) if cost.answer.known else None,
            tokens=counts.get(model, Tokens()) if tokens.answer.known else None,
        )
        for model in dict.fromkeys([*costs, *counts])
    ]
    return tuple(sorted(found, key=rank))


def known_cost(cost_usd: float | None, tokens: Tokens | None) -> float | None:
    """The cost of a group that used so many tokens: None, not 0, where there is none for the tokens.

    Args:
        cost_usd: Its cost in the answers, or None where it is not among them.
        tokens: Its tokens there, or None.
    """
    if cost_usd is None:
        return None if tokens is not None and tokens.total > 0 else 0.0
    return cost_usd
