"""What a way of ending is called: which inputs come out alike, in words that fit on a line."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from recipes import dense, recipe
from unstuck.diagnosis.modes import modes_of, rung_text
from unstuck.goal import make_goal
from unstuck.goal.losses import Rung
from unstuck.population.choice import engine_for

BITS = np.asarray(list(itertools.product((0.0, 1.0), repeat=6)), np.float32)


@pytest.fixture(scope="module")
def trained():
    """Goals and populations of autoencoders of six bits, and of ten."""
    found = {}
    for bits, x in ((6, BITS), (10, np.pad(BITS, ((0, 0), (2, 2))))):
        given = recipe(dense(3, bits, inputs=bits), x, x, epochs=1)
        goal = make_goal(given)
        found[bits] = goal, engine_for(given)[0].train(given, range(2), goal)
    return found


def reading(trained, bits, *groups):
    """What is said where the rows of each group come out as the first of them."""
    goal, population = trained[bits]
    outputs = goal.task.targets.reshape(goal.judged_rows, -1).copy()
    for group in groups:
        outputs[list(group)] = outputs[group[0]]
    both = np.broadcast_to(outputs, (2, *outputs.shape))
    lost = dataclasses.replace(population, outputs=both, score=np.zeros_like(population.score))
    (mode,) = modes_of(goal, lost)
    return mode.reading


def test_few_rows_are_told_one_by_one(trained):
    assert reading(trained, 6, (0, 1)) == (
        "[0, 0, 0, 0, 0, 0] and [0, 0, 0, 0, 0, 1] come out alike")
    assert reading(trained, 6, (0, 1, 3)) == (
        "[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1] and [0, 0, 0, 0, 1, 1] come out alike")


def test_of_many_rows_the_number_is_told(trained):
    said = reading(trained, 6, range(40), (40, 41), (42, 43), (44, 45, 46))
    assert said == ("40 of 64 inputs ([0, 0, 0, 0, 0, 0] and others) come out alike;"
                    " [1, 0, 1, 1, 0, 0], [1, 0, 1, 1, 0, 1] and [1, 0, 1, 1, 1, 0] come out alike;"
                    " 2 more groups of 4 inputs")
    assert reading(trained, 6, range(64)) == "every input comes out the same"


def reading_of_several(trained, bits, *replicas):
    """What is said of one mode, in whose replicas the rows of these groups come out alike."""
    goal, population = trained[bits]
    targets = goal.task.targets.reshape(goal.judged_rows, -1)
    outputs = np.stack([targets] * len(replicas))
    for own, groups in zip(outputs, replicas, strict=True):
        for group in groups:
            own[list(group)] = own[group[0]]
    count = len(replicas)
    lost = dataclasses.replace(
        population, outputs=outputs, score=np.zeros((count, 3)), seeds=tuple(range(count)),
        loss=np.ones((count, 1), np.float32), final_loss=np.ones(count, np.float32))
    (mode,) = modes_of(dataclasses.replace(goal, ladder=()), lost)
    return mode.reading


def test_an_end_is_described_by_what_its_replicas_share(trained):
    one, mirrored = [(0, 1)], [(62, 63)]
    assert reading_of_several(trained, 6, one, mirrored, one) == (
        "2 of the 64 inputs come out alike (3):"
        " [0, 0, 0, 0, 0, 0] and [0, 0, 0, 0, 0, 1] in 2,"
        " [1, 1, 1, 1, 1, 0] and [1, 1, 1, 1, 1, 1] in 1")
    assert reading_of_several(trained, 6, one, [(0, 1, 2)], [range(64)], [], [], [(4, 5)]) == (
        "some of the 64 inputs come out alike, not always the same ones (6):"
        " none in 2, [0, 0, 0, 0, 0, 0] and [0, 0, 0, 0, 0, 1] in 1,"
        " [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1] and [0, 0, 0, 0, 1, 0] in 1, 2 other ways in 2")
    assert reading_of_several(trained, 6, [(0, 1), (2, 3)], [(0, 1), (4, 5)]).startswith(
        "2 and 2 of the 64 inputs come out alike (2): [0, 0, 0, 0, 0, 0] = [0, 0, 0, 0, 0, 1] beside")


def test_many_rows_in_several_ways_are_told_by_their_number(trained):
    assert reading_of_several(trained, 6, [range(40)], [(0, 1)]) == (
        "2 to 40 of 64 inputs come out like another one")


def test_long_rows_are_counted(trained):
    assert reading(trained, 10, (0, 1, 3)) == "3 of 64 inputs come out alike"


def test_a_rung_names_few_inputs_too(trained):
    goal, _ = trained[6]
    rung = Rung(loss=0.3, groups=((0, 1), tuple(range(2, 12)), (20, 21), (30, 31)))
    assert rung_text(goal, rung) == (
        "[0, 0, 0, 0, 0, 0] = [0, 0, 0, 0, 0, 1], 10 inputs alike and 2 more")
