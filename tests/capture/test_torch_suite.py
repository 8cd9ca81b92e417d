"""Forty torch scripts: each trains the same bits with the tool, and its shadow check passes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from torch_scripts import LOOPS, NETWORKS, script
from unstuck.capture import capture_script

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:.*:FutureWarning"),
              pytest.mark.filterwarnings("ignore:.*lr_scheduler:UserWarning"),
              pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")]
SLOW = pytest.mark.skipif(not os.environ.get("UNSTUCK_SLOW"), reason="UNSTUCK_SLOW is not set")
PAIRS = [(loop, network) for loop in LOOPS for network in NETWORKS]
FEW = [(loop, network) for i, (loop, network) in enumerate(zip(LOOPS, [*NETWORKS] * 3, strict=False))
       if i in (0, 7)]


@pytest.mark.parametrize(("loop", "network"), [
    pair if pair in FEW else pytest.param(*pair, marks=[SLOW, pytest.mark.slow]) for pair in PAIRS])
def test_it_trains_the_same_bits_and_its_recipe_gives_its_losses(write, loop, network):
    path = write(script(loop, network))
    subprocess.run([sys.executable, str(path)], check=True, capture_output=True,
                   env={**os.environ, "OMP_NUM_THREADS": "1"})
    captured = capture_script(path, through=True)
    alone, heard = path.with_suffix(".py.state").read_text().split()
    assert alone == heard
    assert any("Shadow check" in note for note in captured.notes)
