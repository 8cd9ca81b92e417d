"""How often a change that changes nothing is called a cause.

    python benchmarks/placebo.py [SCRIPT] [--diagnoses 200] [--replicas 256]

Each placebo shuffles the rows in another order and changes nothing else. It is judged at every look,
as a search would, alone, without the correction for the other arms of a diagnosis, which would make
claims harder still; a look at which it would be called a cause, a contribution or harmful counts
against us.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from unstuck.capture import capture_script
from unstuck.goal import make_goal
from unstuck.interventions.placebo import Placebo
from unstuck.population.choice import engine_for
from unstuck.stats import LOOKS
from unstuck.trial import Trial, judge


def main() -> None:
    """Train the placebos, judge each at every look, print how often which verdict came out."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("script", type=Path, nargs="?", default=Path("examples/two_bits.py"))
    parser.add_argument("--diagnoses", type=int, default=200)
    parser.add_argument("--replicas", type=int, default=256)
    asked = parser.parse_args()
    recipe = capture_script(asked.script).recipe
    goal = make_goal(recipe)
    engine, _ = engine_for(recipe)
    final, ever = Counter[str](), Counter[str]()
    for number in range(asked.diagnoses):
        # Fresh seeds each time: 200 placebos on one control would share its luck.
        seeds = range(number * asked.replicas, (number + 1) * asked.replicas)
        control = goal.learned(engine.train(recipe, seeds, goal, probes=False))
        treated = replace(recipe, order_salt=number + 1)
        treatment = goal.learned(engine.train(treated, seeds, goal, probes=False))
        said = []
        for look in (n for n in LOOKS if n <= asked.replicas):
            trial = Trial(changes=(Placebo(),), control=control, treatment=treatment[:look])
            said.append(judge([trial])[0].verdict)
        final[said[-1]] += 1
        ever.update(set(said))
    print(f"{asked.diagnoses} placebos of {asked.script.name}, {asked.replicas} pairs each")
    for verdict in ("cause", "contributes", "harmful", "acquitted", "undecided"):
        print(f"  {verdict:12s} at the last look {final[verdict]:4d}   at any look {ever[verdict]:4d}")


if __name__ == "__main__":
    main()
