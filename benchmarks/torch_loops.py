"""A torch training by its own loop beside one of the replicas, in one run.

The script's loop is timed as plain Python runs it, once to warm up and then `--rounds` times, of which
the least counts. The replicas are those of its recipe, captured as `unstuck run` captures it; "one
training" is the time of a batch of replicas divided by their number, all cores busy, compiled
beforehand, of which the least of as many rounds counts. What else the machine was doing shows in the
load that is printed. (`torch.py` would be what `import torch` finds in this folder.)

    python benchmarks/torch_loops.py [--rounds 3] [network ...]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from unstuck.capture import capture_script
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for

HEAD = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
"""
LOOP = """
def train():
    for epoch in range({epochs}):
        for a, b in loader:
            optimizer.zero_grad()
            loss = criterion(model(a), b)
            loss.backward()
            optimizer.step()
train()
"""
NETWORKS: dict[str, tuple[str, int, int]] = {
    "two_bits": ("""
x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]]).repeat(200, 1)
loader = DataLoader(TensorDataset(x, x), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2),
                      nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
""", 12, 4096),
    "conv": ("""
x = torch.randn(320, 1, 12, 12)
loader = DataLoader(TensorDataset(x, (x.mean((1, 2, 3)) > 0).long()), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Linear(144, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
""", 10, 16),
    "lstm": ("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.end = nn.LSTM(3, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.end(out[:, -1])

x = torch.randn(320, 12, 3)
loader = DataLoader(TensorDataset(x, (x.mean((1, 2)) > 0).long()), batch_size=32, shuffle=True)
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
""", 10, 256),
}
"""What is made, its epochs, and how many replicas a batch has."""


class Few:
    """Reads the outputs of a few rows."""

    def __init__(self, x: Any) -> None:
        self.inputs = x
        self.keeps_outputs = self.keeps_codes = False

    def score(self, recipe: Recipe, outputs: Any, final_loss: Any) -> Any:
        return -final_loss


def own_loop(text: str, rounds: int) -> float:
    """Seconds of a script's loop."""
    space: dict[str, Any] = {}
    exec(compile(text, "train.py", "exec"), space)  # the first one warms up
    return least(space["train"], rounds)


def replicas(text: str, count: int, rounds: int) -> tuple[float, str, int]:
    """Seconds of one training of a batch, the engine, and the updates of a training."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(text)
        recipe = capture_script(path).recipe
    engine, _ = engine_for(recipe)
    yardstick = Few(recipe.x[:16])

    def train() -> None:
        engine.train(recipe, range(count), yardstick, probes=False)

    train()  # what there is to compile
    return least(train, rounds) / count, engine.name, recipe.updates


def least(run: Callable[[], object], rounds: int) -> float:
    """The least seconds of some rounds."""
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        found.append(time.perf_counter() - begun)
    return min(found)


def main() -> None:
    """Print a line for each network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="*", help="of " + ", ".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"torch {torch.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("network    updates  own loop    one training  engine    times")
    for name in asked.networks or NETWORKS:
        made, epochs, count = NETWORKS[name]
        text = HEAD + made + LOOP.format(epochs=epochs)
        own = own_loop(text, asked.rounds)
        one, engine, updates = replicas(text, count, asked.rounds)
        print(f"{name:10} {updates:7,}  {own:8.3f} s  {1000 * one:9.3f} ms  {engine:8}"
              f"  {own / one:9,.1f}")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
