"""What holds for every check: its manual, its specimen, its silence where nothing is wrong."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from checks.helpers import observed, two_bits
from unstuck.checks import HEADINGS, Check, Family, all_checks, name_of

SPECIMENS = Path(__file__).parents[2] / "specimens"
CHECKS = sorted(all_checks())


def sections(check: type[Check]) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", inspect.cleandoc(check.__doc__ or ""), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", CHECKS)
def test_the_manual_has_every_heading_once_and_in_order(name: str) -> None:
    check = all_checks()[name]
    assert tuple(sections(check)) == HEADINGS
    assert all(text.strip() for text in sections(check).values())
    first = inspect.cleandoc(check.__doc__ or "").split("\n\n")[0]
    assert first.endswith(".")
    assert first.count("\n") <= 1


@pytest.mark.parametrize("name", CHECKS)
def test_the_example_is_python(name: str) -> None:
    lines = textwrap.dedent(sections(all_checks()[name])["Example"].strip("\n"))
    tree = ast.parse(lines)
    assert len(tree.body) >= 2, "a sick line and its cure"


@pytest.mark.parametrize("name", CHECKS)
def test_thresholds_named_in_the_manual_are_fields(name: str) -> None:
    check = all_checks()[name]
    named = set(re.findall(r"`([a-z_]+)`", sections(check)["What it sees"]))
    fields = {field.name for field in dataclasses.fields(check)}
    keras_words = {"trainable", "loss", "from_logits", "fit", "adapt", "input_dim",
                   "class_weight", "sample_weight"}
    assert named <= fields | keras_words


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_one_name_a_family_and_a_specimen(name: str) -> None:
    check = all_checks()[name]
    assert check().name == name_of(check) == name
    assert isinstance(check.family, Family)
    specimen = SPECIMENS / f"{name.replace('-', '_')}.py"
    assert specimen.exists(), f"add {specimen.name}"
    assert specimen.read_text(encoding="utf-8").startswith(f"# {name}: ")


def test_every_specimen_belongs_to_a_check() -> None:
    assert sorted(path.stem.replace("_", "-") for path in SPECIMENS.glob("*.py")) == CHECKS


@pytest.mark.parametrize("name", [n for n in CHECKS if not all_checks()[n].always])
def test_no_check_speaks_where_the_network_learns(name: str) -> None:
    seen = observed(
        two_bits(epochs=1, validation_split=0.25), learned=[True] * 8, loss=[0.9] * 40,
        start={"dead": {"dense_1": 1.0}, "saturated": {"dense_2": 1.0}},
        end={"dead": {"dense_1": 1.0}, "distinct": {"dense": 4, "dense_1": 1, "dense_2": 1}},
    )
    assert list(all_checks()[name]().findings(seen)) == []


@pytest.mark.parametrize("name", CHECKS)
def test_no_check_fails_without_readings_or_on_diverged_replicas(name: str) -> None:
    for seen in (
        observed(two_bits()),
        observed(two_bits(), loss=np.full((8, 1), np.nan), final_loss=np.nan,
                 start={}, end={"weight_norm": {"dense": np.nan}}),
    ):
        for found in all_checks()[name]().findings(seen):
            assert found.message
