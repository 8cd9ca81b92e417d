"""What plain methods reach on the same data in no time, by cross-validation.

Scores are the yardstick's own (accuracy or R²), out of sample except for PCA, which bounds every
linear autoencoder of its code size (Eckart and Young 1936). At most `ROWS` rows are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plain_methods import one_thread_each
from .tasks import Task

Array = NDArray[Any]
ROWS = 2000
COLUMNS = 256
TREE_CELLS = 50_000
"""Largest rows × columns × classes or outputs for which boosted trees are asked: about 2 s."""
FOLDS = 5
FEW = 64
"""Of very many columns so many are asked by themselves, where all else sees nothing."""
SMOOTH_ROWS = 500
SMOOTH_COLUMNS = 16
"""Most rows and columns for which kernel regression is asked, where all else sees nothing: 1 s."""


def reference_scores(x: Array, task: Task, *, seed: int = 0) -> dict[str, float]:
    """Scores of plain methods by name; empty where there are too few rows to cross-validate.

    Args:
        x: inputs [row, column], finite.
        task: the targets of the same rows.
        seed: for the folds and the subsample.
    """
    truth = task.truth()
    if len(x) < 20 or task.kind == "constant":
        return {}
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(x))[:ROWS]
    x, truth = x[rows], truth[rows]
    scores = {}
    with one_thread_each():
        if x.shape[1] > COLUMNS:
            x = _compressed(x, seed)
        for name, method in _methods(task, x, truth, seed).items():
            score = _cross_validated(method, x, truth, task, seed)
            if score is not None:
                scores[name] = score
    return scores


def place_scores(
    x: Array, task: Task, of_row: Array, *, words: bool, seed: int = 0
) -> dict[str, float]:
    """Scores of plain methods on places; those of one row are held out together.

    Args:
        x: what is at and around each place [place, column].
        task: the targets of the same places.
        of_row: the row that each place belongs to [place].
        words: columns are indices of words, not quantities.
        seed: for the trees.
    """
    truth, scores = task.truth(), {}
    if len(np.unique(of_row)) < FOLDS:
        return {}
    with one_thread_each():
        methods = _of_words(task) if words else _methods(task, x, truth, seed)
        for name, method in methods.items():
            score = _cross_validated(method, x, truth, task, seed, together=of_row)
            if score is not None:
                scores[f"{name}, place by place"] = score
    return scores


def smooth_score(x: Array, task: Task, *, seed: int = 0) -> float | None:
    """R² of kernel regression, which sees functions that turn often, such as a sine over many periods.

    Width and ridge of the Gaussian kernel are chosen within each fold's training rows. `None` for
    classes, and for more than `SMOOTH_COLUMNS` columns, where nothing is near anything.

    Args:
        x: inputs [row, column], finite; at most `SMOOTH_ROWS` of them are used.
        task: the targets of the same rows.
        seed: for the folds and the subsample.
    """
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task.discrete or task.kind == "constant" or len(x) < 20 or x.shape[1] > SMOOTH_COLUMNS:
        return None
    rows = np.random.default_rng(seed).permutation(len(x))[:SMOOTH_ROWS]
    truth = task.truth()[rows]
    widths = {"gamma": np.logspace(-2, 4, 9), "alpha": [1e-3, 1e-1]}
    method = make_pipeline(
        StandardScaler(), GridSearchCV(KernelRidge(kernel="rbf"), widths, cv=3))
    with one_thread_each():
        return _cross_validated(method, x[rows], truth, task, seed)


def few_columns_score(x: Array, task: Task, *, seed: int = 0) -> float | None:
    """The score of a linear method on the few of very many columns that say most, each by itself.

    What single columns say is lost among the main components of all, such as the last letter of forty.
    The columns are chosen within each fold's training rows, by their F statistic. `None` for `COLUMNS`
    or fewer, which are all asked, and for several numbers a row.

    Args:
        x: inputs [row, column], finite; at most `ROWS` of them are used.
        task: the targets of the same rows.
        seed: for the folds and the subsample.
    """
    from sklearn.feature_selection import SelectKBest, f_classif, f_regression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    truth = task.truth()
    if len(x) < 20 or task.kind == "constant" or x.shape[1] <= COLUMNS or truth.shape[1] > 1:
        return None
    rows = np.random.default_rng(seed).permutation(len(x))[:ROWS]
    columns = x[rows][:, x[rows].std(0) > 0]
    method = make_pipeline(
        SelectKBest(f_classif if task.discrete else f_regression, k=min(FEW, columns.shape[1])),
        StandardScaler(), _linear(task))
    with one_thread_each():
        return _cross_validated(method, columns, truth[rows], task, seed)


def later_score(x: Array, task: Task) -> float | None:
    """The score on the last third of the rows of a plain method fitted on those before them.

    For rows in the order of time, of which neighbours must not be held out one by one.

    Args:
        x: inputs [row, column], finite.
        task: the targets of the same rows.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    truth = task.truth()
    first, rest = np.split(np.arange(len(x)), [2 * len(x) // 3])
    method = make_pipeline(
        StandardScaler(), PolynomialFeatures(2 if x.shape[1] <= 16 else 1), StandardScaler(),
        _linear(task))
    predicted = np.zeros((len(rest), truth.shape[1]))
    with one_thread_each():
        for column in range(truth.shape[1]):
            goal = truth[first, column]
            predicted[:, column] = goal[0] if len(np.unique(goal)) == 1 else method.fit(
                x[first], goal).predict(x[rest])
    if task.discrete:
        return float((predicted == truth[rest]).mean())
    share = np.full(len(rest), 1.0 / len(rest))
    return float(task.closeness(predicted[None], truth[rest], share)[0]) if (
        truth[rest].std(0).any()) else None


def pca_score(x: Array, components: int, *, by_column: bool = False) -> float:
    """R² of the best linear autoencoder with that code size, on the rows given.

    `by_column`: the mean of the columns' own R², which the components of the standardised columns
    make largest.
    """
    centred = x - x.mean(0)
    if by_column:
        spread = centred.std(0)
        centred = centred[:, spread > 0] / spread[spread > 0]
    total = float((centred**2).sum())
    if not total:
        return 1.0
    squares = np.linalg.svd(centred, compute_uv=False) ** 2
    return float(squares[:components].sum() / total)


def _compressed(x: Array, seed: int) -> Array:
    from sklearn.decomposition import PCA

    parts = min(64, len(x) - 1)
    compressed: Array = PCA(parts, random_state=seed).fit_transform(x)
    return compressed


def _linear(task: Task) -> Any:
    """The linear method: logistic regression for classes, ridge regression for numbers."""
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return LogisticRegression(max_iter=200) if task.discrete else RidgeCV(np.logspace(-4, 4, 9))


def _methods(task: Task, x: Array, truth: Array, seed: int) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = len(np.unique(truth)) if task.discrete else 1
    small_enough = x.size * truth.shape[1] * max(1, classes - 1) <= TREE_CELLS
    if task.discrete:
        if truth.shape[1] > 16:
            return {"nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier())}
        found: dict[str, Any] = {
            "logistic regression": make_pipeline(StandardScaler(), _linear(task)),
            "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(5)),
        }
        if small_enough:
            found["boosted trees"] = HistGradientBoostingClassifier(
                max_iter=60, random_state=seed)
        return found
    found = {
        "ridge regression": make_pipeline(StandardScaler(), _linear(task)),
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsRegressor(5)),
    }
    if small_enough:
        found["boosted trees"] = HistGradientBoostingRegressor(max_iter=100, random_state=seed)
    return found


def _of_words(task: Task) -> dict[str, Any]:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    each = OneHotEncoder(handle_unknown="ignore")
    if task.discrete:
        return {"logistic regression": make_pipeline(each, LogisticRegression(max_iter=200))}
    return {"ridge regression": make_pipeline(each, Ridge())}


def _cross_validated(
    method: Any, x: Array, truth: Array, task: Task, seed: int, *, together: Array | None = None
) -> float | None:
    """The score on rows held out; those with the same number in `together` are held out together."""
    from sklearn.base import clone
    from sklearn.model_selection import GroupKFold, KFold

    predicted = np.zeros(truth.shape, dtype=np.float64)
    folds = (KFold(FOLDS, shuffle=True, random_state=seed) if together is None
             else GroupKFold(FOLDS))
    try:
        for train, test in folds.split(x, groups=together):
            if _takes_many(method):
                predicted[test] = np.reshape(
                    clone(method).fit(x[train], _squeezed(truth[train])).predict(x[test]),
                    truth[test].shape)
                continue
            for column in range(truth.shape[1]):
                goal = truth[train, column]
                if len(np.unique(goal)) == 1:
                    predicted[test, column] = goal[0]
                    continue
                predicted[test, column] = clone(method).fit(x[train], goal).predict(x[test])
    except ValueError:
        return None
    if task.discrete:
        return float((predicted == truth).mean())
    share = np.full(len(truth), 1.0 / len(truth))
    return float(task.closeness(predicted[None], truth, share)[0]) if truth.std(0).any() else None


def _takes_many(method: Any) -> bool:
    last = method.steps[-1][1] if hasattr(method, "steps") else method
    return type(last).__name__ in (
        "RidgeCV", "KNeighborsRegressor", "KNeighborsClassifier", "GridSearchCV")


def _squeezed(truth: Array) -> Array:
    return truth[:, 0] if truth.shape[1] == 1 else truth
