"""The replicas shown one by one, with truth table or images, and the network's layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from unstuck.reports.parts import words
from unstuck.reports.parts.modes import wrong_rows
from unstuck.result.pictures import LayerInfo, LayerState, ReplicaInfo, Sample
from unstuck.result.results import Result

from .axes import mode_class, usual_replica
from .images import data_uri

_UNITS = 32
_ROWS, _ROWS_OF_MANY = 16, 8
_SHADES = 5
_MEMBERS = 4


@dataclass(frozen=True, kw_only=True)
class Shade:
    """A field of a layer's small picture: how strong, from 0 to 4, and its value in words."""

    level: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit of a layer: alive, dead or saturated; by sample its values."""

    state: str
    name: str
    values: tuple[Shade, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Samples that are the same behind a layer; `more` are not named."""

    members: tuple[str, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class LayerView:
    """A layer in the strip."""

    name: str
    what: str
    distinct: str
    units: tuple[Unit, ...]
    more: int
    said: str
    groups: tuple[Group, ...]
    loses: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """A sample with what comes out: numbers or images."""

    name: str
    image: str = ""
    target: str = ""
    target_image: str = ""
    output: str = ""
    output_image: str = ""
    repaired: str = ""
    repaired_image: str = ""
    wrong: bool = False
    repaired_wrong: bool = False
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One training."""

    number: int
    seed: int
    title: str
    reading: str
    learned: bool
    color: int
    rows: tuple[Row, ...]
    layers: tuple[LayerView, ...]
    usual: bool = False
    more: int = 0

    @property
    def shows(self) -> bool:
        """True where there is something to see."""
        return bool(self.rows or self.layers)


def panels(result: Result) -> tuple[Panel, ...]:
    """The replicas shown, by their final loss."""
    pictures = result.pictures
    if pictures is None:
        return ()
    usual = usual_replica(result)
    return tuple(
        _panel(result, number, replica, usual is replica)
        for number, replica in enumerate(pictures.replicas)
    )


def repaired_panel(result: Result) -> Panel | None:
    """The repaired network's usual training."""
    if result.pictures is None or result.pictures.repaired is None:
        return None
    return _panel(result, 0, result.pictures.repaired, False)


def _panel(result: Result, number: int, replica: ReplicaInfo, usual: bool) -> Panel:
    modes = result.population.modes
    reading, color = ("learned" if replica.learned else "did not learn"), 0
    if replica.mode is not None and replica.mode < len(modes):
        reading = modes[replica.mode].reading or reading
        color = mode_class(replica.mode, result)
    samples = () if result.pictures is None else result.pictures.samples
    return Panel(
        number=number, seed=replica.seed, reading=reading, learned=replica.learned, color=color,
        title=f"seed {replica.seed} · loss {words.number(replica.loss)}",
        rows=_rows(result, replica), usual=usual, more=len(samples) - _shown(samples),
        layers=tuple(_layer(result, layer, samples) for layer in replica.layers),
    )  # fmt: skip


def _rows(result: Result, replica: ReplicaInfo) -> tuple[Row, ...]:
    pictures = result.pictures
    assert pictures is not None
    samples, after = pictures.samples, pictures.repaired
    if replica.outputs and not any(math.isfinite(v) for out in replica.outputs for v in out):
        return ()
    targets = tuple(sample.target for sample in samples)
    wrong = wrong_rows(replica.outputs, targets)
    wrong = wrong if len(wrong) == len(samples) else (False,) * len(samples)
    mended = wrong_rows(after.outputs, targets) if after is not None else ()
    found = []
    for i, sample in enumerate(samples[: _shown(samples)]):
        row = Row(
            name=sample_name(sample, i), held=sample.held,
            image="" if sample.image is None else data_uri(sample.image),
            target=_vector(sample.target) if sample.target != sample.input else "",
            target_image="" if sample.target_image is None else data_uri(sample.target_image),
            output=_answer(sample, replica.outputs[i]) if i < len(replica.outputs) else "",
            output_image=data_uri(replica.images[i]) if i < len(replica.images) else "",
            repaired=_answer(sample, after.outputs[i])
            if after is not None and i < len(after.outputs) else "",
            repaired_image=data_uri(after.images[i])
            if after is not None and i < len(after.images) else "",
            wrong=wrong[i] or _misclassified(sample, replica, i),
            repaired_wrong=(i < len(mended) and mended[i])
            or (after is not None and _misclassified(sample, after, i)),
        )  # fmt: skip
        found.append(row)
    shown = any(row.output or row.output_image for row in found)
    return tuple(found) if shown else ()


def _shown(samples: tuple[Sample, ...]) -> int:
    """How many rows are listed: all of a few, some of many."""
    return len(samples) if len(samples) <= _ROWS else _ROWS_OF_MANY


def sample_name(sample: Sample, number: int) -> str:
    """A sample by its numbers where they are few, else by its place."""
    if sample.input and len(sample.input) <= 8:
        return words.vector(sample.input)
    return f"row {number + 1}"


def _class_of(sample: Sample, output: tuple[float, ...]) -> int | None:
    """The class that an output stands for, where the target is the number of one."""
    if len(sample.target) != 1 or not 1 < len(output) > sample.target[0] >= 0:
        return None
    return output.index(max(output)) if sample.target[0] == int(sample.target[0]) else None


def _misclassified(sample: Sample, replica: ReplicaInfo, place: int) -> bool:
    if place >= len(replica.outputs):
        return False
    answer = _class_of(sample, replica.outputs[place])
    return answer is not None and answer != int(sample.target[0])


def _answer(sample: Sample, output: tuple[float, ...]) -> str:
    """An output; of many class scores the largest."""
    answer = _class_of(sample, output)
    if answer is None or len(output) <= 4:
        return _vector(output)
    return f"class {answer} ({words.fixed(output[answer])})"


def _vector(values: tuple[float, ...]) -> str:
    if len(values) == 1:
        return _number(values[0])
    return " ".join(words.fixed(value) for value in values)


def _number(value: float) -> str:
    """A number in a column of numbers of like size: large ones in full."""
    return f"{value:,.0f}".replace("-", "−") if 1e3 <= abs(value) < 1e9 else words.number(value)


def _layer(result: Result, state: LayerState, samples: tuple[Sample, ...]) -> LayerView:
    info = _info(result, state.layer)
    units = []
    dead, saturated = set(state.dead), set(state.saturated)
    size = max((abs(v) for row in state.values for v in row), default=0.0) or 1.0
    by_number = bool(state.values) and len(state.values[0]) == state.units
    for unit in range(min(state.units, _UNITS)):
        kind = "dead" if unit in dead else "saturated" if unit in saturated else "alive"
        values = tuple(_shade(row[unit], size) for row in state.values) if by_number else ()
        units.append(Unit(state=kind, name=f"unit {unit + 1}", values=values))
    said = []
    if state.dead:
        said.append(f"{words.of(len(state.dead), state.units)} units dead")
    if state.saturated:
        said.append(f"{words.of(len(state.saturated), state.units)} units saturated")
    names = [sample_name(sample, i) for i, sample in enumerate(samples)]
    merged = [g for g in state.groups if all(i < len(names) for i in g)]
    groups = tuple(
        Group(members=tuple(names[i] for i in group[:_MEMBERS]), more=max(0, len(group) - _MEMBERS))
        for group in merged
    )  # fmt: skip
    what = [] if info is None else [info.kind]
    if info is not None and info.activation is not None:
        what.append(info.activation)
    what.append(words.count(state.units, "unit"))
    return LayerView(
        name=state.layer, what=" · ".join(what), units=tuple(units),
        more=max(0, state.units - _UNITS), said=", ".join(said), groups=groups,
        distinct=words.of(state.distinct, state.of),
        loses=any(_differ(samples, group) for group in merged),
    )  # fmt: skip


def _differ(samples: tuple[Sample, ...], group: tuple[int, ...]) -> bool:
    """True where something else should come out of samples that are merged."""
    wanted = {samples[i].target for i in group}
    return len(wanted) > 1 or wanted == {()}


def _info(result: Result, name: str) -> LayerInfo | None:
    layers = () if result.pictures is None else result.pictures.layers
    return next((layer for layer in layers if layer.name == name), None)


def _shade(value: float, size: float) -> Shade:
    level = min(_SHADES - 1, int(_SHADES * abs(value) / size)) if abs(value) > 1e-9 else 0
    return Shade(level=max(level, 1) if abs(value) > 1e-9 else 0, text=words.number(value))


def layer_table(result: Result) -> tuple[tuple[str, ...], ...]:
    """The network over all replicas: a row for each layer."""
    layers = () if result.pictures is None else result.pictures.layers
    rows = []
    for layer in layers:
        kind = f"{layer.kind}, {layer.activation}" if layer.activation else layer.kind
        rows.append((
            layer.name, kind, "?" if layer.units is None else words.count(layer.units),
            words.count(layer.parameters),
            _pair(layer.distinct, words.number) + (
                f" of {words.count(layer.of)}" if layer.of and layer.distinct else ""),
            _pair(layer.dead, words.percent), _pair(layer.saturated, words.percent),
            _pair(layer.gradient, words.number),
        ))  # fmt: skip
    return tuple(rows)


def _pair(values: tuple[float, float] | None, say: Callable[[float], str]) -> str:
    if values is None:
        return "–"
    start, end = say(values[0]), "–" if math.isnan(values[1]) else say(values[1])
    return start if start == end else f"{start} → {end}"
