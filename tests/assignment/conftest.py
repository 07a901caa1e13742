"""A planted cohort, cut into training patients and new ones, and a classifier of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from omicsfuse.assignment import MultiLayerClassifier, fit_classifier
from omicsfuse.core.cohort import Cohort
from omicsfuse.datasets import simulate_cohort

LAYERS = ("radiomics", "expression", "mutation")


@dataclass(frozen=True, eq=False)
class Planted:
    """Training cohort and labels, new patients and their true subtypes, the classifier."""

    training: Cohort
    labels: pd.Series
    new: Cohort
    truth: pd.Series
    classifier: MultiLayerClassifier


def part(cohort: Cohort, patients: pd.Index, layers: tuple[str, ...] | list[str]) -> Cohort:
    """Some patients and layers of a cohort."""
    omics = {
        name: replace(
            cohort.omics[name],
            table=cohort.omics[name].table.loc[cohort.omics[name].table.index.isin(patients)],
        )
        for name in layers
    }
    return Cohort(f"part of {cohort.name}", omics)


@pytest.fixture(scope="session")
def planted() -> Planted:
    made = simulate_cohort(
        120, n_external=0, n_genes=150, effect=1.3, layers=LAYERS, random_state=5
    )
    labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    new = np.random.default_rng(0).permutation(len(labels)) < 40
    training = part(made.discovery, labels.index[~new], LAYERS)
    return Planted(
        training,
        labels[~new],
        part(made.discovery, labels.index[new], LAYERS),
        labels[new],
        fit_classifier(training.omics, labels[~new]),
    )
