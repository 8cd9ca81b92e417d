"""F02–F05, F31: what a training may do to us: fill the memory, hang, or end in no number."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import replace

import jax
import numpy as np
import pytest

from faults.helpers import SCRIPT, Counted, diagnosed, said, written
from recipes import dense, recipe, two_bits
from unstuck.base import interrupts
from unstuck.base.errors import TooSlow, UnstuckError
from unstuck.diagnosis.diagnosis import Options, diagnose_script
from unstuck.diagnosis.repair import prove
from unstuck.goal import make_goal
from unstuck.population import chunks
from unstuck.population.choice import engines
from unstuck.population.chunks import Chunks, Hung, OutOfMemory
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.reports import all_reports, render
from unstuck.script import Script
from unstuck.search.budget import Budget
from unstuck.search.pace import horizon_for


def exhausted(*_: object, **__: object) -> None:
    raise jax.errors.JaxRuntimeError(
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")


def train(engine, made, count, progress=lambda done, of: None):
    return Chunks().train(engine, made, range(count), make_goal(made), probes=False,
                          progress=progress, left=60.0)


def test_fewer_side_by_side_where_memory_runs_out(monkeypatch, fault):
    """F03: the same replicas come out, in smaller blocks, down to one at a time."""
    made = two_bits(8, balanced=True, epochs=1)
    whole = train(KerasEngine(), made, 16)
    engine = KerasEngine()
    original, blocks = engine.train, []

    def tight(recipe, seeds, *args, **given):
        blocks.append(engine.block(recipe))
        if blocks[-1] > 4:
            exhausted() if blocks[-1] == 16 else np.empty(2**50)
        return original(recipe, seeds, *args, **given)

    monkeypatch.setattr(engine, "train", tight)
    found = train(engine, made, 16)
    assert blocks == [32, 16, 8, 4]
    np.testing.assert_allclose(found.loss, whole.loss, rtol=1e-5)
    fault("F03", 2, "the chunk is halved until it fits; the same replicas come out")


def test_the_native_engine_takes_smaller_waves():
    made = two_bits(8, balanced=True, epochs=1)
    engine = NativeEngine(threads=2)
    whole = train(engine, made, 40)
    while engine.halve(made):
        found = train(engine, made, 40)
        np.testing.assert_array_equal(found.loss, whole.loss)


def test_an_arm_without_room_is_not_tested_and_all_else_goes_on(tmp_path, monkeypatch, fault):
    engine = engines(None)[0]
    monkeypatch.setattr(engine, "halve", lambda recipe: False)
    Counted(monkeypatch, before=lambda number: exhausted() if number == 6 else None)
    found = diagnosed(written(tmp_path))
    reasons = [n.reason for n in found.result.not_tested]
    assert "memory: not even one training at a time has room" in reasons
    assert len(found.result.arms) > 5
    fault("F03", 1, "an arm without room: not tested: memory; the others go on")


def test_fewer_rows_where_one_replica_has_no_room(tmp_path, monkeypatch, fault):
    engine = engines(None)[0]
    original = engine.train

    def tight(recipe, *args, **given):
        if recipe.train.rows > 100:
            exhausted()
        return original(recipe, *args, **given)

    monkeypatch.setattr(engine, "halve", lambda recipe: False)
    monkeypatch.setattr(engine, "train", tight)
    found = diagnosed(written(tmp_path, SCRIPT.replace("(4, 1)", "(80, 1)").replace("(16)", "(320)")))
    assert "everything was trained on 80 of 320, evenly picked" in " ".join(found.result.notes)
    assert found.result.fit.rows == 80
    monkeypatch.setattr(engine, "train", exhausted)
    with pytest.raises(UnstuckError, match="not enough memory to train this network even once"):
        diagnosed(written(tmp_path))
    fault("F03", 3, "the script itself without room: fewer rows, and the report says so")


def test_python_code_that_hangs_is_left_behind(monkeypatch, fault):
    """F02: within its time, where Python can reach it."""
    monkeypatch.setattr(chunks, "LEAST_PATIENCE", 0.2)
    monkeypatch.setattr(chunks, "GRACE", 0.0)
    made = two_bits(8, balanced=True, epochs=1)

    def forever(done, of):
        while True:
            time.sleep(0.01)

    begun = time.monotonic()
    with pytest.raises(Hung, match="did not come back within"):
        Chunks().train(engines(None)[0], made, range(4), make_goal(made), probes=False,
                       progress=forever, left=0.1)
    assert time.monotonic() - begun < 30
    fault("F02", 1, "hanging Python code is left after its deadline; the arm is not tested")


HANGING = """\
import ctypes, os
from unstuck.base import interrupts
from unstuck.population import chunks
chunks.LEAST_PATIENCE = chunks.GRACE = 0.3
with interrupts.heeded(), chunks._deadline(0.3, lambda: print("last words", flush=True)):
    ctypes.CDLL(None).sigsuspend((ctypes.c_ulong * 16)(*[2**64 - 1] * 16))  # deaf, in C, for ever
"""


def test_compiled_code_that_hangs_ends_the_process(fault):
    """F02: the journal has what was trained, and the arm as one that hangs."""
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 2
    assert done.stdout == "last words\n"
    assert "a training hangs in compiled code" in done.stderr
    fault("F02", 1, "hanging compiled code: the process ends, the same command leaves the arm out")


def test_a_process_of_the_users_is_never_ended():
    assert not interrupts.ours()


def test_no_number_poisons_no_mean(tmp_path, fault):
    """F05: replicas that end in NaN count as failed; every report is still one."""
    script = written(tmp_path, SCRIPT.replace("sigmoid", "linear").replace(
        "optimizers.Adam(0.001)", "optimizers.SGD(1e30)"))
    found = diagnosed(script)
    assert found.result.outcome == "DIVERGES"
    assert found.result.population.successes == 0
    for name in all_reports():
        text = render(name, found.result)
        if name in ("json", "sarif"):
            assert not re.search(r"[:\[,]\s*-?(NaN|Infinity)", text)
    fault("F05", found.result.population.replicas, "counted as failed; no NaN in any report")


def test_a_budget_too_small_for_one_training(monkeypatch, fault):
    """F31: 200 ms an update and a budget of 5 s: said before anything is trained."""
    made = recipe(dense(4, 2, 2), *(2 * [np.zeros((640, 2), "float32")]), epochs=30)
    engine = KerasEngine()
    monkeypatch.setattr(engine, "pace", lambda recipe: 0.2)
    monkeypatch.setattr(engine, "block", lambda recipe: 1)
    monkeypatch.setattr("unstuck.search.pace.engine_for", lambda *_, **__: (engine, None))
    with pytest.raises(TooSlow, match="first 200 of the 600 updates of this script of 200 ms"
                       ", takes about 40 s here") as raised:
        horizon_for(made, Budget.parse("5s"))
    assert raised.value.exit_code == 3 and "--budget 11m would be enough" in str(raised.value)
    with pytest.raises(TooSlow, match=r"One training of this script, 600 updates .* 2 min"):
        horizon_for(made, Budget.parse("45s"), whole=True)
    short = horizon_for(made, Budget.parse("45s"))
    assert short is not None and short.updates == 200
    with pytest.raises(TooSlow, match="the budget is 45s, of which 35 s are left"):
        horizon_for(made, Budget.parse("45s"), spent=10.0)
    with pytest.raises(TooSlow, match="up to its fit took 50 s, and the budget is 45s"):
        horizon_for(made, Budget.parse("45s"), spent=50.0)
    fault("F31", 1, "said before anything is trained, with what would do; exit 3")


def test_what_no_machine_can_do_is_said_before_anything_is_compiled(monkeypatch):
    made = recipe(dense(2000, 2000, 2), *(2 * [np.zeros((640, 2000), "float32")]), epochs=100_000)
    made = replace(made, y=made.y[:, :2])
    monkeypatch.setattr("unstuck.search.pace.engine_for", lambda *_, **__: pytest.fail("an engine"))
    with pytest.raises(TooSlow, match="cannot take less than"):
        horizon_for(made, Budget.parse("5s"), threads=1, whole=True)


def test_a_convolution_is_timed_before_it_is_trained():
    import keras

    x = np.zeros((64, 24, 24, 1), "float32")
    model = keras.Sequential([keras.Input((24, 24, 1)), keras.layers.Conv2D(8, 3),
                              keras.layers.Conv2D(8, 3), keras.layers.Flatten(),
                              keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer="adam")
    made = recipe(model, x, np.zeros((64, 1), "float32"), epochs=1)
    pace = KerasEngine().pace(made)
    assert pace is not None and 1e-4 < pace < 30


def test_children_take_no_memory_of_a_gpu_in_advance(fault):
    """F04."""
    code = ("import os; os.environ.pop('XLA_FLAGS', None)\nfrom unstuck.population import child\n"
            "child.prepare()\nprint(os.environ['XLA_PYTHON_CLIENT_PREALLOCATE'], "
            "os.environ['KERAS_BACKEND'], os.environ['XLA_FLAGS'])")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("XLA")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ,
                          check=True)
    assert done.stdout.split() == ["false", "jax", "--xla_cpu_multi_thread_eigen=false"]
    fault("F04", 1, "children are told not to")


def test_said_is_the_same_twice(tmp_path):
    script = written(tmp_path)
    first, second = (diagnosed(script, journals=tmp_path / name) for name in "ab")
    assert said(first) == said(second)


def test_out_of_memory_is_an_error_in_words():
    made = two_bits(8, balanced=True, epochs=1)
    engine = KerasEngine()
    engine.train = exhausted  # type: ignore[method-assign]
    with pytest.raises(OutOfMemory, match="memory: not even one training"):
        train(engine, made, 4)


MISSING = """\
import keras, numpy as np
x = np.random.default_rng(0).normal(size=(200, 2)).astype("float32")
y = (x.sum(1) > 0) * 1.0
x[{rows}, 1] = np.nan
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"),
                          keras.layers.Dense(1, activation="{output}")])
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
model.fit(x, y, epochs=60)
"""


def test_nothing_is_tried_on_data_that_hold_nan_everywhere(tmp_path):
    """No change of the training takes NaN out of all rows, so no minute is spent on trying."""
    script = tmp_path / "train.py"
    script.write_text(MISSING.format(rows="1:", output="sigmoid"))
    found = diagnose_script(script, options=Options(budget=Budget.parse("60s"))).result
    assert found.outcome == "DIVERGES"
    assert "nan-in-data" in [fact.check for fact in found.facts]
    assert found.arms == ()
    assert [(one.what, one.reason) for one in found.not_tested] == [
        ("placebo: another shuffle", "the data hold NaN")]
    assert any(note.startswith("nothing was tried: the rows trained on hold NaN")
               for note in found.notes)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_what_nan_hides_is_found_without_the_rows_that_hold_it(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(MISSING.format(rows="5", output="softmax"))
    options = Options(budget=Budget.parse("60s"), replicas=32)
    found = diagnose_script(script, options=options).result
    assert found.outcome == "DIVERGES"
    checks = {check for arm in found.arms if arm.verdict == "needs company" for check in arm.checks}
    assert checks >= {"nan-in-data", "softmax-over-one-unit"}
    repair = found.repairs[0]
    assert set(repair.interventions) == {"rows with missing values left out",
                                         "dense_1: softmax → sigmoid"}
    fixed = prove(Script.read(script), repair, options=options)
    assert fixed.ok, fixed.reason
    assert "x, y = x[complete], y[complete]" in fixed.script.text
