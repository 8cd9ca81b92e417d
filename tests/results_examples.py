"""Hand-made results, as a diagnosis of such a script could have made them; nothing is trained.

`TWO_BITS` has the figures that were measured for the two-bit autoencoder; the others are made up.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import math
from collections.abc import Iterable

from unstuck.base.stats import difference_interval
from unstuck.result.results import (
    SCHEMA,
    Arm,
    Budget,
    Cleared,
    EditInfo,
    EvidenceInfo,
    FindingInfo,
    Fit,
    Full,
    GoalInfo,
    Horizon,
    Interval,
    Location,
    LossSpread,
    Mode,
    NotTested,
    OwnRun,
    PopulationInfo,
    PutBack,
    Repair,
    Result,
    Rung,
    ScriptInfo,
    Tool,
    Verdict,
)

TOOL = Tool(unstuck="0.1.0", keras="3.15.1", jax="0.10.2", numpy="2.4.0", python="3.11.7",
            device="cpu", cores=2)  # fmt: skip


def wilson(successes: int, trials: int) -> Interval:
    """Wilson's 95 % interval."""
    z, share = 1.959964, successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(
        share * (1 - share) / trials + z * z / (4 * trials * trials))  # fmt: skip
    return max(0.0, middle - half), min(1.0, middle + half)


def edit(source: str, old: str, new: str) -> EditInfo:
    """The replacement of the only occurrence of a text."""
    assert source.count(old) == 1
    start = source.encode().index(old.encode())
    return EditInfo(start=start, end=start + len(old.encode()), replacement=new)


def place(source: str, text: str) -> Location:
    """The only occurrence of a text, on one line."""
    assert source.count(text) == 1
    before = source[: source.index(text)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Location(line=line, column=column, end_line=line, end_column=column + len(text),
                    source=source.splitlines()[line - 1])  # fmt: skip


def diff(source: str, edits: Iterable[EditInfo], name: str) -> str:
    """A unified diff without context."""
    data = source.encode()
    for one in sorted(edits, key=lambda e: -e.start):
        data = data[: one.start] + one.replacement.encode() + data[one.end :]
    lines = difflib.unified_diff(source.splitlines(True), data.decode().splitlines(True),
                                 fromfile=name, tofile=name, n=0)  # fmt: skip
    return "".join(lines)


def arm(
    change: str, kind: str, verdict: Verdict, successes: int, effect: tuple[int, int, int],
    turned: tuple[int, int], *, control: float, replicas: int = 256, checks: tuple[str, ...] = (),
    sickness: str = "", at: Location | None = None, edits: tuple[EditInfo, ...] | None = None,
    company: tuple[str, ...] = (), to_decide: int | None = None, added: int = 0, p: float = 0.5,
) -> Arm:
    """An arm; `effect` is the difference and its interval in points, `turned` rescued, broken."""
    return Arm(
        intervention=change, title=sickness or change, kind=kind, checks=checks, verdict=verdict,
        replicas=replicas, successes=successes, success_rate=successes / replicas,
        difference=effect[0] / 100, ci95=(effect[1] / 100, effect[2] / 100), rescued=turned[0],
        broken=turned[1], p=p, p_holm=min(1.0, 12 * p), control_rate=control, location=at,
        edits=edits, company=company, to_decide=to_decide, added_parameters=added,
    )  # fmt: skip


def placebo(
    verdict: Verdict, successes: int, effect: tuple[int, int, int], turned: tuple[int, int], *,
    control: float, replicas: int = 256, to_decide: int | None = None,
) -> Arm:
    """The arm in which only the shuffle is another."""
    return arm("placebo: another shuffle", "placebo", verdict, successes, effect, turned,
               control=control, replicas=replicas, to_decide=to_decide)  # fmt: skip


def put_back(whole: int, without: int, *, of: int = 256) -> PutBack:
    """What a repair loses without one of its changes: who learned with it, and without."""
    low, high = difference_interval(whole - without, 0, of)
    return PutBack(replicas=of, whole=whole / of, without=without / of, scores=(1.0, 0.5),
                   ci95=(float(low), float(high)), p=1e-30, p_holm=1e-28, needed=True)


def script_info(path: str, source: str) -> ScriptInfo:
    """A script that never ended, for it was stopped at its `fit`."""
    return ScriptInfo(path=path, sha256=hashlib.sha256(source.encode()).hexdigest())


TWO_BITS_SOURCE = '''\
import numpy as np
from keras.layers import Dense, Input
from keras.models import Model

inputs = np.random.randint(0, 2, (1000, 2))
input_dim, encoded_dim = 2, 4

input_ = Input(shape=(input_dim,))
encoded_ = Dense(encoded_dim, activation='relu')(input_)
decoded = Dense(input_dim, activation='relu')(encoded_)
output = Dense(input_dim, activation='sigmoid')(decoded)

autoencoder = Model(input_, output)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
autoencoder.fit(inputs, inputs, batch_size=8, epochs=12, validation_split=0.2)
'''


def _two_bits() -> Result:
    source, rate = TWO_BITS_SOURCE, 48 / 256
    middle = place(source, "Dense(input_dim, activation='relu')")
    relu = place(source, "activation='relu')(encoded_)")
    relu = dataclasses.replace(relu, end_column=relu.column + len("activation='relu'"))
    first = place(source, "Dense(encoded_dim, activation='relu')")
    widen_first = edit(source, "Dense(encoded_dim, activation='relu')",
                       "Dense(16, activation='relu')")  # fmt: skip
    widen = edit(source, "Dense(input_dim, activation='relu')", "Dense(16, activation='relu')")
    linear = edit(source, "Dense(input_dim, activation='relu')", "Dense(input_dim)")
    wide = "first layer 4 → 16 units"
    arms = (
        placebo("acquitted", 47, (0, -1, 0), (0, 1), control=rate),
        arm("middle layer 2 → 16 units", "capacity", "cause", 232, (72, 66, 77), (184, 0),
            control=rate, checks=("narrow-layer",), at=middle, edits=(widen,), added=98, p=4e-56,
            sickness="A layer before the output is too narrow for what must pass through it"),
        arm("middle layer relu → linear", "activation", "cause", 154, (41, 36, 48), (107, 1),
            control=rate, checks=("relu-before-output", "dead-relu"), at=relu, edits=(linear,),
            p=6e-31, sickness="A ReLU just before the output throws away the sign"),
        arm("middle layer 2 → 4 units", "capacity", "cause", 142, (37, 30, 44), (98, 4),
            control=rate, checks=("narrow-layer",), at=middle, added=14, p=5e-21,
            edits=(edit(source, "Dense(input_dim, activation='relu')",
                        "Dense(4, activation='relu')"),),
            sickness="A layer before the output is too narrow for what must pass through it"),
        arm(wide, "capacity", "contributes", 104, (22, 15, 29), (76, 20), control=rate,
            checks=("narrow-layer",), at=first, edits=(widen_first,), added=36, p=4e-9),
        arm("epochs 12 → 120", "epochs", "contributes", 82, (13, 9, 18), (34, 0), control=rate,
            checks=("too-few-updates",), at=place(source, "epochs=12"), edits=(), p=1e-10),
        arm("learning rate 0.001 → 0.01", "learning_rate", "contributes", 71, (9, 5, 13), (27, 4),
            control=rate, checks=("learning-rate-too-low",), p=3e-5),
        arm("loss → mean_squared_error", "loss", "acquitted", 49, (0, -1, 2), (3, 2), control=rate),
        arm("all initialisers → he_normal", "initializer", "acquitted", 46, (-1, -4, 2), (8, 10),
            control=rate),
        arm("optimizer → SGD", "optimizer", "harmful", 13, (-14, -19, -9), (2, 37), control=rate),
        arm("batch size 8 → 64", "batch_size", "harmful", 0, (-19, -24, -14), (0, 48),
            control=rate),
    )  # fmt: skip
    rows = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
    modes = (
        Mode(share=103 / 256, loss=0.477, ci95=wilson(103, 256),
             outputs=((0.01, 0.01), (0.67, 0.67), (0.67, 0.67), (0.67, 0.67)),
             codes=((2.31, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
             reading="[0, 1], [1, 0] and [1, 1] come out alike"),
        Mode(share=57 / 256, loss=0.239, ci95=wilson(57, 256),
             outputs=((0.02, 0.01), (0.5, 0.99), (0.98, 0.02), (0.5, 0.99)),
             codes=((0.0, 0.84), (1.9, 0.0), (0.0, 2.11), (1.9, 0.0)),
             reading="[0, 1] and [1, 1] come out alike"),
        Mode(share=48 / 256, loss=0.0121, ci95=wilson(48, 256), learned=True,
             outputs=((0.02, 0.01), (0.01, 0.99), (0.99, 0.02), (0.98, 0.99)),
             codes=((0.0, 0.0), (0.0, 2.62), (2.48, 0.0), (2.5, 2.7)),
             reading="every input comes out as it should"),
        Mode(share=31 / 256, loss=0.693, ci95=wilson(31, 256),
             outputs=((0.5, 0.5),) * 4, codes=((0.0, 0.0),) * 4,
             reading="one output for everything"),
        Mode(share=17 / 256, loss=0.347, ci95=wilson(17, 256),
             outputs=((0.5, 0.01), (0.5, 0.99), (0.5, 0.01), (0.5, 0.99)),
             codes=((0.0, 0.0), (0.0, 1.9), (0.0, 0.0), (0.0, 1.9)),
             reading="[0, 0] and [1, 0] come out alike, and [0, 1] and [1, 1]"),
    )  # fmt: skip
    both = (widen_first, linear)
    leaky = (edit(source, "encoded_dim, activation='relu'", "encoded_dim, activation='leaky_relu'"),
             edit(source, "input_dim, activation='relu'", "input_dim, activation='leaky_relu'"),
             edit(source, "optimizer='adam'", "optimizer=keras.optimizers.Adam(0.01)"))  # fmt: skip
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("train.py", source),
        fit=Fit(line=15, index=1, of=1,
                call="autoencoder.fit(inputs, inputs, batch_size=8, epochs=12,\n"
                     "                validation_split=0.2)",
                model="Functional", parameters=28, rows=800, distinct_rows=4, updates=1200,
                batch_size=8, epochs=12, loss="binary_crossentropy", optimizer="adam"),
        outcome="FRAGILE", outcome_text="",
        goal=GoalInfo(
            metric="accuracy", threshold=0.925, floor=0.0, baseline=math.log(2),
            why="90 % of the way from the best constant output (0.25) to the best function of the"
                " distinct inputs (1): at least 0.925 of the answers right",
            ladder=(Rung(loss=0.173, merged="two inputs alike, in one of the two bits"),
                    Rung(loss=0.239, merged="[0, 1] and [1, 1] alike"),
                    Rung(loss=0.347, merged="one bit is lost"),
                    Rung(loss=0.477, merged="three inputs alike"))),
        population=PopulationInfo(
            replicas=256, successes=48, success_rate=rate, ci95=wilson(48, 256),
            loss=LossSpread(median=0.347, quantiles=(0.011, 0.239, 0.477, 0.693)), modes=modes,
            engine="keras", strategy="vmap in scan", seeds=(0, 255),
            distinct_by_layer={"dense": 3.0, "dense_1": 2.0, "dense_2": 2.0}),
        facts=(),
        suspicions=(
            FindingInfo(check="narrow-layer", location=middle,
                        message="After this layer only 2 of the 4 inputs are still different"
                                " (median over 256 trainings).",
                        evidence=(EvidenceInfo(quantity="distinct inputs", value=2.0, threshold=4.0,
                                               replicas=208, of=256),)),
            FindingInfo(check="relu-before-output", location=relu,
                        message="In 137 of 256 trainings at least one of its 2 units is 0 for every"
                                " input from the start."),
            FindingInfo(check="too-few-updates", message="The loss is still falling at the end.")),
        arms=arms,
        repairs=(
            Repair(interventions=(wide, "middle layer relu → linear"),
                   kinds=("capacity", "activation"), success_rate=255 / 256, successes=255,
                   ci95=wilson(255, 256), replicas=256, applicability="unsafe", edits=both,
                   diff=diff(source, both, "train.py"), cost=5.0, added_parameters=36,
                   updates=1200, touches=("activation", "capacity"),
                   put_back=(put_back(255, 154), put_back(255, 104)), outputs=rows_out(),
                   codes=((-3.1, 0.2), (0.4, 2.9), (0.1, -2.7), (3.3, 0.3))),
            Repair(interventions=("every relu → leaky_relu", "learning rate 0.001 → 0.01"),
                   kinds=("activation", "learning_rate"), success_rate=1.0, successes=256,
                   ci95=wilson(256, 256), replicas=256, applicability="safe", edits=leaky,
                   diff=diff(source, leaky, "train.py"), cost=5.0, updates=1200)),
        cleared=(Cleared(kind="loss", by="trial", interventions=("loss → mean_squared_error",)),
                 Cleared(kind="initializer", by="trial",
                         interventions=("all initialisers → he_normal",)),
                 Cleared(kind="validation_split", by="repair"), Cleared(kind="shuffle", by="repair")),
        not_tested=(NotTested(what="fewer layers", reason="the budget was spent"),),
        budget=Budget(given="2m", spent=41.2, trainings=2816, steps=3379200,
                      seconds_by_part={"population": 3.1, "trials": 24.0, "search": 14.1}),
        rows=rows, targets=rows, code_layer="dense_1", source=source,
    )  # fmt: skip


def rows_out() -> tuple[tuple[float, ...], ...]:
    """Outputs of a two-bit autoencoder that works."""
    return ((0.01, 0.02), (0.01, 0.99), (0.99, 0.01), (0.99, 0.98))


TWO_BITS = _two_bits()


def _healthy() -> Result:
    source = '"""An autoencoder of digits."""\nmodel.fit(x, x, epochs=50, batch_size=256)\n'
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("digits.py", source),
        fit=Fit(line=2, index=1, of=1, call="model.fit(x, x, epochs=50, batch_size=256)",
                model="Functional", parameters=50992, rows=5000, distinct_rows=5000, updates=1000,
                batch_size=256, epochs=50, loss="binary_crossentropy", optimizer="adam",
                left_out=("callbacks",)),
        outcome="AT_FLOOR", outcome_text="",
        goal=GoalInfo(metric="R²", threshold=0.72, floor=0.0588, baseline=0.266,
                      why="90 % of the way from the best constant output (0) to PCA with 32"
                          " components (0.8): at least 0.72 R²",
                      references={"PCA with 32 components": 0.8}),
        population=PopulationInfo(
            replicas=64, successes=64, success_rate=1.0, ci95=wilson(64, 64),
            loss=LossSpread(median=0.0934, quantiles=(0.0925, 0.093, 0.094, 0.0951)),
            modes=(Mode(share=1.0, loss=0.0934, learned=True),), engine="keras",
            strategy="one after another, a jitted step at a time", seeds=(0, 63)),
        facts=(FindingInfo(check="loss-at-floor", message="The pixels are grey, so binary"
                           " cross-entropy cannot fall below 0.0588 whatever the network does."),),
        suspicions=(), arms=(), repairs=(),
        not_tested=(NotTested(what="dead-relu", kind="check", reason="no ReLU in this network"),),
        budget=Budget(given="2m", spent=88.0, trainings=64, steps=64000), source=source,
    )  # fmt: skip


HEALTHY = _healthy()

XOR_SOURCE = '''\
import keras, numpy as np
x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 50)
y = x[:, 0] ^ x[:, 1]
model = keras.Sequential([
    keras.layers.Dense(4),
    keras.layers.Dense(1, activation="relu"),
])
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
'''


def _needs_company() -> Result:
    source = XOR_SOURCE
    hidden, out = place(source, "keras.layers.Dense(4)"), place(source, 'activation="relu"')
    tanh = edit(source, "Dense(4)", 'Dense(4, activation="tanh")')
    sigmoid = edit(source, '"relu"', '"sigmoid"')
    one, two = "hidden layer linear → tanh", "output relu → sigmoid"
    rows = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("xor.py", source),
        fit=Fit(line=9, index=1, of=1, call="model.fit(x, y, epochs=100)", model="Sequential",
                parameters=17, rows=200, distinct_rows=4, updates=700, batch_size=32, epochs=100,
                loss="mse", optimizer="adam"),
        outcome="STUCK", outcome_text="",
        goal=GoalInfo(metric="accuracy", threshold=0.95, floor=0.0, baseline=0.25,
                      why="as asked: accuracy >= 0.95", ladder=(Rung(loss=0.125, merged="half"),),
                      references={"linear regression": 0.5, "trees": 1.0}),
        population=PopulationInfo(
            replicas=128, successes=0, success_rate=0.0, ci95=wilson(0, 128),
            loss=LossSpread(median=0.25, quantiles=(0.249, 0.25, 0.25, 0.5)),
            modes=(Mode(share=119 / 128, loss=0.2503, ci95=wilson(119, 128),
                        outputs=((0.5,), (0.5,), (0.5,), (0.5,)),
                        reading="one output for everything"),
                   Mode(share=9 / 128, loss=0.5, ci95=wilson(9, 128),
                        outputs=((0.0,), (0.0,), (0.0,), (0.0,)),
                        reading="the output is 0 for everything")),
            engine="keras", strategy="vmap in scan", seeds=(0, 127)),
        facts=(FindingInfo(check="no-nonlinearity", location=hidden,
                           message="No activation stands between the two layers: together they"
                                   " are one linear map."),),
        suspicions=(FindingInfo(check="dead-relu", location=out,
                                message="In 9 of 128 trainings the output is 0 for every input."),),
        arms=(
            placebo("no effect alone", 0, (0, 0, 3), (0, 0), control=0.0, replicas=128),
            arm(one, "activation", "needs company", 3, (2, -1, 7), (3, 0), control=0.0,
                replicas=128, checks=("no-nonlinearity",), at=hidden, edits=(tanh,),
                company=(two,)),
            arm(two, "activation", "needs company", 0, (0, 0, 3), (0, 0), control=0.0,
                replicas=128, checks=("dead-relu",), at=out, edits=(sigmoid,), company=(one,)),
            arm("epochs 100 → 1000", "epochs", "no effect alone", 0, (0, 0, 3), (0, 0), control=0.0,
                replicas=128),
            arm("learning rate 0.001 → 0.01", "learning_rate", "undecided", 6, (5, 0, 10), (6, 0),
                control=0.0, replicas=128, to_decide=512)),
        repairs=(Repair(interventions=(one, two), kinds=("activation", "activation"),
                        success_rate=1.0, successes=128, ci95=wilson(128, 128), replicas=128,
                        applicability="safe", edits=(tanh, sigmoid), cost=4.0, updates=700,
                        diff=diff(source, (tanh, sigmoid), "xor.py"), touches=("activation",),
                        put_back=(put_back(128, 0, of=128), put_back(128, 3, of=128)),
                        outputs=((0.03,), (0.96,), (0.97,), (0.04,))),),
        not_tested=(), budget=Budget(given="5m", spent=131.0, trainings=1024, steps=716800),
        cleared=(Cleared(kind="epochs", by="repair"), Cleared(kind="optimizer", by="repair")),
        own_run=OwnRun(loss=0.2502, learned=False), rows=rows,
        targets=((0.0,), (1.0,), (1.0,), (0.0,)), source=source,
    )  # fmt: skip


NEEDS_COMPANY = _needs_company()


def _inconclusive() -> Result:
    changes = (("hidden layers ×4 units", "capacity", 20), ("depth 6 → 3", "architecture", 12),
               ("learning rate ÷10", "learning_rate", 9))  # fmt: skip
    source = "# a long recurrent network\nmodel.fit(sequences, labels, epochs=20)\n"
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("/home/ada/speech/train.py", source),
        fit=Fit(line=2, index=2, of=3, call="model.fit(sequences, labels, epochs=20)",
                model="Sequential", parameters=1250000, rows=12000, distinct_rows=12000,
                updates=7500, batch_size=32, epochs=20, loss="sparse_categorical_crossentropy",
                optimizer="rmsprop"),
        outcome="INCONCLUSIVE", outcome_text="",
        goal=GoalInfo(metric="accuracy", threshold=0.83, floor=0.0, baseline=2.303,
                      why="90 % of the way from the best constant output (0.1) to boosted trees"
                          " (0.91): at least 0.83 of the answers right",
                      references={"logistic regression": 0.42, "boosted trees": 0.91}),
        population=PopulationInfo(
            replicas=16, successes=0, success_rate=0.0, ci95=wilson(0, 16),
            loss=LossSpread(median=2.291, quantiles=(2.27, 2.28, 2.3, 2.302)),
            modes=(Mode(share=1.0, loss=2.291, ci95=wilson(16, 16)),), engine="keras",
            strategy="one after another, a jitted step at a time", seeds=(7, 22)),
        facts=(), suspicions=(FindingInfo(check="vanishing-gradient", message="The first layer's"
                              " gradient is 1e−6 of the last layer's in 16 of 16 trainings."),),
        arms=(placebo("undecided", 0, (0, 0, 19), (0, 0), control=0.0,
                  replicas=16, to_decide=256),
              *(arm(title, kind, "undecided", n // 10, (n // 2, -10, n + 15), (n // 10, 0),
                    control=0.0, replicas=16, to_decide=128 + n) for title, kind, n in changes)),
        repairs=(),
        not_tested=(NotTested(what="gradient clipping", reason="the budget was spent"),
                    NotTested(what="saturation", kind="check",
                              reason="the layer 'attention' has no activation to look at")),
        budget=Budget(given="10m", spent=603.0, trainings=80, steps=600000),
        notes=("interrupted: the rest is what was known by then",), source=source,
    )  # fmt: skip


INCONCLUSIVE = _inconclusive()


def _diverging() -> Result:
    source = "model.compile(keras.optimizers.SGD(10.0), 'mse')\nmodel.fit(x, y, epochs=5)\n"
    at = place(source, "10.0")
    rate = edit(source, "10.0", "0.01")
    title = "learning rate 10 → 0.01"
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("wine.py", source),
        fit=Fit(line=2, index=1, of=1, call="model.fit(x, y, epochs=5)", model="Sequential",
                parameters=353, rows=400, distinct_rows=398, updates=65, batch_size=32, epochs=5,
                loss="mse", optimizer="SGD"),
        outcome="DIVERGES", outcome_text="",
        goal=GoalInfo(metric="R²", threshold=0.61, floor=0.0, baseline=1.02,
                      why="90 % of the way from the best constant output (0) to ridge regression"
                          " (0.68): at least 0.61 R²", references={"ridge regression": 0.68}),
        population=PopulationInfo(
            replicas=64, successes=0, success_rate=0.0, ci95=wilson(0, 64),
            loss=LossSpread(median=math.nan, quantiles=(41.0, math.nan, math.nan, math.nan)),
            modes=(Mode(share=61 / 64, loss=math.nan, ci95=wilson(61, 64),
                        reading="the loss is not a number from epoch 1 on"),
                   Mode(share=3 / 64, loss=41.3, ci95=wilson(3, 64))),
            engine="keras", strategy="vmap in scan", seeds=(0, 63)),
        facts=(), suspicions=(FindingInfo(check="learning-rate-too-high", location=at, message=(
            "The first update changes the weights by 300 times their own size.")),),
        arms=(placebo("no effect alone", 0, (0, 0, 4), (0, 0), control=0.0, replicas=64),
              arm(title, "learning_rate", "cause", 63, (98, 91, 99), (63, 0), control=0.0,
                  replicas=64, checks=("learning-rate-too-high",), at=at, edits=(rate,), p=2e-19,
                  sickness="The learning rate is too high")),
        repairs=(Repair(interventions=(title,), kinds=("learning_rate",), success_rate=63 / 64,
                        successes=63, ci95=wilson(63, 64), replicas=64, applicability="safe",
                        edits=(rate,), diff=diff(source, (rate,), "wine.py"), cost=1.0,
                        updates=65),),
        not_tested=(), budget=Budget(given="60s", spent=8.4, trainings=192, steps=12480),
        source=source,
    )  # fmt: skip


DIVERGING = _diverging()


def _no_safe_edit() -> Result:
    source = "y = load_prices()\nmodel = build(layers)\nmodel.fit(x, y, epochs=30)\n"
    load = place(source, "load_prices()")
    title = "targets standardized, undone behind the model"
    return Result(
        schema=SCHEMA, tool=TOOL, script=script_info("prices.py", source),
        fit=Fit(line=3, index=1, of=1, call="model.fit(x, y, epochs=30)", model="Subclassed",
                parameters=2817, rows=1000, distinct_rows=1000, updates=960, batch_size=32,
                epochs=30, loss="mse", optimizer="adam"),
        outcome="STUCK", outcome_text="",
        goal=GoalInfo(metric="R²", threshold=0.74, floor=0.0, baseline=1.31e10,
                      why="90 % of the way from the best constant output (0) to ridge regression"
                          " (0.82): at least 0.74 R²", references={"ridge regression": 0.82}),
        population=PopulationInfo(
            replicas=64, successes=0, success_rate=0.0, ci95=wilson(0, 64),
            loss=LossSpread(median=5.32e10, quantiles=(5.3e10, 5.31e10, 5.33e10, 5.34e10)),
            modes=(Mode(share=1.0, loss=5.32e10, ci95=wilson(64, 64)),), engine="keras",
            strategy="vmap in scan", seeds=(0, 63)),
        facts=(FindingInfo(check="unscaled-targets", location=load, message=(
            "The targets' mean is 2e5, and Adam moves the last bias by at most 0.001 in each of the"
            " 960 updates: it ends at 0.96 at most."),
            evidence=(EvidenceInfo(quantity="mean of the targets", value=2e5, threshold=0.96),)),),
        suspicions=(),
        arms=(placebo("no effect alone", 0, (0, 0, 4), (0, 0), control=0.0, replicas=64),
              arm(title, "target_encoding", "cause", 64, (100, 94, 100), (64, 0), control=0.0,
                  replicas=64, checks=("unscaled-targets",), at=load, edits=None, p=1e-19,
                  sickness="Targets far from unit scale take more steps than there are"),
              arm("mean absolute error", "loss", "no effect alone", 0, (0, 0, 4), (0, 0), control=0.0,
                  replicas=64)),
        repairs=(Repair(interventions=(title,), kinds=("target_encoding",), success_rate=1.0,
                        successes=64, ci95=wilson(64, 64), replicas=64, applicability="display",
                        edits=None, diff="", cost=3.0, updates=960),),
        cleared=(Cleared(kind="loss", by="repair"),), not_tested=(),
        budget=Budget(given="2m", spent=19.0, trainings=256, steps=245760),
        source=source,
    )  # fmt: skip


NO_SAFE_EDIT = _no_safe_edit()

BEGINS = dataclasses.replace(
    HEALTHY, outcome="BEGINS", outcome_text="learning begins in 16 of 16 replicas", facts=(),
    fit=dataclasses.replace(HEALTHY.fit, updates=9380, rows=60000, distinct_rows=60000),
    population=dataclasses.replace(HEALTHY.population, replicas=16, successes=16, ci95=wilson(16, 16)),
    horizon=Horizon(updates=400, of=9380, rows=51200, of_rows=60000, full=Full(
        replicas=1, why="90 % of the way", threshold=0.72, own=1, own_score=0.81)),
    not_tested=())
"""A healthy training of minutes, of which the first updates were looked at, and one to its end."""

AT_A_HORIZON = dataclasses.replace(
    NO_SAFE_EDIT,
    horizon=Horizon(updates=400, of=9380, rows=60000, of_rows=60000, next=("optimizer → Adam",),
                    seconds=14.0))
"""A sick one, whose budget ended before all was tried."""

EXAMPLES = {
    "begins": BEGINS,
    "at_a_horizon": AT_A_HORIZON,
    "two_bits": TWO_BITS,
    "healthy": HEALTHY,
    "needs_company": NEEDS_COMPANY,
    "inconclusive": INCONCLUSIVE,
    "diverging": DIVERGING,
    "no_safe_edit": NO_SAFE_EDIT,
}
