"""A torch optimizer as one of `network.torch_numbers.optimizers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unstuck.base.errors import NotSupported
from unstuck.network.optimizer import Optimizer
from unstuck.network.torch_numbers import optimizers as numbers

Config = dict[str, Any]

_BETAS = {"beta_1": lambda g: g["betas"][0], "beta_2": lambda g: g["betas"][1]}
_DECAYS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "l2": lambda g: 0.0 if g["decoupled_weight_decay"] else g["weight_decay"],
    "weight_decay": lambda g: g["weight_decay"] if g["decoupled_weight_decay"] else None}
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
    "NAdam": {**_BETAS, "epsilon": lambda g: g["eps"], **_DECAYS,
              "momentum_decay": lambda g: g["momentum_decay"]},
    "RAdam": {**_BETAS, "epsilon": lambda g: g["eps"], **_DECAYS},
    "Adamax": {**_BETAS, "epsilon": lambda g: g["eps"], "l2": lambda g: g["weight_decay"]},
}


def arguments_of(optimizer: Any) -> Mapping[str, Callable[[Any], Any]]:
    """By the name of each argument that the replicas' optimizer has, what reads it off a group.

    Raises:
        NotSupported: the replicas have no such optimizer.
    """
    kind = type(optimizer).__name__
    told = _ARGUMENTS.get(kind)
    if told is None or type(optimizer).__module__.partition(".")[0] != "torch":
        more = " It asks for the loss again and again within a step." if kind == "LBFGS" else ""
        raise NotSupported(
            f"its optimizer is {kind}, which the trainings here do not have.{more} Diagnose it with"
            " torch.optim.Adam.")
    return told


def optimizer_of(
    optimizer: Any, rates: Sequence[float], clipped: tuple[str, float] | None, *, each: int = 1,
    paths: Mapping[int, str], momenta: Sequence[float] = (),
) -> Optimizer:
    """What trains the replicas as a torch optimizer does.

    Args:
        optimizer: the user's.
        rates: the rate of each of its steps.
        clipped: how gradients are clipped before a step, and to what.
        each: how many steps an epoch has.
        paths: of the replicas' weights, by the `id` of the parameters that they are.
        momenta: the momentum, or the first beta, of each of its steps.

    Raises:
        NotSupported: it is another one.
    """
    told = arguments_of(optimizer)
    groups = optimizer.param_groups
    if any(group.get("maximize") for group in groups):
        raise NotSupported("its optimizer maximises.")
    config: Config = {name: get(groups[0]) for name, get in told.items()}
    config["groups"] = _others(groups, told, paths)
    if len(set(momenta)) > 1:
        config["momenta"] = list(momenta)
    if clipped is not None:
        config["global_clipnorm" if clipped[0] == "norm" else "clipvalue"] = clipped[1]
    if len(set(rates)) <= 1:
        config["learning_rate"] = rates[0] if rates else _first(groups[0])
    else:
        config["learning_rate"] = _schedule(rates, each)
    return Optimizer.of(getattr(numbers, type(optimizer).__name__)(**config))


def _others(
    groups: Sequence[Mapping[str, Any]], told: Mapping[str, Any], paths: Mapping[int, str]
) -> dict[str, dict[str, float]]:
    """What is otherwise in other groups than the first, by the paths of their weights.

    Raises:
        NotSupported: more than rates and decays is otherwise.
    """
    found: dict[str, dict[str, float]] = {}
    for group in groups[1:]:
        own = {name: get(group) for name, get in told.items()}
        usual = {name: get(groups[0]) for name, get in told.items()}
        decays: dict[str, float] = {
            name: float(own[name] or 0) for name in ("l2", "weight_decay") if name in own}
        if any(own[name] != usual[name] for name in own.keys() - decays.keys()) or not groups[0]["lr"]:
            raise NotSupported(
                "its optimizer has groups of parameters that differ in more than rate and weight_decay."
                " Diagnose it with one group: model.parameters().")
        rate = _first(group) / _first(groups[0])
        if rate != 1 or any(decays[name] != (usual[name] or 0.0) for name in decays):
            more: dict[str, float] = {"rate": rate, **decays}
            found |= {paths[id(one)]: more for one in group["params"] if id(one) in paths}
    return found


def _first(group: Mapping[str, Any]) -> float:
    return float(group.get("initial_lr", group["lr"]))


def _schedule(rates: Sequence[float], each: int) -> numbers.Rates:
    whole = len(rates) % each == 0 and all(
        len(set(rates[i : i + each])) == 1 for i in range(0, len(rates), each))
    return numbers.Rates(list(rates[::each]), each) if whole else numbers.Rates(list(rates))
