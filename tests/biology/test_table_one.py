"""Table 1: numbers that can be checked by hand, tests as in clinical.tsv, same bytes each time."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import associate, table_one
from omicsfuse.biology.table_one import MOST_LEVELS
from omicsfuse.biology.table_one import NOTES as TABLE_ONE_NOTES
from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.results import Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.io.table_one import printed_rows, write_table_one

PATIENTS = [f"P{i:02d}" for i in range(40)]


def made(clinical: pd.DataFrame, labels: list[str], **more: Any) -> pd.DataFrame:
    subtypes = Subtypes(pd.Series(labels, clinical.index), {}, {})
    cohort = Cohort("toy", {}, clinical, **more)
    return table_one(subtypes, cohort, associate(subtypes, cohort))


def rows_of(table: pd.DataFrame, variable: str) -> pd.DataFrame:
    return table[table["variable"] == variable].reset_index(drop=True)


@pytest.fixture
def example() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(60, 9, 40).round(),
            "psa": rng.lognormal(1, 1.2, 40),
            "sex": ["f", "m"] * 20,
            "grade": [1.0, 2.0, 3.0, np.nan] * 10,
            "weeks": rng.exponential(50, 40),
            "event": [1, 0, 0, 1] * 10,
            "vital_status": ["Dead", "Alive", "Alive", "Dead"] * 10,
            "same": "x",
            "barcode": [f"id {i}" for i in range(40)],
        },
        PATIENTS,
    )


def test_numbers_and_layout(example: pd.DataFrame) -> None:
    labels = ["S1"] * 24 + ["S2"] * 16
    table = made(example, labels, endpoints={"os": Endpoint("weeks", "event", "weeks")})
    assert list(table["variable"].unique()) == ["patients", "age", "psa", "sex", "grade", "os"]
    assert table.loc[0, ["overall", "S1", "S2"]].tolist() == ["40", "24", "16"]
    age = rows_of(table, "age").iloc[0]
    first = example["age"].iloc[:24]
    assert age["summary"] == "mean (SD)"
    assert age["S1"] == f"{first.mean():.1f} ({first.std():.1f})"
    psa = rows_of(table, "psa").iloc[0]
    low, middle, high = example["psa"].quantile([0.25, 0.5, 0.75])
    assert psa["summary"] == "median [Q1, Q3]"
    assert psa["overall"] == f"{middle:.1f} [{low:.1f}, {high:.1f}]"
    sex = rows_of(table, "sex")
    assert sex["level"].tolist() == ["f", "m"]
    assert sex["S2"].tolist() == ["8 (50.0)", "8 (50.0)"]
    grade = rows_of(table, "grade")
    assert grade["level"].tolist() == ["1", "2", "3", ""]
    assert grade["overall"].tolist() == ["10 (33.3)", "10 (33.3)", "10 (33.3)", "10"]
    assert grade["summary"].tolist() == ["n (%)"] * 3 + ["missing"]
    assert rows_of(table, "os")["overall"].tolist() == ["20 / 40"]


def test_tests_are_those_of_clinical_tsv(simulated: SimulatedCohort) -> None:
    assert simulated.discovery.clinical is not None
    patients = simulated.discovery.clinical.index
    subtypes = Subtypes("S" + simulated.truth.loc[patients].astype(str), {}, {})
    clinical = associate(subtypes, simulated.discovery)
    table = table_one(subtypes, simulated.discovery, clinical)
    tested = table[table["test"] != ""].set_index("variable")
    assert set(tested.index) == set(clinical.index[clinical["p"].notna()])
    for name, row in tested.iterrows():
        assert row["test"] == clinical.loc[name, "test"]
        assert row["p"] == ("< 0.001" if clinical.loc[name, "p"] < 0.001 else row["p"])
        if not row["p"].startswith("<"):
            assert float(row["p"]) == pytest.approx(clinical.loc[name, "p"], abs=0.006)


def test_names_that_could_meet_those_of_the_library() -> None:
    clinical = pd.DataFrame(
        {
            "subtype": ["a", "b"] * 20,
            "Overall": ["Grouped by", "n"] * 10 + ["n", "Grouped by"] * 10,
            "p, (%)": ["Overall", "n"] * 20,
        },
        PATIENTS,
    )
    clinical.loc["P03", "p, (%)"] = "x, y"
    table = made(clinical, ["S1"] * 20 + ["S2"] * 20)
    assert rows_of(table, "subtype")["overall"].tolist() == ["20 (50.0)", "20 (50.0)"]
    assert rows_of(table, "Overall")["S1"].tolist() == ["10 (50.0)", "10 (50.0)"]
    assert rows_of(table, "p, (%)")["level"].tolist() == ["Overall", "n", "x, y"]


def test_subtypes_in_their_order_and_many_categories_put_together() -> None:
    names = [f"S{i + 1}" for i in range(11)]
    patients = [f"P{i:03d}" for i in range(110)]
    clinical = pd.DataFrame({"site": [f"site {i % 20:02d}" for i in range(110)]}, patients)
    table = made(clinical, [name for name in names for _ in range(10)])
    assert list(table.columns[4:15]) == names
    site = rows_of(table, "site")
    assert len(site) == MOST_LEVELS
    assert site["level"].iloc[-1] == "other (9)"
    assert sum(int(text.split()[0]) for text in site["overall"]) == 110


def test_edges(example: pd.DataFrame) -> None:
    one = made(example, ["S1"] * 40)
    assert list(one.columns[3:5]) == ["overall", "S1"]
    assert (one["p"] == "").all()
    assert {"age", "sex"} <= set(one["variable"])
    alone = made(example.iloc[:21], ["S1"] * 20 + ["S2"])
    assert rows_of(alone, "age")["S2"].tolist() == [f"{example['age'].iloc[20]:.1f} (-)"]
    late = example[["age"]].where(np.arange(40)[:, None] < 25)
    apart = made(late, ["S1"] * 25 + ["S2"] * 15)
    assert rows_of(apart, "age")["S2"].tolist() == ["-", "15"]
    nothing = made(example[["same", "barcode"]], ["S1"] * 20 + ["S2"] * 20)
    assert nothing.empty
    assert "fdr" in nothing
    without = Subtypes(pd.Series(["S1", "S2"], ["a", "b"]), {}, {})
    cohort = Cohort("none", {})
    assert table_one(without, cohort, associate(without, cohort)).empty


def test_order_of_patients_does_not_matter(example: pd.DataFrame) -> None:
    labels = ["S1"] * 24 + ["S2"] * 16
    turned = np.random.default_rng(1).permutation(40)
    other = made(example.iloc[turned], [labels[i] for i in turned])
    pd.testing.assert_frame_equal(made(example, labels), other)


def test_files_say_the_same_and_have_the_same_bytes(
    example: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import docx

    example["sex"] = ["<b>f</b>", "m\x07"] * 20
    table = made(example, ["S1"] * 24 + ["S2"] * 16)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_table_one(table, TABLE_ONE_NOTES, tmp_path / name)
    for name in ("table1.csv", "table1.html", "table1.docx"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    headings, rows = printed_rows(table)
    assert headings == ["overall (n = 40)", "S1 (n = 24)", "S2 (n = 16)", "p", "FDR"]
    grid = docx.Document(str(tmp_path / "first" / "table1.docx")).tables[0]
    assert len(grid.rows) == 1 + len(rows)
    assert [cell.text for cell in grid.rows[0].cells] == ["variable", *headings]
    assert [cell.text for cell in grid.rows[1].cells] == [rows[0].label, *rows[0].cells]
    with zipfile.ZipFile(tmp_path / "first" / "table1.docx") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        assert b"2000-01-01" in archive.read("docProps/core.xml")
    page = (tmp_path / "first" / "table1.html").read_text()
    assert "&lt;b&gt;f&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")
    back = pd.read_csv(tmp_path / "first" / "table1.csv", dtype=str, keep_default_na=False)
    assert back.shape == table.shape
    assert capsys.readouterr().out == ""
    (tmp_path / "none").mkdir()
    write_table_one(table.iloc[:0], TABLE_ONE_NOTES, tmp_path / "none")
    assert list((tmp_path / "none").iterdir()) == []
