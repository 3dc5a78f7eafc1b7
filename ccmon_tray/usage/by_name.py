"""Models under their names for people: what every surface lists, so that none says more rows than another."""

from collections.abc import Iterable

from ccmon_tray.usage.models import ModelUsage, Tokens


def merged_by_name(usages: Iterable[ModelUsage]) -> tuple[ModelUsage, ...]:
    """Models under their names for people, dearest first: variants of one model are one row.

    Each row keeps the id of its dearest variant, if the usages come dearest first.
    """
    merged: dict[str, ModelUsage] = {}
    for usage in usages:
        before = merged.get(usage.name)
        merged[usage.name] = usage if before is None else _sum(before, usage)
    return tuple(sorted(merged.values(), key=rank))


def _sum(one: ModelUsage, other: ModelUsage) -> ModelUsage:
    costs = [usage.cost_usd for usage in (one, other) if usage.cost_usd is not None]
    return ModelUsage(
        model=one.model,
        name=one.name,
        cost_usd=sum(costs) if costs else None,
        tokens=add_tokens(one.tokens, other.tokens) if one.tokens and other.tokens else None,
    )


def rank(usage: ModelUsage) -> tuple[float, float]:
    """Where a model stands: the dearest first, then the one with most tokens."""
    return -(usage.cost_usd or 0.0), -(usage.tokens.total if usage.tokens else 0.0)


def add_tokens(one: Tokens, other: Tokens) -> Tokens:
    """The sum of two counts, type by type."""
    return Tokens(**{name: getattr(one, name) + getattr(other, name) for name in Tokens.model_fields})
