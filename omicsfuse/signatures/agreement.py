"""Whether genes stand for their target: agreement in patients who had no part in choosing them."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import AGREEMENT_COLUMNS, Target
from omicsfuse.signatures.agreement_measures import measured, resamples
from omicsfuse.signatures.derived import Derived, Method
from omicsfuse.signatures.scaling import Z_LIMIT
from omicsfuse.signatures.scorers.nearest_template import template_scores
from omicsfuse.signatures.scorers.weighted_z import weighted_scores
from omicsfuse.signatures.target import group_names
from omicsfuse.signatures.training_data import shuffled, take, usable_values
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.intervals import percentile_interval
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.moments import moments
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.tasks import Runner

Positions = npt.NDArray[np.int64]


def cross_validated_agreement(
    values: pd.DataFrame,
    target: Target,
    method: Method,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    columns: Sequence[str] | None = None,
    nearest: bool = False,
    n_folds: int = 5,
    n_repeats: int = 5,
    n_permutations: int = 99,
    random_state: int = 0,
    n_jobs: int = 1,
    options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Choose genes in part of the patients, score the others, and hold their scores against truth.

    Everything, effects of covariates too, is learned in the other folds; a fold without a gene set
    scores 0, which ``note`` says. The target is permuted within folds and all is done again, once:
    against the mean over repeats p errs on the safe side. The interval is a bootstrap over patients
    with gene sets fixed. Ambroise and McLachlan 2002, PNAS 99:6562-6566; Ojala and Garriga 2010, J
    Mach Learn Res 11:1833-1863.
    """
    n = len(values)
    n_folds = min(whole_number(n_folds, "n_folds", 2), n)
    n_repeats = whole_number(n_repeats, "n_repeats", 1)
    n_permutations = whole_number(n_permutations, "n_permutations", 0)
    once = np.ones((1, n))
    folds = [_folds(target, n_folds, random_state, repeat) for repeat in range(n_repeats)]
    orders = _orders(target, folds[0], n_permutations, random_state)
    tasks = []
    for repeat, fold_of in enumerate(folds):
        for fold in range(n_folds):
            test = np.flatnonzero(fold_of == fold)
            train = np.flatnonzero(fold_of != fold)
            tasks.append(_Task(repeat, train, test, orders if repeat == 0 else []))
    choose = _Choice(method, n_genes, random_state, nearest, dict(options or {}))
    done = Runner(n_jobs).map(
        _fold, tasks, values, target, covariates, choose, label="cross-validation"
    )
    if columns is None:
        names = group_names(target) if target.kind == "groups" else []
        scored = {name for held in done for fold in held for name in fold.columns}
        columns = [name for name in names if name in scored] + sorted(scored - set(names))
    observed = _pooled(tasks, done, 0, n, columns, range(n_repeats))
    truth = _measure(target, columns, observed, once)
    spread = _measure(target, columns, observed, resamples(n, seed(random_state)))
    null: dict[tuple[str, str], list[float]] = {key: [] for key in truth}
    for i, order in enumerate(orders):
        scores = _pooled(tasks, done, i + 1, n, columns, [0])
        permuted = shuffled(target, order)
        for key, value in _measure(permuted, columns, scores, once).items():
            null[key].append(float(value[0]))
    empty = {name: sum(name not in held[0].columns for held in done) for name in columns}
    rows = []
    for (name, measure), value in truth.items():
        rows.append(
            _row(name, measure, float(value[0]), spread[name, measure], null[name, measure], n)
        )
        lost = empty[name] if name else max(empty.values())
        if lost:
            rows[-1]["note"] = _joined(
                rows[-1]["note"], f"no genes selected in {lost} of {len(tasks)} folds"
            )
    table = pd.DataFrame(rows, columns=[*AGREEMENT_COLUMNS, "by_luck"])
    return table.astype({"n": "int64", "by_luck": bool})


def warn_of_disagreement(agreement: pd.DataFrame, name: str) -> None:
    """Say so where a gene set does not stand for its target."""
    failed = agreement[agreement["by_luck"]]
    if failed.empty:
        return
    some = "" if len(failed) == len(agreement) else "some of "
    said = "; ".join(
        f"{row['measure']}{' of ' + row['score'] if row['score'] else ''} {row['value']:.2f} "
        f"({row['ci_low']:.2f} to {row['ci_high']:.2f}; by chance {row['by_chance']:.2f}, "
        f"p = {row['p']:.2g})"
        for row in failed.to_dict("records")
    )
    warnings.warn(
        f"signature: {some}the scores do not predict {name}: agreement in held-out patients "
        f"is not above chance: {said}.",
        OmicsfuseWarning,
        stacklevel=3,
    )


class _Task(NamedTuple):
    """One fold: who chooses, who is scored, and the orders in which the target is shuffled."""

    repeat: int
    train: Positions
    test: Positions
    orders: list[Positions]


class _Choice(NamedTuple):
    """How genes are chosen and patients scored."""

    method: Method
    n_genes: int
    random_state: int
    nearest: bool
    options: dict[str, Any]


class _Held(NamedTuple):
    """Scores of the held-out patients of a fold; no columns where no gene set was found."""

    columns: list[str]
    scores: Array


def _fold(
    values: pd.DataFrame,
    target: Target,
    covariates: pd.DataFrame | None,
    choose: _Choice,
    task: _Task,
) -> list[_Held]:
    """Choose genes in the training patients, for the target and for each shuffled one."""
    training = usable_values(values.iloc[task.train])
    held = values.iloc[task.test][training.columns].to_numpy(dtype=float)
    everybody = np.arange(len(values))
    held_out = []
    for order in [everybody, *task.orders]:
        rows = order[task.train]
        training_target = take(shuffled(target, order), task.train)
        adjust = None if covariates is None else covariates.iloc[rows].set_axis(training.index)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What is doubtful in a fold is counted, not told.
            try:
                derived = choose.method(
                    training,
                    training_target,
                    covariates=adjust,
                    n_genes=choose.n_genes,
                    random_state=choose.random_state,
                    **choose.options,
                )
            except SignatureError:
                held_out.append(_Held([], np.zeros((len(task.test), 0))))
                continue
        scored = _scored(derived, training, held, choose.nearest)
        if covariates is not None and adjust is not None:
            known, new = adjust, covariates.iloc[order[task.test]]
            fitted = _scored(derived, training, training.to_numpy(), choose.nearest).scores
            owed = _owed(fitted, known.to_numpy(dtype=float), new.to_numpy(dtype=float))
            scored = scored._replace(scores=scored.scores - owed)
        held_out.append(scored)
    return held_out


def _scored(derived: Derived, training: pd.DataFrame, held: Array, nearest: bool) -> _Held:
    """Score held-out patients by means and standard deviations of the training patients."""
    weights = derived.weights
    positions = training.columns.get_indexer(weights.index)
    spread = moments(training.to_numpy()[:, positions])
    z = np.clip((held[:, positions] - spread.mean) / spread.sd, -Z_LIMIT, Z_LIMIT)
    z = np.nan_to_num(z)
    score = template_scores if nearest else weighted_scores
    scores = score(z, weights.to_numpy(dtype=float))
    return _Held([str(name) for name in weights.columns], np.nan_to_num(scores))


def _owed(scores: Array, known: Array, new: Array) -> Array:
    """What scores of new patients owe to covariates, by least squares in those who are known."""
    mean = known.mean(axis=0)
    slopes = np.linalg.lstsq(known - mean, scores - scores.mean(axis=0), rcond=None)[0]
    owed: Array = np.einsum("ic,cs->is", new - mean, slopes)
    return owed


def _pooled(
    tasks: list[_Task],
    done: list[list[_Held]],
    which: int,
    n: int,
    columns: Sequence[str],
    repeats: Sequence[int] | range,
) -> tuple[Array, Array]:
    """Scores (repeats, patients, columns) of one target, and which of them there are."""
    scores = np.zeros((len(repeats), n, len(columns)))
    there = np.zeros(scores.shape, dtype=bool)
    for task, held in zip(tasks, done, strict=True):
        if task.repeat not in repeats:
            continue
        scored = held[which]
        for j, name in enumerate(columns):
            if name in scored.columns:
                scores[task.repeat, task.test, j] = scored.scores[:, scored.columns.index(name)]
                there[task.repeat, task.test, j] = True
    return scores, there


def _measure(
    target: Target, columns: Sequence[str], pooled: tuple[Array, Array], counts: Array
) -> dict[tuple[str, str], Array]:
    """All measures; patients are assigned to the largest of the scores they have."""
    scores, there = pooled
    assigned = None
    if target.kind == "groups" and len(columns) > 1:
        assigned = np.where(there, scores, -np.inf).argmax(axis=2)
        assigned = np.where(there.any(axis=2), assigned, -1)
    return measured(target, columns, scores, assigned, counts)


def _row(
    name: str, measure: str, value: float, spread: Array, null: list[float], n: int
) -> dict[str, Any]:
    """One row of the table, with what it means."""
    low, high = percentile_interval(spread)
    by_chance, p, by_luck = float("nan"), float("nan"), False
    if null:
        by_chance = float(np.mean(null))
        # Values that are equal but for rounding are equal.
        p = permutation_p(sum(other >= value - 1e-12 for other in null), len(null))
        # Too few permutations cannot give a small p-value; the interval has to do then.
        large = p > SIGNIFICANCE and permutation_p(0, len(null)) <= SIGNIFICANCE
        by_luck = bool(large or not low > by_chance)
    return {
        "score": name,
        "measure": measure,
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "by_chance": by_chance,
        "p": p,
        "n": n,
        "note": "not above chance: these genes do not predict the target" * by_luck,
        "by_luck": by_luck,
    }


def _joined(first: str, second: str) -> str:
    return "; ".join(part for part in (first, second) if part)


def _strata(target: Target) -> npt.NDArray[Any]:
    """What every fold should have as much of: groups, or events; nothing for a number."""
    values = target.values  # noqa: PD011 - a field of ours
    if target.kind == "groups":
        return values.to_numpy(dtype=object)
    if target.kind == "survival":
        return values["event"].to_numpy()
    return np.zeros(len(values))


def _folds(target: Target, n_folds: int, random_state: int, repeat: int) -> Positions:
    """Fold of each patient: dealt out in turn, stratum by stratum, so that all are as large."""
    rng = np.random.default_rng([seed(random_state), 4, repeat])
    strata = _strata(target)
    dealt = np.concatenate(
        [rng.permutation(np.flatnonzero(strata == stratum)) for stratum in sorted(set(strata))]
    )
    fold_of = np.empty(len(strata), dtype=np.int64)
    fold_of[dealt] = np.arange(len(strata)) % n_folds
    return fold_of


def _orders(
    target: Target, fold_of: Positions, n_permutations: int, random_state: int
) -> list[Positions]:
    """Whose value each patient gets, in each permutation."""
    rng = np.random.default_rng([seed(random_state), 5])
    if target.kind == "continuous":
        return [rng.permutation(len(fold_of)) for _ in range(n_permutations)]
    orders = []
    for _ in range(n_permutations):
        order = np.arange(len(fold_of))
        for fold in range(int(fold_of.max()) + 1):
            rows = np.flatnonzero(fold_of == fold)
            order[rows] = rng.permutation(rows)
        orders.append(order)
    return orders
