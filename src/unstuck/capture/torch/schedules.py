"""The rates of rounds that were not run, asked of the script's own scheduler."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch

from unstuck.base.errors import NotSupported

_BY_SCORES = (torch.optim.lr_scheduler.ReduceLROnPlateau,)
"""Those that ask how well the network does."""


def tells_rates(schedulers: Sequence[Any]) -> bool:
    """True where one scheduler, or none, says every rate beforehand, and sets nothing else."""
    return len(schedulers) < 2 and not any(
        isinstance(one, _BY_SCORES) or getattr(one, "cycle_momentum", False) for one in schedulers)


def rates_of(
    scheduler: Any, optimizer: Any, seen: Sequence[float], *, first_round: int, each: int, rounds: int
) -> list[float]:
    """The rate of every update of all rounds.

    The scheduler makes the steps that are left, which nobody else asks it for any more.

    Args:
        scheduler: the script's; `None` for none.
        optimizer: whose rate it sets.
        seen: the rate of each update that was run: `first_round` of the first round, the others of the
            second one.
        each: how many updates a whole round has.
        rounds: how many there are.

    Raises:
        NotSupported: it makes its steps neither once in a round nor with each update.
    """
    if scheduler is None or scheduler.last_epoch == 0:
        return [seen[0]] * (each * rounds)
    made, group = scheduler.last_epoch, optimizer.param_groups[0]
    if made not in (1, len(seen) - 1, len(seen)):  # the script ended at the last one's update
        raise NotSupported(
            f"its scheduler has made {made} steps in {len(seen)} updates: neither one with each update"
            " nor one in each round. Let it make one of the two.")
    by_round = made == 1
    rates = [seen[0], seen[first_round]] if by_round else list(seen)
    wanted = rounds if by_round else each * rounds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if made == len(seen):
            rates.append(float(group["lr"]))
        while len(rates) < wanted:
            scheduler.step()
            rates.append(float(group["lr"]))
    return [rate for rate in rates[:wanted] for _ in range(each if by_round else 1)]
