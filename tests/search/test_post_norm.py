"""Transformers that normalise behind their additions: what people try with them is tried."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from recipes import recipe as recipe_of
from unstuck.goal import make_goal
from unstuck.interventions import compatible
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.warm_up import WarmUp
from unstuck.network.post_norm import is_post_norm
from unstuck.network.recipe import Recipe
from unstuck.search.candidates import strong_sets
from unstuck.search.common_advice import battery

ROWS = np.random.default_rng(3).normal(size=(60, 4, 6)).astype("float32")
LABELS = (ROWS.mean((1, 2)) > 0).astype("float32")


class Block(layers.Layer):
    """Normalised behind its addition, or with `first` in front of what it adds."""

    def __init__(self, first: bool, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.first = first
        self.reads, self.scaled = layers.MultiHeadAttention(1, 3), layers.LayerNormalization()
        self.drop = layers.Dropout(0.1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first}

    def call(self, x: Any, training: bool = False) -> Any:
        read = self.scaled(x) if self.first else x
        summed = x + self.drop(self.reads(read, read), training=training)
        return summed if self.first else self.scaled(summed)


def after(x: Any) -> Any:
    read = layers.Dropout(0.1)(layers.MultiHeadAttention(1, 3)(x, x))
    return layers.LayerNormalization()(layers.Add()([x, read]))


def with_plus(x: Any) -> Any:
    return layers.LayerNormalization()(layers.MultiHeadAttention(1, 3)(x, x) + x)


def before(x: Any) -> Any:
    read = layers.LayerNormalization()(x)
    return layers.Add()([x, layers.MultiHeadAttention(1, 3)(read, read)])


def without_attention(x: Any) -> Any:
    return layers.LayerNormalization()(layers.Add()([x, layers.Dense(6)(x)]))


def network(block: Any, optimizer: Any = "adam", epochs: int = 30) -> Recipe:
    inputs = keras.Input((4, 6))
    outputs = layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling1D()(block(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer, "binary_crossentropy")
    return recipe_of(model, ROWS, LABELS, epochs=epochs, batch_size=20)


@pytest.mark.parametrize(("block", "found"), [
    (after, True), (with_plus, True), (lambda x: Block(False)(x), True),
    (before, False), (without_attention, False), (lambda x: Block(True)(x), False),
])
def test_what_is_normalised_behind_an_addition_is_told_by_what_it_does(block: Any, found: bool) -> None:
    assert is_post_norm(network(block).architecture) is found


def test_a_warm_up_and_a_smaller_rate_are_tried_there_alone_and_at_once() -> None:
    given = network(after)
    goal = make_goal(given)
    alone = [change.label for change in battery(given, goal)]
    assert alone[:2] == ["learning rate warmed up to 0.001, then down to 0",
                         "learning rate warmed up to 0.0001, then down to 0"]
    assert "learning rate 0.001 → 0.0001" in alone
    sets = strong_sets(given, goal, [], most=lambda batch: 10_000)
    assert all(any(isinstance(change, WarmUp) for change in one) for one in sets)
    assert all(map(compatible, sets))
    other = network(before)
    assert not any(isinstance(change, WarmUp) for change in battery(other, goal))


def test_the_rate_rises_in_a_tenth_of_all_updates_and_falls_to_nothing() -> None:
    given = network(after)
    warmed = WarmUp(value=0.01).apply(given)
    rates = warmed.rates()
    assert len(rates) == 90
    assert rates[0] == 0
    assert rates.argmax() == 9
    assert rates.max() == pytest.approx(0.01)
    assert rates[-1] < 0.0001
    longer = Epochs.of(given, 300)
    assert longer.stage < WarmUp(value=0.01).stage  # it is made for the epochs that there will be
    assert WarmUp(value=0.01).apply(longer.apply(given)).rates().max() == pytest.approx(0.01)
