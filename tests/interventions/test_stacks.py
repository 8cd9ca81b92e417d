"""Stacks of blocks that repeat one another: recognised by structure, changed and written as one."""

from __future__ import annotations

import functools
import json
import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest

from interventions.sameness import captured, comparable
from unstuck.base.errors import NotSupported
from unstuck.diagnosis.changes import restored, stored
from unstuck.interventions import Intervention, apply_all, compatible, edits_for
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.skip_connections import SkipConnections
from unstuck.interventions.stack_depth import StackDepth
from unstuck.interventions.stack_normalization import StackNormalization
from unstuck.interventions.widths import Widths
from unstuck.network.architecture import Architecture
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, stacks
from unstuck.result.documents import to_document
from unstuck.result.results import Change
from unstuck.script import Script

HEAD = """\
import numpy as np
import keras
from keras.layers import Dense, Dropout

X = np.arange(60.0).reshape(20, 3) % 7
y = X[:, :1] > 3
"""
TAIL = """\
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(X, y, epochs=2)
"""
LOOP = HEAD + """\
DEPTH = 6
inputs = keras.Input((3,))
x = inputs
for _ in range(DEPTH):
    x = Dense(5, activation="tanh")(x)
outputs = Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
""" + TAIL
SAME_SHAPE = LOOP.replace("x = inputs\n", 'x = Dense(5, activation="tanh")(inputs)\n')
BLOCKS = HEAD + """\
def block(h):
    h = Dense(4, activation="relu")(h)
    h = Dense(3, activation="relu")(h)
    return Dropout(0.1)(h)

inputs = keras.Input((3,))
x = inputs
for i in range(1, 6):
    x = block(x)
outputs = Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
""" + TAIL
TWO_LINES = HEAD + """\
inputs = keras.Input((3,))
x = inputs
for i in range(5):
    x = Dense(3, activation="relu")(x)
    x = Dropout(0.1)(x)
outputs = Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
""" + TAIL
ADDED = HEAD + """\
model = keras.Sequential()
model.add(keras.Input((3,)))
for _ in range(6):
    model.add(Dense(5, activation="tanh"))
model.add(Dense(1, activation="sigmoid"))
""" + TAIL
LISTED = HEAD + """\
model = keras.Sequential(
    [keras.Input((3,))]
    + [Dense(5, activation="tanh") for _ in range(6)]
    + [Dense(1, activation="sigmoid")])
""" + TAIL
WRITTEN_OUT = HEAD + """\
model = keras.Sequential([
    keras.Input((3,)),
    Dense(5, activation="tanh"),
    Dense(5, activation="tanh"),
    Dense(5, activation="tanh"),
    Dense(5, activation="tanh"),
    Dense(1, activation="sigmoid"),
])
""" + TAIL
SCRIPTS = {"loop": LOOP, "same shape": SAME_SHAPE, "function": BLOCKS, "two lines": TWO_LINES,
           "add": ADDED, "comprehension": LISTED, "written out": WRITTEN_OUT}


@functools.cache
def made(name: str) -> tuple[Script, Recipe]:
    with warnings.catch_warnings(action="ignore"):
        return captured(SCRIPTS[name])


def only_stack(recipe: Recipe) -> Stack:
    (found,) = stacks(recipe.architecture)
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_stored_of_changes_of_a_stack_comes_back(name: str) -> None:
    _, recipe = made(name)
    stack = only_stack(recipe)
    names = {layer.name for layer in recipe.layers}
    changes = (StackDepth.of(stack, 2), StackNormalization.of(recipe, stack),
               SkipConnections.of(recipe, stack), Widths.within(recipe, stack, factor=2),
               HiddenActivations.within(recipe, stack, "elu"))
    kept = to_document(stored(changes))
    assert restored([Change(**one) for one in json.loads(json.dumps(kept))], names) == changes


def written(name: str, *changes: Intervention) -> str:
    """The script with these changes, which is the recipe with them."""
    script, recipe = made(name)
    assert compatible(changes)
    edits = edits_for(changes, script, recipe)
    assert edits is not None, "nothing safe to write"
    text = script.apply(edits).text
    assert comparable(captured(text)[1]) == comparable(apply_all(changes, recipe)), text
    return text


def sequential(*layers: keras.Layer) -> tuple[Stack, ...]:
    return stacks(Architecture(source=keras.Sequential([keras.Input((8,)), *layers])))


@pytest.mark.parametrize(("name", "blocks", "length"), [
    ("loop", 6, 1), ("same shape", 7, 1), ("function", 5, 3), ("two lines", 5, 2), ("add", 6, 1),
    ("comprehension", 6, 1), ("written out", 4, 1)])
def test_a_stack_is_what_repeats_itself_however_it_is_written(
    name: str, blocks: int, length: int
) -> None:
    stack = only_stack(made(name)[1])
    assert len(stack.blocks) == blocks
    assert {len(block) for block in stack.blocks} == {length}


def test_names_make_no_stack_and_undo_none() -> None:
    alike = sequential(*(keras.layers.Dense(4, name=word) for word in ("head", "b", "zz", "out0", "y")))
    assert [stack.told for stack in alike] == ["head … out0"]
    widths = sequential(*(keras.layers.Dense(4 + i, name=f"hidden_{i}") for i in range(5)),
                        keras.layers.Dense(1))
    assert widths == ()
    assert sequential(*(keras.layers.Dense(4) for _ in range(3)), keras.layers.Dense(1)) == ()


def test_blocks_with_a_skip_of_their_own_are_a_stack_and_a_fork_is_none() -> None:
    inputs = keras.Input((4,))
    x = inputs
    for _ in range(4):
        x = keras.layers.Add()([x, keras.layers.Dense(4)(x)])
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    (stack,) = stacks(Architecture(source=model))
    assert [len(block) for block in stack.blocks] == [2] * 4
    x, read = inputs, []
    for _ in range(4):
        x = keras.layers.Dense(4)(x)
        read.append(x)
    joined = keras.layers.Concatenate()(read)
    assert stacks(Architecture(source=keras.Model(inputs, keras.layers.Dense(1)(joined)))) == ()


@pytest.mark.parametrize(("name", "line"), [
    ("loop", "DEPTH = 3\n"), ("function", "for i in range(1, 3):\n"),
    ("two lines", "for i in range(2):\n"), ("add", "for _ in range(3):\n"),
    ("comprehension", "for _ in range(3)]\n"), ("same shape", "DEPTH = 2\n")])
def test_depth_is_a_loops_number(name: str, line: str) -> None:
    stack = only_stack(made(name)[1])
    text = written(name, StackDepth.of(stack, len(stack.blocks) // 2))
    assert line in text
    assert f"# depth: were {len(stack.blocks)} blocks" in text


def test_without_a_loop_layers_go_one_by_one() -> None:
    text = written("written out", StackDepth.of(only_stack(made("written out")[1]), 2))
    assert text.count('Dense(5, activation="tanh")') == 2


def test_skips_ask_for_the_shape_where_the_first_block_has_another() -> None:
    change = SkipConnections.of(made("loop")[1], only_stack(made("loop")[1]))
    assert """\
    skip = x
    x = Dense(5, activation="tanh")(x)
    if skip.shape == x.shape:
        x = keras.layers.Add()([skip, x])
""" in written("loop", change)
    text = written("two lines", SkipConnections.of(
        made("two lines")[1], only_stack(made("two lines")[1])))
    assert "    x = Dropout(0.1)(x)\n    x = keras.layers.Add()([skip, x])\n" in text


@pytest.mark.parametrize("name", ["add", "comprehension", "written out", "function"])
def test_skips_that_have_no_place_in_the_source_are_tried_and_not_written(name: str) -> None:
    script, recipe = made(name)
    change = SkipConnections.of(recipe, only_stack(recipe))
    assert change.apply(recipe).build().model is not None
    assert edits_for((change,), script, recipe) is None


@pytest.mark.parametrize("name", ["loop", "two lines", "add", "written out"])
def test_normalisation_stands_behind_each_block(name: str) -> None:
    text = written(name, StackNormalization.of(made(name)[1], only_stack(made(name)[1])))
    assert text.count("BatchNormalization()") == (4 if name == "written out" else 1)


def test_what_has_no_place_in_a_comprehension_is_not_written() -> None:
    script, recipe = made("comprehension")
    change = StackNormalization.of(recipe, only_stack(recipe))
    assert change.apply(recipe).build().model is not None
    assert edits_for((change,), script, recipe) is None


def test_depth_goes_with_a_change_of_all_layers_also_without_a_loop() -> None:
    _, recipe = made("written out")
    text = written("written out", StackDepth.of(only_stack(recipe), 2),
                   HiddenActivations.of(recipe, "elu"), Widths.of(recipe, at_least=9))
    assert text.count('Dense(9, activation="elu")') == 2


@pytest.mark.parametrize("name", ["loop", "two lines"])
def test_all_of_it_goes_together(name: str) -> None:
    _, recipe = made(name)
    stack = only_stack(recipe)
    text = written(name, SkipConnections.of(recipe, stack), StackNormalization.of(recipe, stack),
                   StackDepth.of(stack, 3), HiddenActivations.of(recipe, "elu"))
    assert text.index("skip = x") < text.index("BatchNormalization()(") < text.index("Add()(")


def test_a_skip_adds_what_the_block_reads() -> None:
    _, recipe = made("same shape")
    changed = SkipConnections.of(recipe, only_stack(recipe)).apply(recipe)
    model = changed.build().model
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.normal(size=variable.shape))
    kernels = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    x = np.asarray(recipe.x, np.float32)
    h = np.asarray(kernels[0](x))
    for layer in kernels[1:-1]:
        h = h + np.asarray(layer(h))
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(kernels[-1](h)), rtol=1e-5)


def test_what_is_there_already_is_not_put_in_again() -> None:
    inputs = keras.Input((4,))
    x = inputs
    for _ in range(4):
        x = keras.layers.Add()([x, keras.layers.BatchNormalization()(keras.layers.Dense(4)(x))])
    _, recipe = made("loop")
    architecture = Architecture(source=keras.Model(inputs, keras.layers.Dense(1)(x)))
    (stack,) = stacks(architecture)
    other = replace(recipe, architecture=architecture)
    with pytest.raises(NotSupported, match="normalisation already"):
        StackNormalization.of(other, stack)
    with pytest.raises(NotSupported, match="join several"):
        SkipConnections.of(other, stack)


def test_a_run_of_widths_has_one_name() -> None:
    _, recipe = made("loop")
    assert Widths.of(recipe, at_least=9).label == "widths: dense … dense_5 → 9"
