"""Warnings about survival data: each fires on its mistake, and none on sane or real cohorts."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.io import read_cohort
from omicsfuse.survival.doubts import doubtful_survival


def sane(seed: int = 0, n: int = 120) -> pd.DataFrame:
    """Five years of follow-up in days, with deaths from the first month on."""
    rng = np.random.default_rng(seed)
    death, left = rng.exponential(1200, n), rng.uniform(700, 2500, n)
    time = np.ceil(np.minimum(death, left))
    return pd.DataFrame({"time": time, "event": (death <= left) * 1}, index=range(n))


def told(table: pd.DataFrame, unit: str = "days") -> list[str]:
    return doubtful_survival({"os": table}, {"os": unit})


@pytest.mark.parametrize("seed", range(8))
def test_silent_on_sane_data(seed: int) -> None:
    os = sane(seed)
    # Progression comes before death in some.
    shorter = np.where(np.arange(120) % 3 == 0, np.ceil(os["time"] * 0.6), os["time"])
    pfi = os.assign(time=shorter, event=1)
    days = {"os": os, "pfi": pfi}
    assert doubtful_survival(days, dict.fromkeys(days, "days")) == []
    months = {name: table.assign(time=table["time"] / 30.4375) for name, table in days.items()}
    assert doubtful_survival(months, dict.fromkeys(days, "months")) == []
    assert doubtful_survival(days | {"pfi": months["pfi"]}, {"os": "days", "pfi": "months"}) == []
    assert doubtful_survival({"os": os.iloc[:0]}, {"os": "days"}) == []


def test_days_given_as_months_and_the_other_way_round() -> None:
    (long,) = told(sane(), "months")
    assert "months, over 60 years" in long
    short = told(sane().assign(time=lambda t: t["time"] / 30.4375), "days")[0]
    assert "under half a year: possibly months. Check unit." in short
    assert "over 60 years" in told(sane(), "years")[0]


def test_units_mixed_between_endpoints() -> None:
    os = sane()
    pfi = os.copy()
    pfi.loc[[3, 7, 11, 19], "time"] = os.loc[[3, 7, 11, 19], "time"] / 30.4375
    (mixed,) = doubtful_survival({"os": os, "pfi": pfi}, {"os": "days", "pfi": "days"})
    assert "endpoints 'os' and 'pfi': the times of 4 patients (3, 7, 11 ...)" in mixed
    assert "factor of 30.44" in mixed


def test_immortal_time_and_its_remedy() -> None:
    table = sane()
    late = table.assign(time=table["time"] + 400)
    (doubt,) = told(late)
    assert doubt.startswith("endpoint 'os': no event in the first 4")
    assert "immortal time" in doubt
    assert told(late.assign(entry=400.0)) == []


def test_follow_up_shorter_than_the_events() -> None:
    time = np.r_[np.linspace(30, 1500, 40), np.linspace(5, 300, 80)]
    (doubt,) = told(pd.DataFrame({"time": time, "event": np.repeat([1, 0], [40, 80])}))
    assert "the median follow-up" in doubt
    assert "is shorter than the median time of the events" in doubt


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"time": [5.0, 600], "event": [1, 1]}),
        pd.DataFrame({"time": [900.0, 600], "event": [0, 0]}),
        pd.DataFrame({"time": np.zeros(20), "event": 0}),
        pd.DataFrame({"time": np.r_[1.0, np.full(19, 800.0)], "event": np.r_[1, np.zeros(19)]}),
    ],
    ids=["two patients", "two censored", "all at zero", "one event"],
)
def test_too_little_is_not_doubted(table: pd.DataFrame) -> None:
    assert told(table) == []


MANIFESTS = Path(__file__).parents[2] / "data_manifests"


@pytest.mark.parametrize(
    "name", ["tcga_hnsc_radiogenomic", "tcga_acc_mini", "tcga_luad_multiomics"]
)
def test_no_false_alarm_on_real_cohorts(
    real_data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    with warnings.catch_warnings():  # of gene symbols that a spreadsheet made dates
        warnings.simplefilter("ignore", OmicsfuseWarning)
        cohort = read_cohort(MANIFESTS / f"{name}.toml")
    assert cohort.endpoints
    tables = {endpoint: cohort.survival(endpoint) for endpoint in cohort.endpoints}
    units = {endpoint: cohort.endpoints[endpoint].unit for endpoint in cohort.endpoints}
    assert doubtful_survival(tables, units) == []
