"""Faults put into the autoencoders of `examples/`, each as a change of a line or two.

A fault names the checks or kinds of change of which one must be shown to matter (`proved`), or the
facts that must be stated (`stated`) where the training reaches what its own code allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
HEALTHY = ("bits", "two_bits_gaussian", "two_bits_flipped", "digits", "mnist_simple", "mnist_sparse",
           "mnist_deep", "mnist_convolutional", "mnist_denoising", "mnist_seq2seq",
           "mnist_variational")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way of spoiling an example: texts that stand in it once, and what stands there then."""

    example: str
    name: str
    edits: tuple[tuple[str, str], ...]
    proved: frozenset[str] = frozenset()
    stated: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The example and the fault in one word."""
        return f"{self.example}-{self.name}"

    def text(self) -> str:
        """The spoiled script. Raises ValueError where a text does not stand in it exactly once."""
        source = (EXAMPLES / f"{self.example}.py").read_text(encoding="utf-8")
        for old, new in self.edits:
            if source.count(old) != 1:
                raise ValueError(f"{self.id}: {old!r} stands {source.count(old)} times in it")
            source = source.replace(old, new)
        return source


def _fault(
    example: str, name: str, *edits: tuple[str, str], proved: str = "", stated: str = ""
) -> Fault:
    return Fault(example=example, name=name, edits=edits, proved=frozenset(proved.split()),
                 stated=frozenset(stated.split()))


_ADAM = 'optimizer="adam"'
_SCALED = ('(mnist_data()[0] / 255)', '(mnist_data()[0] / 1)')
_IMAGES = ('(mnist_data()[0][::10] / 255)', '(mnist_data()[0][::10] / 1)')
_RATE = "learning_rate learning-rate-too-high"
_SLOW = "optimizer learning_rate epochs optimizer-barely-moves few-updates learning-rate-too-low"

FAULTS = (
    _fault("bits", "code_of_one", ("code = 3", "code = 1"), proved="narrow-layer capacity"),
    _fault("bits", "rate_too_low", ("Adam(0.01)", "Adam(0.00001)"), proved=_SLOW),
    _fault("bits", "plain_sgd", ("optimizer=Adam(0.01)", 'optimizer="sgd"'), proved=_SLOW),
    _fault("two_bits_gaussian", "one_unit", ("Dense(16,", "Dense(1,"), proved="capacity"),
    _fault("two_bits_gaussian", "rate_too_high", ("Adam(0.01)", "Adam(30.0)"), proved=_RATE),
    _fault("two_bits_gaussian", "swapped", ("fit(noisy, clean,", "fit(clean, noisy,"),
           stated="denoising-target-is-noisy"),
    _fault("two_bits_flipped", "plain_sgd", ("optimizer=Adam(0.01)", 'optimizer="sgd"'),
           proved=_SLOW),
    _fault("two_bits_flipped", "zeros", ('Dense(16, activation="tanh")',
                                         'Dense(16, activation="tanh", kernel_initializer="zeros")'),
           ('Dense(6, activation="sigmoid")',
            'Dense(6, activation="sigmoid", kernel_initializer="zeros")'),
           proved="initializer constant-initializer"),
    _fault("two_bits_flipped", "relu_output", ('Dense(6, activation="sigmoid")',
                                               'Dense(6, activation="relu")'),
           proved="activation loss"),
    _fault("digits", "code_of_one", ("Dense(16, ", "Dense(1, "), stated="code-too-narrow"),
    _fault("digits", "rate_too_high", (_ADAM, "optimizer=keras.optimizers.Adam(1.0)"),
           ("from keras import", "import keras\nfrom keras import"), proved=_RATE),
    _fault("digits", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("digits", "relu_output", ('Dense(64, activation="sigmoid")',
                                     'Dense(64, activation="relu")'), proved="activation loss"),
    _fault("mnist_simple", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("mnist_simple", "rate_too_high", (_ADAM, "optimizer=keras.optimizers.Adam(1.0)"),
           ("from keras import", "import keras\nfrom keras import"), proved=_RATE),
    _fault("mnist_simple", "unscaled", _SCALED,
           proved="loss target_encoding activation", stated="loss-does-not-suit-targets"),
    _fault("mnist_simple", "code_of_one", ("Dense(32, ", "Dense(1, "), stated="code-too-narrow"),
    _fault("mnist_simple", "few_updates", ("epochs=50, batch_size=64", "epochs=1, batch_size=5000"),
           proved="epochs batch_size few-updates large-batch learning_rate"),
    _fault("mnist_sparse", "penalty_of_10", ("L1(10e-5)", "L1(10)"), proved="regularization"),
    _fault("mnist_sparse", "no_effect", ("L1(10e-5)", "L1(1e-9)"),
           stated="sparsity-penalty-without-effect"),
    _fault("mnist_sparse", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("mnist_deep", "zeros", ('Dense(32, activation="relu")',
                                   'Dense(32, activation="relu", kernel_initializer="zeros")'),
           proved="initializer constant-initializer dead-relu activation"),
    _fault("mnist_deep", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("mnist_deep", "dead_code", ('Dense(32, activation="relu")',
                                       'Dense(32, activation="relu", bias_initializer='
                                       'keras.initializers.Constant(-5.0))'),
           ("from keras import", "import keras\nfrom keras import"),
           proved="activation dead-relu code-units-unused"),
    _fault("mnist_convolutional", "rate_too_high", (_ADAM, "optimizer=keras.optimizers.Adam(1.0)"),
           ("from keras import", "import keras\nfrom keras import"), proved=_RATE),
    _fault("mnist_convolutional", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("mnist_convolutional", "dropout",
           ("hidden = Conv2D(8, (3, 3), activation=\"relu\", padding=\"same\")(encoded)",
            "encoded = Dropout(0.95)(encoded)\n"
            "hidden = Conv2D(8, (3, 3), activation=\"relu\", padding=\"same\")(encoded)"),
           ("import Conv2D,", "import Dropout, Conv2D,"), proved="regularization strong-dropout"),
    _fault("mnist_denoising", "noisy_target", ("denoiser.fit(noisy, x,", "denoiser.fit(x, noisy,"),
           stated="denoising-target-is-noisy"),
    _fault("mnist_denoising", "no_noise", ("denoiser.fit(noisy, x,", "denoiser.fit(x, x,"),
           stated="identity-shortcut"),
    _fault("mnist_denoising", "plain_sgd", (_ADAM, 'optimizer="sgd"'), proved=_SLOW),
    _fault("mnist_seq2seq", "unscaled", _IMAGES, stated="output-cannot-reach-targets"),
    _fault("mnist_seq2seq", "code_of_one", ("LSTM(32)", "LSTM(1)"), stated="code-too-narrow"),
    _fault("mnist_seq2seq", "clipped_away", ("Adam(0.01)", "SGD(0.01, clipnorm=1e-4)"),
           ("import Adam", "import SGD"), proved=f"clipping {_SLOW}"),
    _fault("mnist_variational", "mean_over_pixels", (", loss_weights=[784.0]", ""),
           proved="posterior-collapse loss"),
    _fault("mnist_variational", "beta_of_100", ("ops.mean(divergence)", "100 * ops.mean(divergence)"),
           proved="posterior-collapse loss"),
    _fault("mnist_variational", "plain_sgd", (_ADAM, "optimizer=keras.optimizers.SGD(1e-7)"),
           proved=_SLOW),
)
