"""A torch optimizer as one of `network.torch_numbers.optimizers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unstuck.base.errors import NotSupported
from unstuck.network.optimizer import Optimizer
from unstuck.network.torch_numbers import optimizers as numbers

Config = dict[str, Any]

_BETAS = {"beta_1": lambda g: g["betas"][0], "beta_2": lambda g: g["betas"][1]}
_ARGUMENTS: Mapping[str, Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "SGD": {"momentum": lambda g: float(g["momentum"]), "dampening": lambda g: float(g["dampening"]),
            "nesterov": lambda g: g["nesterov"], "l2": lambda g: g["weight_decay"]},
    "Adam": {**_BETAS, "epsilon": lambda g: g["eps"], "amsgrad": lambda g: g["amsgrad"],
             "l2": lambda g: g["weight_decay"]},
    "AdamW": {**_BETAS, "epsilon": lambda g: g["eps"], "amsgrad": lambda g: g["amsgrad"],
              "weight_decay": lambda g: g["weight_decay"]},
    "RMSprop": {"rho": lambda g: g["alpha"], "epsilon": lambda g: g["eps"],
                "momentum": lambda g: float(g["momentum"]), "centered": lambda g: g["centered"],
                "l2": lambda g: g["weight_decay"]},
    "Adagrad": {"epsilon": lambda g: g["eps"], "l2": lambda g: g["weight_decay"],
                "initial_accumulator_value": lambda g: g["initial_accumulator_value"],
                "lr_decay": lambda g: g["lr_decay"]},
    "Adadelta": {"rho": lambda g: g["rho"], "epsilon": lambda g: g["eps"],
                 "l2": lambda g: g["weight_decay"]},
    "Adamax": {**_BETAS, "epsilon": lambda g: g["eps"], "l2": lambda g: g["weight_decay"]},
}


def optimizer_of(
    optimizer: Any, rates: Sequence[float], clipped: tuple[str, float] | None, *, each: int = 1
) -> Optimizer:
    """What trains the replicas as a torch optimizer does.

    Args:
        optimizer: the user's.
        rates: the rate of each of its steps.
        clipped: how gradients are clipped before a step, and to what.
        each: how many steps an epoch has.

    Raises:
        NotSupported: it is another one, or has several rates.
    """
    kind = type(optimizer).__name__
    told = _ARGUMENTS.get(kind)
    if told is None or type(optimizer).__module__.partition(".")[0] != "torch":
        more = " It asks for the loss again and again within a step." if kind == "LBFGS" else ""
        raise NotSupported(
            f"its optimizer is {kind}, which the replicas do not have.{more} Diagnose it with"
            " torch.optim.Adam.")
    groups = [{k: v for k, v in g.items() if k not in ("params", "initial_lr")}
              for g in optimizer.param_groups]
    if any(group != groups[0] for group in groups[1:]):
        raise NotSupported(
            "its optimizer has groups of parameters with arguments of their own. Diagnose it with one"
            " group: model.parameters().")
    if groups[0].get("maximize"):
        raise NotSupported("its optimizer maximises.")
    config: Config = {name: get(groups[0]) for name, get in told.items()}
    if clipped is not None:
        config["global_clipnorm" if clipped[0] == "norm" else "clipvalue"] = clipped[1]
    if len(set(rates)) <= 1:
        config["learning_rate"] = rates[0] if rates else float(groups[0]["lr"])
    else:
        config["learning_rate"] = _schedule(rates, each)
    return Optimizer.of(getattr(numbers, kind)(**config))


def _schedule(rates: Sequence[float], each: int) -> numbers.Rates:
    whole = len(rates) % each == 0 and all(
        len(set(rates[i : i + each])) == 1 for i in range(0, len(rates), each))
    return numbers.Rates(list(rates[::each]), each) if whole else numbers.Rates(list(rates))
