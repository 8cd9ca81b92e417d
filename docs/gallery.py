"""The gallery, written by running it: `python docs/gallery.py [NAME …]`.

Each script is diagnosed by `unstuck run` as it stands, and its page is written into `docs/gallery/`:
three sentences, the answer, a drawing of what each change does, and the script. The pages are committed
(2 to 50 KB each): a site can be built without training anything, and a change of an answer shows in a
diff. Saved diagnoses would be four times as large, and whole pages of reports fifteen times.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from made import DOCS, ROOT, printed, stamp

from unstuck.diagnosis.saved import read
from unstuck.reports.html_page.charts.forest import forest
from unstuck.reports.parts.own_names import in_own_words


@dataclass(frozen=True, kw_only=True)
class Case:
    """A page: its title, the script from the repository's root, and three sentences."""

    title: str
    script: str
    sentences: tuple[str, str, str]
    budget: str = "2m"


CASES = {
    "two-bits": Case(
        title="Two bits", script="examples/two_bits.py", sentences=(
            "An autoencoder copies two bits, and most of its trainings fail.",
            "The activation and the learning rate are to blame together: a ReLU that is off passes no"
            " gradient, and the rate is too low for the time that there is.",
            "A larger network would mend it, too; the repair keeps this one.")),
    "unscaled-targets": Case(
        title="Targets of 200,000", script="specimens/unscaled_targets.py", sentences=(
            "The targets are prices, and the output begins near 0.",
            "An optimizer moves each weight by about its rate in an update, so the output is still on"
            " its way when the training ends.",
            "Scaling the targets mends it, and so does a rate a hundred times as high.")),
    "dead-relu": Case(
        title="Dead ReLUs", script="specimens/dead_relu.py", sentences=(
            "Six layers of two ReLUs stand behind one another.",
            "Where both units of a layer are off for every row, nothing passes: neither rows nor"
            " gradients.",
            "An activation that is never quite off mends it, and so does room.")),
    "hidden-causes": Case(
        title="Causes that hide each other", script="docs/gallery/scripts/hidden_causes.py", sentences=(
            "Inputs and targets are in the thousands, and the output cannot go beyond 1.",
            "Whoever mends one of these alone sees no difference, and concludes that it was not the"
            " reason.",
            "So a change is put back alone into the repaired script: what loses trainings there is"
            " needed.")),
    "high-loss": Case(
        title="Healthy, and its loss looks high", script="examples/digits.py", sentences=(
            "The loss of this autoencoder ends near 0.25 and falls no further.",
            "It need not: its pixels are grey, and cross-entropy against a grey value is above 0 even"
            " for the right answer.",
            "Nothing is wrong, and nothing is changed.")),
    "denoising-floor": Case(
        title="Denoising at its floor", script="examples/two_bits_gaussian.py", sentences=(
            "Two bits are to be read from behind noise.",
            "Some rows look the same for a 0 and for a 1, and no network can know which it was.",
            "The loss is as low as the noise allows, so a better network would be wasted work.")),
    "convolution": Case(
        title="A convolutional network", script="specimens/feature_map_vanishes.py", budget="10m",
        sentences=(
            "A bright spot lies in one of four quarters of a picture, and the network is to say which.",
            "The pool takes the most of all places and forgets where it was.",
            "A map that keeps its size keeps the place.")),
    "recurrent": Case(
        title="A recurrent network", script="specimens/recurrent_output.py", sentences=(
            "Waves are packed into 16 numbers and unfolded again.",
            "The layer that unfolds them has a single number as its memory, which is its output as"
            " well.",
            "More units, and a dense layer behind them, mend it.")),
    "random-labels": Case(
        title="Labels that belong to other rows", script="specimens/targets_say_nothing.py", sentences=(
            "The inputs were shuffled and the labels were not.",
            "No plain method gets more from the inputs than a constant does, and no change of the"
            " network helps.",
            "The data is where to look.")),
    "fragile-seeds": Case(
        title="Fragile seeds", script="specimens/fragile_seeds.py", sentences=(
            "Three ReLU units are enough for XOR, in principle.",
            "Whether they find it depends on the random seed alone, so one run that works says little.",
            "More units make every start a good one.")),
    "variational": Case(
        title="A variational code that collapses", script="specimens/posterior_collapse.py", sentences=(
            "The loss has two parts: how well a row comes back, and how far the code is from noise.",
            "The second outweighs the first, so the code says nothing and every output is the mean.",
            "Weighing the two parts as sums over the same numbers mends it.")),
    "torch": Case(
        title="A loop of torch's", budget="5m", script="docs/gallery/scripts/torch_loop.py", sentences=(
            "A training loop calls `backward()` and `step()`, and never `zero_grad()`.",
            "Every gradient then is the sum of all that came before it.",
            "One call in the right place mends it.")),
}  # fmt: skip


def drawing(saved: Path) -> str:
    """What each change does, as SVG; empty where nothing was tried or nothing had an effect."""
    drawn = forest(in_own_words(read(saved)[0]))
    if drawn is None:
        return ""
    parts = [f"## What each change does\n\n{drawn.text}\n"]
    for width, svg in (("wide", drawn.wide), ("narrow", drawn.narrow)):
        scaled = re.sub(r' (?:width|height)="\d+"', "", str(svg), count=2)  # it is as wide as its box
        parts.append(f'<div class="drawing {width}">{scaled}</div>\n')
    return "\n".join(parts)


def write(name: str, case: Case) -> None:
    """Diagnose one script and write its page."""
    script = ROOT / case.script
    command = f"unstuck run {script.name} --budget {case.budget} --save {script.stem}.unstuck"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(script, folder)
        answer = printed(command, folder)
        drawn = drawing(folder / f"{script.stem}.unstuck")
    (DOCS / "gallery" / f"{name}.md").write_text(
        f"# {case.title}\n\n{' '.join(case.sentences)}\n\n## The answer\n\n"
        f"`{command}` prints:\n\n```text\n{answer}```\n\n{drawn}\n"
        f"## The script\n\n```python title=\"{script.name}\" linenums=\"1\"\n"
        f"{script.read_text(encoding='utf-8')}```\n\n{stamp('python docs/gallery.py')}\n",
        encoding="utf-8",
    )  # fmt: skip


def write_index() -> None:
    """The gallery's first page: what each answer is in its own first words."""
    lines = [
        "# Gallery", "",
        "Twelve scripts, and what `unstuck run` says of them. Each page is written by running it.", "",
        '<div class="grid cards" markdown>', "",
    ]  # fmt: skip
    for name, case in CASES.items():
        page = (DOCS / "gallery" / f"{name}.md").read_text(encoding="utf-8")
        word = re.search(r"^([A-Z][A-Z ]+)\.", page, re.M)
        assert word is not None, name
        lines += [f"-   [**{case.title}**]({name}.md)", "",
                  f"    `{word[1]}`", "", f"    {case.sentences[0]}", ""]  # fmt: skip
    (DOCS / "gallery" / "index.md").write_text("\n".join([*lines, "</div>", ""]), encoding="utf-8")


def main() -> None:
    """Write the pages that are named, or all twelve, and the first page."""
    for name in sys.argv[1:] or CASES:
        print(name, flush=True)
        write(name, CASES[name])
    if all((DOCS / "gallery" / f"{name}.md").exists() for name in CASES):
        write_index()


if __name__ == "__main__":
    main()
