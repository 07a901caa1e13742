"""An endpoint with one event in 89 patients: a calm, complete report without a p-value."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.results import Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.survival import compare_survival

P_COLUMNS = ["p", "p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high", "fdr"]


@pytest.fixture(scope="module")
def one_event() -> SimulatedCohort:
    """The simulated cohort with 89 patients, of whom one has the event."""
    simulated = of.simulate_cohort(89, n_external=0, n_genes=100, random_state=5)
    clinical = simulated.discovery.clinical
    assert clinical is not None
    clinical = clinical.assign(os_event=(np.arange(89) == 17) * 1)
    return replace(simulated, discovery=replace(simulated.discovery, clinical=clinical))


def without_p(table: pd.DataFrame) -> bool:
    columns = [name for name in P_COLUMNS if name in table]
    return bool(columns) and bool(table[columns].isna().all(axis=None))


def test_comparison_has_no_p_and_a_reason_everywhere(one_event: SimulatedCohort) -> None:
    labels = "S" + one_event.truth.astype(str)
    found = compare_survival(Subtypes(labels, {}, {}), one_event.discovery, "os", trend="age")
    assert found.tests["events"].max() == 1
    assert found.tests["note"].str.startswith("no p-value: ").all()
    for table in (found.tests, found.cox, found.restricted_means, found.added_value):
        assert without_p(table)
    assert found.cox["hr"].isna().all()
    assert found.cox["note"].str.contains("not estimated: 1 event, fewer than the ").all()
    assert found.proportional["note"].str.contains("1 event, fewer").all()
    assert found.time_varying.empty
    assert found.calibration.empty
    assert found.medians["events"].sum() == 1
    assert found.medians["median"].isna().all()
    assert found.medians["follow_up"].notna().all()
    survived = found.times["survival"].dropna()
    assert len(survived)
    assert (survived > 0.9).all()


def test_run_writes_its_report(
    one_event: SimulatedCohort, tmp_path: Path, no_map: None, quick: Callable[[Path], Path]
) -> None:
    study = quick(write_simulated_study(one_event, tmp_path / "study"))
    layers = '["radiomics", "expression", "methylation", "mutation", "copy_number"]'
    text = study.read_text().replace(layers, '["expression"]').replace('"auto"  ', "3  ")
    study.write_text(text.replace('gene_sets = ["gene_sets.gmt"]\n', ""))
    out = tmp_path / "out"
    of.run(study, out)
    tests = pd.read_csv(out / "survival.tsv", sep="\t")
    assert without_p(tests)
    assert tests["note"].str.startswith("no p-value: ").all()
    assert without_p(pd.read_csv(out / "survival/cox.tsv", sep="\t"))
    report = (out / "report.html").read_text()
    assert "fewer than 10" in report
    for word in ("nan", "NaN"):
        assert f">{word}<" not in report
