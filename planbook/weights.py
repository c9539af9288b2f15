"""What a blank weight counts with: one rule for parts of a mean, one for the goals of a department."""

from __future__ import annotations

from collections.abc import Sequence


def fill_weights(weights: Sequence[float | None]) -> list[float]:
    """The weights with blank ones at the mean of those given; all blank: equal shares of 1."""
    given = [weight for weight in weights if weight is not None]
    spare = sum(given) / len(given) if given else 1.0
    return [spare if weight is None else weight for weight in weights]


def share_weights(weights: Sequence[float | None]) -> list[float]:
    """The weight each goal of a department counts with.

    All blank means equal shares.  A blank one among given ones takes what they leave of 100 %,
    since a department's weights total that (DOMAIN §2 and §3); several divide it.
    """
    given = [weight for weight in weights if weight is not None]
    if not given:
        return [1.0 / len(weights)] * len(weights) if weights else []
    left = max(0.0, round(1.0 - sum(given), 9)) / max(1, len(weights) - len(given))
    return [left if weight is None else weight for weight in weights]
