"""How far an optimizer can move a weight at all, whatever the gradients are.

For Adam, with m and v the running means of g and g² with factors b1 and b2 and r = b1²/b2, the
inequality of Cauchy and Schwarz gives after t updates

    |step t| <= lr (1-b1)/(1-b1^t) sqrt((1-b2^t)/(1-b2)) sqrt((1-r^t)/(1-r)),

which is exactly lr for the first update and near lr for the first dozens. (Kingma and Ba 2015,
section 2.1, give the limit for a gradient that comes after a long silence.) The bound of a whole
training is the sum over its updates. It holds for any loss and any data; `epsilon` and clipping
only make the steps smaller. It does not hold with weight decay, which moves weights by itself.
"""

from __future__ import annotations

import numpy as np

from unstuck.network.optimizer import Optimizer


def reach(optimizer: Optimizer, updates: int) -> float | None:
    """The furthest that a single weight can get in so many updates; `None` where no bound is known.

    Bounds are known for Adam, AdamW without decay, RMSprop without momentum, Adagrad and Lion at a
    constant learning rate above 0.
    """
    config, rate = optimizer.config, optimizer.learning_rate
    if rate is None or rate <= 0 or config.get("weight_decay"):
        return None
    if optimizer.kind in ("Adam", "AdamW"):
        return rate * _adam(float(config["beta_1"]), float(config["beta_2"]), updates)
    if optimizer.kind == "RMSprop" and not config.get("momentum") and not config.get("centered"):
        # v >= (1 - rho) g² after any update.
        return rate * updates / float(np.sqrt(1.0 - config["rho"]))
    if optimizer.kind in ("Adagrad", "Lion"):
        return rate * updates
    return None


def _adam(first: float, second: float, updates: int) -> float:
    if not (0 <= first < 1 and 0 <= second < 1 and first * first < second):
        return float("inf")
    t = np.arange(1, updates + 1, dtype=np.float64)
    ratio = first * first / second
    steps = ((1 - first) / (1 - first**t)
             * np.sqrt((1 - second**t) / (1 - second) * (1 - ratio**t) / (1 - ratio)))
    return float(steps.sum())
