"""Choices made with the outcome: they void the plain test, and the full pipeline mends it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.assessment.outcome_aware import (
    OutcomeAware,
    Pipeline,
    full_pipeline_permutation,
    select_by_outcome,
)
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import FULL_PIPELINE, Prepared
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.preprocessing import preprocess

PIPELINE = Pipeline(OutcomeAware("os", n_features=10), {"n_iterations": 5}, n_clusters=2)


def null_cohort(seed: int, n: int = 40, genes: int = 200) -> tuple[Prepared, pd.DataFrame]:
    """Noise, and survival that has nothing to do with it."""
    rng = np.random.default_rng(seed)
    patients = pd.Index([f"P{i:02d}" for i in range(n)], name="patient")
    table = pd.DataFrame(
        rng.normal(size=(n, genes)), index=patients, columns=[f"G{i}" for i in range(genes)]
    )
    survival = pd.DataFrame(
        {"time": rng.exponential(900, n), "event": (rng.random(n) < 0.7) * 1}, index=patients
    )
    cohort = of.Cohort("null", {"genes": of.Layer("continuous", table)})
    return preprocess(cohort, ["genes"]), survival


def test_selection_by_outcome_inflates_and_the_full_pipeline_does_not() -> None:
    found = []
    for seed in range(6):
        prepared, survival = null_cohort(seed, 30)
        found.append(full_pipeline_permutation(prepared, {"os": survival}, PIPELINE, 19).loc["os"])
    table = pd.DataFrame(found)
    assert (table["p_naive"] < 0.05).sum() >= 4  # of 6; a valid test gives one in 20
    # 19 permutations give p = 0.05 at least; of a valid test, P(more than 2 of 6) is 0.002.
    assert (table["p"] <= 0.05).sum() <= 2
    assert table["p"].mean() > 0.2
    assert (table["ci_low"] <= table["p"]).all()
    assert set(table["n_permutations"]) == {19}


def test_a_real_difference_is_still_found() -> None:
    prepared, survival = null_cohort(3)
    layer = prepared.layers["genes"].scaled
    group = np.arange(40) % 2
    layer.iloc[:, :60] += 3.0 * group[:, None]
    survival["time"] = np.where(group == 1, 100, 1500) + np.arange(40)
    found = full_pipeline_permutation(prepared, {"os": survival}, PIPELINE, 19).loc["os"]
    assert found["p"] == pytest.approx(1 / 20)


def test_number_of_subtypes_chosen_by_p_is_named_and_redone() -> None:
    prepared, survival = null_cohort(1)
    aware = OutcomeAware("os", features=False, n_clusters=True)
    pipeline = Pipeline(aware, {"n_iterations": 5}, n_clusters=(2, 3))
    same, _, subtypes = pipeline.subtypes(prepared, {"os": survival})
    assert same is prepared
    assert subtypes.params["rule"] == "smallest log-rank p-value of os, from 2 to 3"
    found = full_pipeline_permutation(prepared, {"os": survival}, pipeline, 4)
    again = full_pipeline_permutation(prepared, {"os": survival}, pipeline, 4)
    pd.testing.assert_frame_equal(found, again)
    assert 0.2 <= found.loc["os", "p"] <= 1


def test_endpoints_are_permuted_together_and_patients_without_one_stay_so() -> None:
    prepared, os = null_cohort(2)
    outcome = {"os": os, "pfi": os.iloc[:30]}
    found = full_pipeline_permutation(prepared, outcome, PIPELINE, 5)
    assert found.index.tolist() == ["os", "pfi"]
    assert found["p"].between(1 / 6, 1).all()


def test_selection_keeps_what_goes_with_survival_and_the_values() -> None:
    prepared, survival = null_cohort(4)
    scaled = prepared.layers["genes"].scaled
    scaled["G7"] = -survival["time"].rank()
    for number in (1, {"genes": 1}):
        chosen = select_by_outcome(prepared, survival, number)
        assert chosen.layers["genes"].scaled.columns.tolist() == ["G7"]
    assert chosen.layers["genes"].values.shape == prepared.layers["genes"].values.shape  # noqa: PD011
    assert (
        select_by_outcome(prepared, survival, {"other": 1}).layers["genes"].scaled.shape[1] == 200
    )
    assert select_by_outcome(prepared, survival, 999).layers["genes"].scaled.shape[1] == 200
    with pytest.raises(StudyError, match=r"layer 'genes': none of its 40 patients has the outcome"):
        select_by_outcome(prepared, survival.add_prefix("Q", axis=0), 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    simulated = of.simulate_cohort(50, n_external=0, n_genes=100, random_state=1)
    return write_simulated_study(simulated, tmp_path_factory.mktemp("aware")).parent


def study_with(folder: Path, **tables: str) -> Path:
    """The simulated study with lines added to its tables."""
    text = (folder / "study.toml").read_text()
    layers = '["radiomics", "expression", "methylation", "mutation", "copy_number"]'
    text = text.replace(layers, '["expression"]').replace('"auto"  ', "2  ")
    text = text.replace('gene_sets = ["gene_sets.gmt"]\n', "") + "\n[assignment]\nn_repeats = 0\n"
    for name, lines in tables.items():
        if f"[{name}]\n" in text:
            text = text.replace(f"[{name}]\n", f"[{name}]\n{lines}\n")
        else:
            text += f"\n[{name}]\n{lines}\n"
    path = folder / "changed.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"preprocess": 'select = "survival"'},
            r'\[preprocess\] select = "survival" chooses features with the outcome, .* are '
            r"invalid[\s\S]*full_pipeline_permutations = 199",
        ),
        (
            {"subtypes": 'choose = "survival"'},
            r'\[subtypes\] choose = "survival" chooses the number of subtypes with the outcome',
        ),
        (
            {"survival": "full_pipeline_permutations = 39"},
            r"full_pipeline_permutations applies only where features or k are chosen with the "
            r"outcome",
        ),
        (
            {
                "preprocess": 'select = "survival"',
                "survival": "full_pipeline_permutations = 39",
                "fusion": 'engine = "sparse"',
            },
            r"with the outcome; the sparse engine does not support this",
        ),
        (
            {"preprocess": 'select = "survival"', "survival": "full_pipeline_permutations = 38"},
            r"full_pipeline_permutations.*39",
        ),
        ({"preprocess": 'select = "p"'}, r"select = .p.; Valid: variance, survival"),
        ({"survival": "n_bootstrap = -1"}, r"n_bootstrap.*greater than or equal to 0"),
        ({"survival": 'n_permutations = "many"'}, r"n_permutations = .many.[\s\S]*Valid: adaptive"),
        (
            {"survival": 'trend = "agee"'},
            r"trend: .*\"agee\" is not a column of the clinical table",
        ),
    ],
)
def test_studies_that_are_refused(
    folder: Path, tmp_path: Path, tables: dict[str, str], message: str
) -> None:
    path = study_with(folder, **tables)
    with pytest.raises(StudyError, match=message):
        of.run(path, tmp_path / "out")


def test_survival_keys_are_read(folder: Path) -> None:
    lines = 'n_permutations = "adaptive"\nn_bootstrap = 0\ntrend = "age"'
    settings = of.read_study(study_with(folder, survival=lines)).survival
    assert (settings.n_permutations, settings.n_bootstrap, settings.trend) == ("adaptive", 0, "age")
    plain = of.read_study(folder / "study.toml").survival
    assert (plain.n_permutations, plain.n_bootstrap, plain.trend) == ("adaptive", 200, None)


@pytest.mark.long
def test_a_run_that_looks_at_the_outcome_voids_every_other_p(
    folder: Path, tmp_path: Path, no_map: None
) -> None:
    path = study_with(
        folder,
        preprocess='select = "survival"\nn_features = 10',
        survival="full_pipeline_permutations = 39\nn_permutations = 99\nn_bootstrap = 2",
    )
    out = tmp_path / "out"
    of.run(path, out)
    tests = pd.read_csv(out / "survival.tsv", sep="\t").set_index("comparison")
    full = tests.loc[FULL_PIPELINE]
    assert full["n_permutations"] == 39
    assert 0.05 <= full["p_permutation"] <= 1
    assert full["fdr"] == full["p_permutation"]
    others = tests.drop(index=FULL_PIPELINE)
    assert len(others)
    numbers = ["p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high", "fdr"]
    assert others[numbers].isna().all(axis=None)
    assert others["note"].str.startswith("invalid: features or k were chosen").all()
    cox = pd.read_csv(out / "survival/cox.tsv", sep="\t")
    assert len(cox)
    assert cox[["hr", "hr_ci_low", "hr_ci_high", "p"]].isna().all(axis=None)
    assert cox["note"].str.startswith("invalid").all()
    for name in ("added_value", "proportional_hazards", "time_varying"):
        assert not (out / f"survival/{name}.tsv").exists(), name
    assert (out / "report.html").stat().st_size > 10_000
