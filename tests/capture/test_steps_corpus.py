"""Scripts with steps and loops of their own, each taken for what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_script, capture_text

STEPS = Path(__file__).parents[1] / "corpus" / "steps"
# Model, epochs, rows of a batch, loss, whether its loop trains otherwise than fit would, whether
# what is minimised is all there is to judge by.
TAKEN = {
    "sick_new_optimizer_each_round": ("Functional", 20, 16, "mean_squared_error", True, False),
    "sick_wrong_variables": ("Functional", 30, 20, "binary_crossentropy", True, False),
    "well_compute_loss": ("Careful", 30, 20, "none", False, False),
    "well_hand_written_loop": ("Functional", 15, 24, "sparse_categorical_crossentropy", False, False),
    "well_own_compile": ("Functional", 20, 24, "sparse_categorical_crossentropy", False, False),
    "well_own_fit": ("Functional", 30, 20, "mean_squared_error", False, False),
    "well_train_and_test_step": ("Tracked", 40, 20, "none", False, False),
    "well_train_on_batch": ("Functional", 20, 20, "binary_crossentropy", False, False),
    "well_train_step": ("Functional", 20, 20, "mean_squared_error", False, False),
    "well_two_tapes": ("Functional", 600, 32, "none", True, True),
}


def test_every_script_is_in_the_table():
    assert {path.stem for path in STEPS.glob("*.py")} == {*TAKEN, "sick_tape_left_early"}


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_taken_for_what_it_is(name):
    kind, epochs, batch, loss, looped, by_loss = TAKEN[name]
    recipe = capture_script(STEPS / f"{name}.py").recipe
    assert type(recipe.architecture.source).__name__ == kind
    assert (recipe.epochs, recipe.batch_size, recipe.loss_name) == (epochs, batch, loss)
    assert (recipe.loop is not None, recipe.by_loss) == (looped, by_loss)


def test_what_the_loops_leave_out_is_told():
    loop = capture_script(STEPS / "sick_wrong_variables.py").recipe.loop
    assert loop.untrained == {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"}
    assert capture_script(STEPS / "sick_new_optimizer_each_round.py").recipe.loop.optimizer_for == 1


def test_a_loss_behind_the_tape_is_named():
    with pytest.raises(NotSupported, match="training loop of its own"):
        capture_script(STEPS / "sick_tape_left_early.py")


def test_metrics_are_reset_under_the_name_of_their_time():
    text = (STEPS / "well_hand_written_loop.py").read_text(encoding="utf-8")
    assert ".reset_state()" in text
    recipe = capture_text(text.replace(".reset_state()", ".reset_states()")).recipe
    assert recipe.loss_name == "sparse_categorical_crossentropy"
