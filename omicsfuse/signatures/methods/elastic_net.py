"""Genes of a penalised regression of the target, the penalty chosen by cross-validation."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.elastic_net_cv import (
    RULES,
    CrossValidation,
    chosen_step,
    cross_validate,
    folds_of,
    penalties,
    standard_of,
)
from omicsfuse.signatures.elastic_net_path import Outcome, elastic_net_path
from omicsfuse.stats.arrays import Array

#: Fewest patients, patients of a group and of the others, and events.
MINIMUM_PATIENTS = 10
MINIMUM_GROUP = 8
MINIMUM_EVENTS = 10

#: Genes that a signature gets where no gate is asked for.
UNGATED_GENES = 5


def elastic_net(
    values: pd.DataFrame,
    target: Target,
    *,
    covariates: pd.DataFrame | None = None,
    n_genes: int = 50,
    random_state: int = 0,
    l1_ratios: Sequence[float] = (0.5, 0.9),
    rule: str = "minimum",
    n_folds: int = 5,
    n_penalties: int = 60,
    smallest_penalty: float = 0.05,
    minimum_group: int = MINIMUM_GROUP,
    gate: bool = True,
) -> Derived:
    """Choose the genes that an elastic net regression of the target gives a coefficient.

    Least squares, logistic (each group against the rest) or Cox; penalties by cross-validation
    inside these patients, at most ``n_genes``; covariates unpenalised; weights per SD;
    ``stability`` is the share of folds. Of pure noise a third to a half have a gene (100 patients,
    500 genes) under ``"minimum"``, a few per cent under ``"one_standard_error"``. Zou and Hastie
    2005, J R Stat Soc B 67:301-320; Friedman et al. 2010, J Stat Softw 33(1); Simon et al. 2011,
    39(5).
    """
    settings = _checked(
        {
            "n_genes": n_genes,
            "random_state": random_state,
            "l1_ratios": l1_ratios,
            "rule": rule,
            "n_folds": n_folds,
            "n_penalties": n_penalties,
            "smallest_penalty": smallest_penalty,
            "minimum_group": minimum_group,
            "gate": gate,
        }
    )
    x = np.ascontiguousarray(values.to_numpy(dtype=float))
    extra = np.empty((len(x), 0)) if covariates is None else covariates.to_numpy(dtype=float)
    outcomes, mirrored = _outcomes(target, settings["minimum_group"])
    fits, without = {}, {}
    for score, outcome in outcomes.items():
        fit = _fit(x, outcome, extra, settings)
        if fit.weights.any():
            fits[score] = fit
        else:
            without[score] = fit
    if not fits:
        worst = next(iter(without.values()))
        raise SignatureError(
            f"elastic net: no gene predicts target {target.name} in held-out patients: the "
            "cross-validated deviance "
            + ("is lowest" if rule == "minimum" else "is within one standard error of the lowest")
            + f" without genes ({worst.table['deviance'].min():.4g} of {len(x)} patients). "
            "Use another target, or a simpler method, such as correlation."
        )
    if mirrored:
        (score, fit), other = next(iter(fits.items())), mirrored
        fits = {score: fit, other: fit._replace(weights=-fit.weights)}
    if without:
        warnings.warn(
            f"elastic net: the model of {', '.join(without)} of target {target.name} is best "
            "without genes: no score for it.",
            OmicsfuseWarning,
            stacklevel=2,
        )
    names = np.asarray(values.columns, dtype=object)
    weights = pd.DataFrame({s: fit.weights for s, fit in fits.items()}, index=names)
    shown = {**fits, **without}
    genes = pd.concat(
        [
            pd.DataFrame({"score": s, "gene": names, "weight": f.weights, "stability": f.stability})
            for s, f in shown.items()
        ],
        ignore_index=True,
    )
    tables = [fit.table.assign(score=score) for score, fit in shown.items()]
    validation = pd.concat(tables, ignore_index=True)
    return Derived(
        weights=weights[(weights != 0).any(axis=1)].rename_axis(index="gene"),
        genes=genes,
        settings={
            **settings,
            "covariates": [] if covariates is None else [str(c) for c in covariates.columns],
            "chosen": {
                score: {"l1_ratio": fit.l1_ratio, "penalty": fit.strength}
                for score, fit in fits.items()
            },
        },
        details={"cross_validation": validation[["score", *validation.columns.drop("score")]]},
    )


class _Fit(NamedTuple):
    """The model of one score."""

    weights: Array
    stability: Array
    l1_ratio: float
    strength: float
    table: pd.DataFrame


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in plain types, refusing those that are not valid."""
    for name, low in (("n_genes", 1), ("n_folds", 3), ("n_penalties", 2), ("minimum_group", 3)):
        settings[name] = whole_number(settings[name], name, low)
    ratios = settings["l1_ratios"]
    if not isinstance(ratios, Iterable):
        ratios = [ratios]
    ratios = list(ratios)
    if not ratios or not all(isinstance(r, int | float) and 0 < r <= 1 for r in ratios):
        raise StudyError(
            f"elastic net: l1_ratios is {settings['l1_ratios']!r}; it must be numbers above 0 "
            "and at most 1 (0 selects no genes)."
        )
    settings["l1_ratios"] = [float(r) for r in ratios]
    if settings["rule"] not in RULES:
        raise StudyError(
            f"elastic net: rule is {settings['rule']!r}; it must be one of {', '.join(RULES)}."
        )
    smallest = settings["smallest_penalty"]
    if not isinstance(smallest, int | float) or not 1e-6 <= smallest < 1:
        raise StudyError(
            f"elastic net: smallest_penalty is {smallest!r}; it must be from 1e-6 to below 1."
        )
    settings["gate"] = bool(settings["gate"])
    return settings


def _outcomes(target: Target, minimum_group: int) -> tuple[dict[str, Outcome], str]:
    """Outcome of each score; of two groups one, and the name of the other, which mirrors it."""
    given = target.values  # noqa: PD011 - a field of ours
    n = len(given)
    if n < MINIMUM_PATIENTS:
        raise SignatureError(
            f"elastic net: {n} patients have expression and target {target.name}; at least "
            f"{MINIMUM_PATIENTS} are needed."
        )
    if isinstance(given, pd.DataFrame):
        event = given["event"].to_numpy(dtype=float)
        if event.sum() < MINIMUM_EVENTS:
            raise SignatureError(
                f"elastic net: {int(event.sum())} events among {n} patients with expression; at "
                f"least {MINIMUM_EVENTS} are needed for target {target.name}."
            )
        return {target.name: Outcome("cox", given["time"].to_numpy(dtype=float), event)}, ""
    if target.kind == "continuous":
        y = given.to_numpy(dtype=float)
        y = standard_of(y[:, None]).apply(y[:, None])[:, 0]
        if not y.any():
            raise SignatureError(
                f"elastic net: target {target.name} is the same in all {n} patients."
            )
        return {target.name: Outcome("gaussian", y, np.ones(n))}, ""
    groups = given.astype(str)
    sizes = groups.value_counts().sort_index()
    good = [str(g) for g, size in sizes.items() if min(size, n - size) >= minimum_group]
    small = [f"{group} ({size} of {n})" for group, size in sizes.items() if group not in good]
    if not good:
        raise SignatureError(
            f"elastic net: no group of target {target.name} has {minimum_group} patients, and as "
            f"many others, with expression: {', '.join(small)}."
        )
    if small:
        warnings.warn(
            f"elastic net: too few patients in, or outside, {', '.join(small)} of target "
            f"{target.name}, at least {minimum_group} are needed: no score for it.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    mirrored = good.pop() if len(sizes) == 2 else ""
    inside = {group: np.where(groups == group, 1.0, 0.0) for group in good}
    return {g: Outcome("binomial", y, np.ones(n)) for g, y in inside.items()}, mirrored


def _fit(x: Array, outcome: Outcome, extra: Array, settings: dict[str, Any]) -> _Fit:
    """Choose ratio and penalty among the models that are small enough."""
    z, covariates = standard_of(x).apply(x), standard_of(extra).apply(extra)
    folds = folds_of(outcome, _n_folds(outcome, settings["n_folds"]), settings["random_state"])
    most = settings["n_genes"]
    paths = []
    for ratio in sorted(settings["l1_ratios"], reverse=True):
        strengths = penalties(
            z, outcome, ratio, covariates, settings["n_penalties"], settings["smallest_penalty"]
        )
        if not strengths[0] > 0:
            raise SignatureError(
                "elastic net: no gene is associated with the target after adjustment for the "
                "covariates, even in the training patients."
            )
        paths.append((ratio, elastic_net_path(z, outcome, strengths, ratio, covariates, most=most)))
    series = [(ratio, path.strengths) for ratio, path in paths]
    validations = cross_validate(x, outcome, series, folds, extra)
    lowest, best, tables = np.inf, None, []
    for (ratio, path), validation in zip(paths, validations, strict=True):
        sizes = (path.coefficients != 0).sum(axis=1)
        step = _step(validation, sizes, settings)
        reached = float(validation.deviance[sizes <= most].min())
        if reached < lowest:
            lowest, best = reached, (ratio, path, validation, step)
        tables.append(
            pd.DataFrame(
                {
                    "l1_ratio": ratio,
                    "penalty": path.strengths,
                    "n_genes": sizes,
                    "deviance": validation.deviance,
                    "se": validation.se,
                }
            )
        )
    if best is None:
        raise StudyError("elastic net: l1_ratios is empty.")
    ratio, path, validation, step = best
    table = pd.concat(tables, ignore_index=True)
    strength = float(path.strengths[step])
    table["chosen"] = (table["l1_ratio"] == ratio) & (table["penalty"] == strength)
    weights = path.coefficients[step].copy()
    # Only where more than n_genes genes entered at one penalty, and there is no gate.
    weights[np.argsort(-np.abs(weights), kind="stable")[most:]] = 0.0
    return _Fit(weights, validation.selected[step], ratio, strength, table)


def _step(validation: CrossValidation, sizes: np.ndarray, settings: dict[str, Any]) -> int:
    """Position of the penalty taken, among those with at most ``n_genes`` genes."""
    allowed = int((sizes <= settings["n_genes"]).cumprod().sum())
    step = chosen_step(CrossValidation(*(part[:allowed] for part in validation)), settings["rule"])
    if settings["gate"]:
        return step
    enough = np.flatnonzero(sizes >= min(UNGATED_GENES, settings["n_genes"]))
    least = int(enough[0]) if len(enough) else len(sizes) - 1
    return max(step, least)


def _n_folds(outcome: Outcome, n_folds: int) -> int:
    if outcome.family == "binomial":
        return min(n_folds, int(outcome.y.sum()), int((1 - outcome.y).sum()))
    if outcome.family == "cox":
        return min(n_folds, int(outcome.event.sum()))
    return min(n_folds, len(outcome.y))
