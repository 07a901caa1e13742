"""Patients of published trials, as the reference values in these tests were computed on them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """The NCCTG lung cancer data: 228 patients, ``status`` 1 for death (165)."""
    from lifelines.datasets import load_lung

    return load_lung()


@pytest.fixture(scope="session")
def veteran() -> pd.DataFrame:
    """The Veterans' lung cancer trial: 137 patients; ``coarse`` is time in months, many ties."""
    table = pd.read_csv(Path(__file__).parent / "veteran.csv")
    return table.assign(coarse=np.ceil(table["time"] / 30))


@pytest.fixture(scope="session")
def made() -> pd.DataFrame:
    """Sixty patients made up in R: late entry, heavy ties, three sites, two causes of death."""
    table = pd.read_csv(Path(__file__).parent / "truncated.csv", index_col="patient")
    return table.assign(event=(table["cause"] == 1) * 1)
