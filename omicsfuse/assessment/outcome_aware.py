"""Features or k chosen with the outcome, and the one test that is still valid then.

Features chosen by their own association with survival give subtypes that differ in survival even
where nothing does: the test of the subtypes has seen its answer. The remedy is to permute the
outcome among the patients and do everything again each time: choose, fuse, cluster, compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assessment.choose import cluster
from omicsfuse.clustering.cluster import cluster_range
from omicsfuse.core.checks.arguments import whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import (
    CHOSEN_WITH,
    FULL_PIPELINE,
    OVERALL,
    Fusion,
    Prepared,
    Subtypes,
    SurvivalComparison,
)
from omicsfuse.fusion import fuse
from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.tasks import Runner
from omicsfuse.survival.logrank import logrank_test
from omicsfuse.survival.score import score_z

#: Features kept of each layer where no number is given.
N_SELECTED = 100


@dataclass(frozen=True)
class OutcomeAware:
    """What is chosen with the outcome: ``n_features`` of each layer, or the number of subtypes."""

    endpoint: str
    features: bool = True
    n_features: int | Mapping[str, int] = N_SELECTED
    n_clusters: bool = False


@dataclass(frozen=True)
class Pipeline:
    """From features to subtypes: what is done again in each permutation."""

    aware: OutcomeAware
    fusion: Mapping[str, Any] = field(default_factory=dict)
    n_clusters: Any = "auto"
    random_state: int = 0

    def subtypes(
        self, prepared: Prepared, survival: Mapping[str, pd.DataFrame]
    ) -> tuple[Prepared, Fusion, Subtypes]:
        """Choose, fuse and cluster with the outcome as given."""
        table = survival[self.aware.endpoint]
        if self.aware.features:
            prepared = select_by_outcome(prepared, table, self.aware.n_features)
        fusion = fuse(prepared, random_state=self.random_state, **self.fusion)
        if not self.aware.n_clusters:
            return (
                prepared,
                fusion,
                cluster(fusion, self.n_clusters, random_state=self.random_state),
            )
        low, high, _ = cluster_range(self.n_clusters, len(fusion.patients))
        candidates = [
            cluster(fusion, k, random_state=self.random_state) for k in range(max(low, 2), high + 1)
        ]
        best = min(candidates, key=lambda candidate: _p_value(candidate, table))
        rule = f"smallest log-rank p-value of {self.aware.endpoint}, from {max(low, 2)} to {high}"
        return prepared, fusion, self._marked(best, rule=rule)

    def _marked(self, subtypes: Subtypes, **more: str) -> Subtypes:
        """Write down with which outcome subtypes were found."""
        mark = {CHOSEN_WITH: self.aware.endpoint}
        return replace(subtypes, params={**subtypes.params, **mark, **more})


def select_by_outcome(
    prepared: Prepared, survival: pd.DataFrame, n_features: int | Mapping[str, int] = N_SELECTED
) -> Prepared:
    """Keep the features of each layer (in ``scaled``, not ``values``) that go most with survival.

    Such subtypes must be compared by that outcome only with `full_pipeline_permutation`.
    """
    layers = {}
    for name, layer in prepared.layers.items():
        wanted = n_features if isinstance(n_features, int) else n_features.get(name)
        scaled = layer.scaled
        patients = scaled.index[scaled.index.isin(survival.index)]
        if patients.empty:
            raise StudyError(
                f"layer {name!r}: none of its {len(scaled)} patients has the outcome for the "
                "choice of features"
            )
        known = survival.loc[patients]
        z = score_z(
            known["time"].to_numpy(), known["event"].to_numpy(), scaled.loc[patients].to_numpy()
        )
        order = np.argsort(-np.nan_to_num(np.abs(z), nan=-1.0), kind="stable")
        columns = np.sort(order[: scaled.shape[1] if wanted is None else wanted])
        layers[name] = replace(layer, scaled=scaled.iloc[:, columns])
    return replace(prepared, layers=layers)


def full_pipeline_permutation(
    prepared: Prepared,
    survival: Mapping[str, pd.DataFrame],
    pipeline: Pipeline,
    n_permutations: int = 199,
    *,
    n_jobs: int = 1,
    how: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Compare the subtypes' log-rank p-value with those of permuted outcomes, everything redone.

    All endpoints move together. Gives index endpoint; columns ``p_naive`` (asymptotic: void),
    ``p``, ``ci_low``, ``ci_high`` and ``n_permutations``. Simon et al. 2003, J Natl Cancer Inst
    95:14-18.
    """
    n_permutations = whole_number(n_permutations, "n_permutations")
    # Survival is permuted among the patients who have any, in one order.
    patients = pd.Index(sorted(set().union(*(table.index for table in survival.values()))))
    seeds = np.random.SeedSequence([pipeline.random_state, 3]).spawn(n_permutations)
    runner = Runner(n_jobs, **(how or {}))
    tasks = [None, *seeds]
    p_values = np.array(
        runner.map(
            _p_values, tasks, prepared, dict(survival), pipeline, patients, label="full pipeline"
        )
    ).reshape(n_permutations + 1, len(survival))
    rows = []
    for values in p_values.T:
        reached = int((values[1:] <= values[0] * (1 + 1e-9)).sum())
        low, high = clopper_pearson(reached, n_permutations)
        p = permutation_p(reached, n_permutations)
        rows.append((values[0], p, low, high, n_permutations))
    columns = ["p_naive", "p", "ci_low", "ci_high", "n_permutations"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(list(survival), name="endpoint"))


def voided(comparison: SurvivalComparison, full: pd.Series) -> SurvivalComparison:
    """Keep only what is descriptive, and say why; the test is the row of the full pipeline."""
    note = "invalid: features or k were chosen with the outcome"
    tests = comparison.tests.copy()
    row = tests[tests["kind"] == OVERALL].iloc[0].copy()
    tests[["chi2", "p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high", "fdr"]] = np.nan
    tests = tests.assign(n_permutations=np.nan, note=note, void=True)
    row["comparison"] = row["kind"] = FULL_PIPELINE
    row["p_asymptotic"] = row["fdr"] = np.nan
    if not row["tested"]:
        # Too few events, or only one subtype: no permutation makes up for that.
        full = full.astype(float) * np.nan
    else:
        row["note"] = (
            "no asymptotic p-value: features or k were chosen with the outcome; permutation "
            "p-value with selection, fusion and clustering repeated"
        )
    for column, name in (("p_permutation", "p"), ("p_ci_low", "ci_low"), ("p_ci_high", "ci_high")):
        row[column] = full[name]
    row["n_permutations"] = full["n_permutations"]
    cox = comparison.cox.copy()
    if len(cox):
        cox[["hr", "hr_ci_low", "hr_ci_high", "p"]] = np.nan
        cox["note"] = cox["reason"] = note
    means = comparison.restricted_means.copy()
    if len(means):
        means[["p_asymptotic", "p_permutation", "fdr"]] = np.nan
        # An interval of a difference is its test in other words; those of a subtype describe it.
        pairs = ~means["comparison"].isin(comparison.medians.index)
        means.loc[pairs, ["ci_low", "ci_high"]] = np.nan
        means["note"] = note
    empty = {
        name: getattr(comparison, name).iloc[:0]
        for name in ("proportional", "residuals", "time_varying", "added_value", "calibration",
                     "decision")
    }  # fmt: skip
    return replace(
        comparison,
        tests=pd.concat([tests, row.to_frame().T.astype(tests.dtypes)], ignore_index=True),
        cox=cox,
        restricted_means=means,
        **empty,
    )


def _p_values(
    prepared: Prepared,
    survival: Mapping[str, pd.DataFrame],
    pipeline: Pipeline,
    patients: pd.Index,
    seed: np.random.SeedSequence | None,
) -> np.ndarray:
    """Overall log-rank p-value of each endpoint, with the outcome as it is or permuted."""
    tables = dict(survival)
    if seed is not None:
        order = np.random.default_rng(seed).permutation(len(patients))
        moved = dict(zip(patients, patients[order], strict=True))
        tables = {name: table.rename(index=moved) for name, table in survival.items()}
    _, _, subtypes = pipeline.subtypes(prepared, tables)
    return np.array([_p_value(subtypes, table) for table in tables.values()])


def _p_value(subtypes: Subtypes, survival: pd.DataFrame) -> float:
    """Overall asymptotic log-rank p-value; 1 where there is none."""
    labels = subtypes.labels
    known = survival[survival.index.isin(labels.index)]
    if known.empty:
        return 1.0
    entry = known["entry"].to_numpy() if "entry" in known else None
    groups = labels.loc[known.index].astype(str).to_numpy(dtype=object)
    p = logrank_test(known["time"].to_numpy(), known["event"].to_numpy(), groups, entry=entry).p
    return p if np.isfinite(p) else 1.0
