# ruff: noqa: PD011 - the values of a target are a field of ours

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import AGREEMENT_COLUMNS, Target
from omicsfuse.signatures import agreement as module
from omicsfuse.signatures.agreement import cross_validated_agreement
from omicsfuse.signatures.agreement_measures import (
    balanced_accuracy,
    rank_correlation,
    resamples,
)
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.methods import find_method
from omicsfuse.signatures.target import group_names
from omicsfuse.stats.concordance import area_under_curve, concordance
from omicsfuse.stats.intervals import percentile_interval

CORRELATION = find_method("correlation")
TEMPLATES = find_method("templates")


def toy(n: int = 60, n_genes: int = 40, seed: int = 0, signal: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(n)]
    values = rng.standard_normal((n, n_genes))
    table = pd.DataFrame(values, patients, [f"G{i:03d}" for i in range(n_genes)])
    planted = values[:, :3].sum(axis=1) - values[:, 3:6].sum(axis=1)
    table["score"] = signal * planted + rng.standard_normal(n)
    return table


def parts(table: pd.DataFrame, kind: str = "continuous") -> tuple[pd.DataFrame, Target]:
    score = table["score"]
    values = table.drop(columns="score")
    if kind == "groups":
        cut = pd.Series(np.where(score > score.median(), "high", "low"), table.index)
        return values, Target("y", "groups", cut)
    if kind == "survival":
        time = pd.DataFrame({"time": np.exp(-score), "event": (score > -1).astype(float)})
        return values, Target("y", "survival", time)
    return values, Target("y", "continuous", score)


def test_a_continuous_target_that_genes_stand_for() -> None:
    values, target = parts(toy(n=100))
    found = cross_validated_agreement(values, target, CORRELATION, n_genes=10, n_permutations=19)
    assert list(found.columns) == [*AGREEMENT_COLUMNS, "by_luck"]
    (row,) = found.to_dict("records")
    assert (row["score"], row["measure"], row["n"], row["p"]) == ("y", "spearman", 100, 0.05)
    assert 0.5 < row["ci_low"] < row["value"] < row["ci_high"] < 1
    assert abs(row["by_chance"]) < 0.25
    assert row["note"] == ""


def test_groups_that_genes_stand_for() -> None:
    values, target = parts(toy(n=120), "groups")
    found = cross_validated_agreement(
        values, target, TEMPLATES, n_genes=5, nearest=True, n_repeats=2, n_permutations=19
    )
    assert found["measure"].tolist() == ["balanced accuracy", "auc", "auc"]
    assert found["score"].tolist() == ["", "high", "low"]
    assert (found["ci_low"] > found["by_chance"]).all()
    assert (found["p"] == 0.05).all()
    assert abs(found["by_chance"].iloc[0] - 0.5) < 0.15


def survival_genes(values: pd.DataFrame, target: Target, **_: object) -> Derived:
    """Genes that go with early events, by a rank correlation: a stand-in for a Cox model."""
    rho = stats.spearmanr(values, -target.values["time"])[0][-1, :-1]
    best = np.argsort(-np.abs(rho))[:5]
    weights = pd.DataFrame({"os": rho[best]}, values.columns[best])
    return Derived(weights, pd.DataFrame(), {})


def test_survival_is_judged_by_concordance() -> None:
    values, target = parts(toy(n=100), "survival")
    found = cross_validated_agreement(values, target, survival_genes, n_permutations=19)
    (row,) = found.to_dict("records")
    assert (row["score"], row["measure"]) == ("os", "concordance")
    assert row["value"] > 0.7
    assert abs(row["by_chance"] - 0.5) < 0.1


def test_genes_are_chosen_without_the_held_out_patients() -> None:
    values, target = parts(toy())
    seen: list[tuple[set[str], set[str]]] = []

    def watched(values: pd.DataFrame, target: Target, **settings: object) -> Derived:
        assert list(values.index) == list(target.values.index)
        seen.append((set(values.index), set(target.values)))
        return CORRELATION(values, target, **settings)

    cross_validated_agreement(values, target, watched, n_repeats=2, n_permutations=0, n_folds=4)
    assert [len(patients) for patients, _ in seen] == [45] * 8
    for start in (0, 4):
        held = [set(values.index) - patients for patients, _ in seen[start : start + 4]]
        assert set.union(*held) == set(values.index)
    for patients, own in seen:
        assert own == set(target.values[sorted(patients)])


def test_choosing_first_would_have_deceived() -> None:
    """With the genes chosen in all patients, noise passes; inside the folds it does not."""
    values, target = parts(toy(n=50, n_genes=1000, signal=0))
    settings = {"gate": False, "n_subsamples": 0}
    chosen = CORRELATION(values, target, n_genes=20, **settings).weights["y"]
    scores = values[chosen.index].to_numpy() @ chosen.to_numpy()
    assert stats.spearmanr(scores, target.values)[0] > 0.8
    found = cross_validated_agreement(
        values, target, CORRELATION, n_genes=20, n_permutations=19, options=settings
    )
    assert found["value"].iloc[0] < 0.4
    assert found["p"].iloc[0] > 0.05
    with pytest.warns(OmicsfuseWarning, match="the scores do not predict y: .*not above"):
        module.warn_of_disagreement(found, "y")


@pytest.mark.parametrize("kind", ["continuous", "groups"])
def test_p_is_small_as_often_as_it_should_be(kind: str) -> None:
    method = CORRELATION if kind == "continuous" else TEMPLATES
    options = {"gate": False, "n_subsamples": 0} if kind == "continuous" else {}
    p = []
    for seed in range(24):
        values, target = parts(toy(n=30, n_genes=30, seed=seed, signal=0), kind)
        found = cross_validated_agreement(
            values,
            target,
            method,
            n_genes=5,
            nearest=kind == "groups",
            n_folds=3,
            n_repeats=1,
            n_permutations=9,
            random_state=seed,
            options=options,
        )
        p.append(found["p"].iloc[0])
    # Uniform on 0.1 to 1: 2.4 of 24 at 0.1 are expected, more than 7 in 2 of 1,000.
    assert np.mean(np.array(p) <= 0.1) <= 0.3
    assert 0.35 < np.mean(p) < 0.75


def test_a_fold_without_genes_is_counted() -> None:
    values, target = parts(toy(), "groups")

    def sometimes(values: pd.DataFrame, target: Target, **settings: object) -> Derived:
        if "P000" in values.index:
            raise SignatureError("nothing here")
        return TEMPLATES(values, target, **settings)

    found = cross_validated_agreement(values, target, sometimes, n_repeats=2, n_permutations=9)
    assert found["note"].str.contains("no genes selected in 8 of 10 folds").all()
    # A patient without a score counts as guessed, not as wrong.
    assert abs(found["by_chance"].iloc[0] - 0.5) < 0.1
    nothing = cross_validated_agreement(
        values,
        target,
        CORRELATION,
        columns=["high", "low"],
        n_repeats=1,
        n_permutations=19,
        options={"fdr": 0.0},
    )
    assert nothing["value"].tolist() == [0.5, 0.5, 0.5]
    assert nothing["p"].tolist() == [1.0, 1.0, 1.0]


def test_neither_processes_nor_repetition_matter() -> None:
    values, target = parts(toy(n=30), "groups")
    settings = {"n_genes": 5, "n_repeats": 1, "n_permutations": 5, "random_state": 3}
    first = cross_validated_agreement(values, target, TEMPLATES, **settings)
    again = cross_validated_agreement(values, target, TEMPLATES, **settings, n_jobs=2)
    pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_covariates_go_with_the_target() -> None:
    values, target = parts(toy(n=30))
    purity = pd.DataFrame({"purity": target.values.rank()}, values.index)

    def watched(values: pd.DataFrame, target: Target, **settings: object) -> Derived:
        covariates = settings["covariates"]
        assert covariates is not None
        assert list(covariates.index) == list(values.index)
        order = np.argsort(target.values.to_numpy())
        assert (np.diff(covariates["purity"].to_numpy()[order]) > 0).all()
        return CORRELATION(values, target, n_genes=5, gate=False)

    cross_validated_agreement(
        values, target, watched, covariates=purity, n_repeats=1, n_permutations=2
    )


def test_genes_that_only_follow_a_covariate_do_not_stand_for_the_target() -> None:
    # Genes and target go with purity and with nothing else; choice and agreement are beyond it.
    found = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        values = toy(n=40, seed=seed).drop(columns="score")
        purity = pd.DataFrame({"purity": rng.standard_normal(40)}, values.index)
        score = 2 * purity["purity"] + rng.standard_normal(40)
        settings = {"n_genes": 10, "n_repeats": 1, "n_permutations": 0, "options": {"gate": False}}
        (row,) = cross_validated_agreement(
            values.add(purity["purity"], axis=0),
            Target("y", "continuous", score),
            CORRELATION,
            covariates=purity,
            **settings,
        ).to_dict("records")
        found.append(row["value"])
    # One value is spread by about 1 / sqrt(40) where scores say nothing.
    assert np.sqrt(np.mean(np.square(found))) < 0.25


def test_without_permutations_nothing_is_claimed() -> None:
    values, target = parts(toy(n=30, signal=0))
    found = cross_validated_agreement(
        values, target, CORRELATION, n_repeats=1, n_permutations=0, options={"gate": False}
    )
    assert found[["p", "by_chance"]].isna().all(axis=None)
    assert found["note"].tolist() == [""]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module.warn_of_disagreement(found, "y")
    with pytest.raises(StudyError, match="n_folds is 1"):
        cross_validated_agreement(values, target, CORRELATION, n_folds=1)


def test_folds_keep_groups_in_proportion_and_orders_keep_folds() -> None:
    _, target = parts(toy(n=47), "groups")
    folds = module._folds(target, 5, 0, 0)
    counts = pd.crosstab(folds, target.values.to_numpy())
    assert (counts.max() - counts.min() <= 1).all()
    for order in module._orders(target, folds, 5, 0):
        assert sorted(order) == list(range(47))
        assert (folds[order] == folds).all()
    assert group_names(target) == ["high", "low"]


def test_measures_against_other_programs() -> None:
    from lifelines.utils import concordance_index
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    rng = np.random.default_rng(1)
    scores = rng.integers(0, 8, (3, 40)).astype(float)
    inside, time = rng.random(40) < 0.4, rng.integers(1, 15, 40).astype(float)
    event, own = (rng.random(40) < 0.6).astype(float), rng.integers(0, 3, 40)
    once = np.ones((1, 40))
    auc = np.mean([roc_auc_score(inside, row) for row in scores])
    assert area_under_curve(scores, inside)[0] == pytest.approx(auc)
    c = np.mean([concordance_index(time, -row, event) for row in scores])
    assert concordance(scores, time, event)[0] == pytest.approx(c)
    assigned = rng.integers(0, 3, (2, 40))
    accuracy = np.mean([balanced_accuracy_score(own, row) for row in assigned])
    assert balanced_accuracy(assigned, own, once)[0] == pytest.approx(accuracy)
    rho = np.mean([stats.spearmanr(row, time)[0] for row in scores])
    assert rank_correlation(scores, time) == pytest.approx(rho)
    # A patient drawn twice is there twice.
    rows = rng.integers(0, 40, 40)
    counts = np.bincount(rows, minlength=40)[None].astype(float)
    again = np.mean([roc_auc_score(inside[rows], row[rows]) for row in scores])
    assert area_under_curve(scores, inside, counts, counts)[0] == pytest.approx(again)


def test_intervals() -> None:
    assert resamples(30, 0).sum(axis=1).tolist() == [30.0] * 1000
    low, high = percentile_interval(np.r_[np.linspace(0, 1, 1001), np.nan])
    assert (low, high) == pytest.approx((0.025, 0.975))
    assert np.isnan(percentile_interval(np.array([np.nan, np.nan, 1.0]))).all()
