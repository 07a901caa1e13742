"""Comparisons of one layer against limma, wilcox.test, pROC and lm of R 4.2.2."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns, covariates
from omicsfuse.imaging.interpretation.associations import compare_features
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.imaging.interpretation.groupings import clinical_variables, compare_groups
from omicsfuse.imaging.interpretation.ranked_sets import places_of, set_scores
from omicsfuse.imaging.interpretation.resampled import ranking_stability, resampled_statistics
from omicsfuse.stats.intervals import wilson_interval
from omicsfuse.stats.rank_tests import brunner_munzel, placements
from omicsfuse.stats.ranks import normal_scores
from omicsfuse.stats.running_sum import enrichment_scores

# tests/reference/interpretation.R: limma 3.54.1 (lmFit, eBayes, topTable), pROC 1.18.0.
REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    table = pd.read_csv(REFERENCE / "interpretation_data.csv")
    return table.set_axis([f"P{i:02}" for i in range(len(table))])


@pytest.fixture(scope="module")
def score(data: pd.DataFrame) -> Contrast:
    return Contrast("score", pd.Series(normal_scores(data["score"].to_numpy()), data.index), False)


def test_moderated_t_is_that_of_limma(data: pd.DataFrame, score: Contrast) -> None:
    genes, design = data[[f"X{i}" for i in range(1, 31)]], data[["age", "stage"]]
    found, note = compare_features(genes, "moderated t", "log2", score, design)
    assert note == ""
    reference = pd.read_csv(REFERENCE / "interpretation_limma.csv")
    for adjusted, names in (
        (False, ["effect", "effect_ci_low", "effect_ci_high", "statistic", "p"]),
        (
            True,
            [
                "adjusted_effect",
                "adjusted_ci_low",
                "adjusted_ci_high",
                "adjusted_statistic",
                "adjusted_p",
            ],
        ),
    ):
        own = reference[reference["adjusted"] == adjusted]
        np.testing.assert_allclose(
            found[names].to_numpy(), own[["effect", "low", "high", "t", "p"]].to_numpy(), rtol=1e-8
        )


def test_carriers_are_compared_as_radiomic_features_are(
    data: pd.DataFrame, score: Contrast
) -> None:
    found, _ = compare_features(
        data[["mutated"]], "carriers", "binary", score, data[["age", "stage"]]
    )
    row = found.iloc[0]
    assert row["p"] == pytest.approx(0.0863837646196409, rel=1e-10)
    assert np.isfinite(row["adjusted_p"])
    mutated = data["mutated"].to_numpy() == 1
    groups = [score.numbers.to_numpy()[own][:, None] for own in (mutated, ~mutated)]
    share, error, *_ = placements(*groups)
    # pROC 1.18.0: Brunner and Munzel's variance is DeLong's.
    assert share[0] == pytest.approx(0.73109243697479, rel=1e-10)
    assert error[0] ** 2 == pytest.approx(0.0152443330273286, rel=1e-10)
    assert row["effect"] == pytest.approx(2 * share[0] - 1, rel=1e-10)
    feature = brunner_munzel(*groups)
    assert row["effect_ci_low"] == feature.low[0]
    assert row["effect_ci_high"] == feature.high[0]


def test_rare_mutations_are_not_compared(score: Contrast) -> None:
    table = pd.DataFrame({"rare": np.zeros(24), "usual": np.arange(24) % 2.0}, score.numbers.index)
    table.iloc[:4, 0] = 1
    found, _ = compare_features(table, "carriers", "binary", score, pd.DataFrame())
    assert found["p"].isna().tolist() == [True, False]


def test_shares_of_classes_have_newcombes_interval() -> None:
    patients = [f"P{i:02}" for i in range(40)]
    x = np.repeat([1.0, 0.0], 20)
    mutated = np.zeros(40)
    mutated[:12] = 1
    mutated[20:25] = 1
    contrast = Contrast("a vs b", pd.Series(x, patients), True)
    found, _ = compare_features(
        pd.DataFrame({"m": mutated}, patients), "carriers", "binary", contrast, pd.DataFrame()
    )
    row = found.iloc[0]
    (l1, u1), (l2, u2) = wilson_interval(0.6, 20), wilson_interval(0.25, 20)
    assert row["effect"] == pytest.approx(0.35)
    assert row["effect_ci_low"] == pytest.approx(0.35 - np.hypot(0.6 - l1, u2 - 0.25))
    assert row["effect_ci_high"] == pytest.approx(0.35 + np.hypot(u1 - 0.6, 0.25 - l2))


def test_groups_given_covariates_are_those_of_anova(data: pd.DataFrame, score: Contrast) -> None:
    groups = pd.Series(["a", "b", "c"] * 8, data.index)
    # As they are in R: neither categories nor normal scores.
    found = compare_groups(groups, None, score, data[["age", "stage"]], 0)
    assert found is not None
    assert found["adjusted_p"] == pytest.approx(0.232501173846064, rel=1e-9)
    assert found["adjusted_effect"] == pytest.approx(0.142354307917041, rel=1e-9)


def test_missing_values_are_left_out_by_feature(data: pd.DataFrame, score: Contrast) -> None:
    genes = data[[f"X{i}" for i in range(1, 31)]].copy()
    genes.iloc[:3, 0] = np.nan
    genes.iloc[:16, 1] = np.nan
    genes["X3"] = 1.5
    found, _ = compare_features(genes, "moderated t", "log2", score, pd.DataFrame())
    assert found["n"].tolist()[:2] == [21, 8]
    assert found["p"].isna().tolist()[:4] == [False, True, True, False]


def test_set_scores_are_those_of_gsea() -> None:
    rng = np.random.default_rng(0)
    statistic = rng.standard_normal(60)
    genes = [f"g{i}" for i in range(60)]
    sets = {f"s{k}": list(rng.choice(genes, k, replace=False)) for k in (3, 10, 25)}
    order = np.argsort(-statistic, kind="stable")
    for name, score in zip(sets, set_scores(statistic, places_of(sets, genes)), strict=True):
        own = np.flatnonzero([genes[i] in sets[name] for i in order])
        assert score == enrichment_scores(statistic[order], own, np.array([0]))[0]


def test_halves_of_noise_do_not_agree_and_subsamples_seem_to() -> None:
    rng = np.random.default_rng(3)
    patients = [f"P{i:03}" for i in range(100)]
    table = pd.DataFrame(rng.standard_normal((100, 300)), patients)
    contrast = Contrast("score", pd.Series(rng.standard_normal(100), patients), False)
    found = resampled_statistics(table, "moderated t", contrast, None, 10, 0)
    assert found is not None
    stability = ranking_stability(found)
    assert abs(stability["split_half"]) < 0.15 < 0.8 < stability["rank_correlation"]


def test_covariates_of_all_kinds() -> None:
    from omicsfuse.core.cohort import Cohort

    clinical = pd.DataFrame(
        {
            "age": [*range(29), None],
            "stage": ["I"] * 14 + ["II"] * 13 + ["III"] * 2 + ["IV"],
            "centre": [f"c{i}" for i in range(30)],
            "late": [1.0] * 10 + [None] * 20,
            "purity_cpe": np.linspace(0, 1, 30),
            "same": 1,
        },
        [f"P{i:02}" for i in range(30)],
    )
    cohort = Cohort("toy", {}, clinical, covariates=("age",))
    found = covariates(cohort, clinical.index)
    assert found.names == ("age", "stage", "purity_cpe")
    assert list(found.design.columns) == ["age", "stage (per step)", "purity_cpe"]
    assert found.design["stage (per step)"].nunique() == 4
    assert found.design.iloc[-1].isna().tolist() == [True, False, False]
    assert list(found.without("stage").columns) == ["age", "purity_cpe"]
    assert found.notes == ("volume: no radiomics layer has the volume of the tumour",)
    asked = covariates(cohort, clinical.index, ["centre", "late", "same"])
    assert asked.names == ()
    said = " ".join(asked.notes)
    assert "late: known for 10 of 30" in said
    assert "same: the same value in all patients" in said
    assert "centre: 30 categories, none of 5 patients or more" in said
    columns, note = adjusting_columns(found.design, clinical.index[:12])
    assert columns is None
    assert "12 patients have all covariates" in note


def test_two_steps_are_groups_whatever_their_substages() -> None:
    patients = [f"P{i:02d}" for i in range(40)]
    clinical = pd.DataFrame({"stage": ["IIIA", "IIIB", "IVA", "IVB"] * 10, "n": ["N1", "N1a"] * 20})
    found = clinical_variables(Cohort("toy", {}, clinical.set_axis(patients)))
    assert list(found) == ["stage"]
    assert found["stage"].value_counts().to_dict() == {"IIIA or IIIB": 20, "IVA or IVB": 20}
