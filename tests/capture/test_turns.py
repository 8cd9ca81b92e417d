"""What the number of a round is used for, read off the source."""

from __future__ import annotations

import ast
import inspect

import pytest

from unstuck.capture.rounds import Around
from unstuck.capture.turns import line_by_number
from unstuck.script import Script

FUNCTIONS = """
def train(model, epoch, log=print):
    print("epoch %d" % epoch)
    if epoch % 10 == 0:
        log(f"{epoch}")

def adjust(optimizer, epoch):
    rate = 0.1 ** (epoch // 30)
    optimizer.param_groups[0]["lr"] = rate
"""
LINE = FUNCTIONS.count("\n") + 2


@pytest.mark.parametrize(("body", "line"), [
    ("step()", None),
    ("print(epoch, loss.item())", None),
    ("print('%d %f' % (epoch, loss))", None),
    ("if epoch % 10 == 9:\n        print('epoch', epoch)\n        losses.append(loss.item())", None),
    ("train(model, epoch + 1)", None),
    ("bar.set_postfix(epoch=epoch)", None),
    ("torch.save({'epoch': epoch}, path)", None),
    ("if epoch == 30:\n        optimizer.param_groups[0]['lr'] = 0.1", LINE),
    ("if epoch % 5 == 0:\n        evaluate(model)", LINE),
    ("if epoch > 9 and loss < 0.1:\n        break", LINE),
    ("adjust(optimizer, epoch)", 8),
    ("adjust(optimizer, epoch=epoch)", 8),
    ("rate = base / (1 + epoch)", LINE),
    ("torch.manual_seed(epoch)", LINE),
])
def test_the_line_that_goes_by_the_number_of_the_round(body: str, line: int | None) -> None:
    text = FUNCTIONS + f"for epoch in range(40):\n    {body}\n"
    loop = ast.parse(text).body[-1]
    assert isinstance(loop, ast.For)
    frame = inspect.currentframe()
    assert frame is not None
    around = Around(count=40, loop=loop, span=None, target="epoch", frame=frame)
    assert line_by_number(Script.parse(text), around) == line
