from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import gene_set_scores
from omicsfuse.biology.set_scores import gene_set_score_exclusions
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer

REFERENCE = Path(__file__).parents[1] / "reference"


def prepared(table: pd.DataFrame, scale: str = "log2") -> Prepared:
    return Prepared("toy", {"rna": PreparedLayer("expression", table, table, scale, None)})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "gene_set_table.csv", index_col=0)


@pytest.fixture(scope="module")
def sets(table: pd.DataFrame) -> dict[str, list[str]]:
    genes = list(table.columns)
    return {
        "a": genes[:10],
        "b": [genes[i - 1] for i in (3, 17, 25, 31, 44, 58)],
        "c": genes[1::3],
    }


@pytest.mark.parametrize("method", ["ssgsea", "gsva", "zscore"])
def test_against_gsva_of_bioconductor(
    table: pd.DataFrame, sets: dict[str, list[str]], method: str
) -> None:
    if method == "zscore":
        theirs = pd.read_csv(REFERENCE / "gene_set_zscores.csv")
    else:
        every = pd.read_csv(REFERENCE / "gene_set_scores.csv")
        theirs = every[every["method"] == method]
    wide = theirs.pivot_table(index="patient", columns="set", values="score")
    ours = gene_set_scores(prepared(table), sets, method=method, min_size=5)
    if method == "ssgsea":
        ours = ours * table.shape[1]
    np.testing.assert_allclose(ours, wide.loc[ours.index, ours.columns], rtol=1e-6)


@pytest.mark.parametrize("method", ["ssgsea", "gsva", "zscore"])
def test_order_does_not_matter_to_the_last_bit(
    table: pd.DataFrame, sets: dict[str, list[str]], method: str
) -> None:
    turned = {name: sets[name][::-1] for name in reversed(sets)}
    first = gene_set_scores(prepared(table), sets, method=method, min_size=5)
    other = gene_set_scores(prepared(table.iloc[::-1, ::-1]), turned, method=method, min_size=5)
    assert first.to_csv() == other.to_csv()


def test_missing_values(table: pd.DataFrame, sets: dict[str, list[str]]) -> None:
    holes = table.copy()
    holes.iloc[0, :4] = np.nan  # This patient keeps 6 of the 10 genes of a.
    holes.iloc[1, :6] = np.nan  # and this one 4.
    for method in ("ssgsea", "zscore"):
        scores = gene_set_scores(prepared(holes), sets, method=method, min_size=5)
        assert np.isfinite(scores.loc[holes.index[0], "a"])
        assert np.isnan(scores.loc[holes.index[1], "a"])
        assert np.isfinite(scores["c"]).all()
        exclusions = gene_set_score_exclusions(prepared(holes), scores, method=method)
        assert [
            (exclusion.what, exclusion.count, exclusion.examples) for exclusion in exclusions
        ] == [("patients", 1, (holes.index[1],))]
    # Within a patient, only that patient's genes count.
    whole = gene_set_scores(prepared(table), sets, min_size=5)
    scores = gene_set_scores(prepared(holes), sets, min_size=5)
    pd.testing.assert_frame_equal(scores.iloc[2:], whole.iloc[2:])
    without = gene_set_scores(prepared(table.iloc[:1, 4:]), sets, min_size=5)
    pd.testing.assert_series_equal(scores.iloc[0], without.iloc[0])
    gsva = gene_set_scores(prepared(holes), sets, method="gsva", min_size=3)
    fewer = gene_set_scores(prepared(table.iloc[:, 6:]), sets, method="gsva", min_size=3)
    pd.testing.assert_frame_equal(gsva, fewer)
    (exclusion,) = gene_set_score_exclusions(prepared(holes), gsva, method="gsva")
    assert (exclusion.what, exclusion.count) == ("genes", 6)


def test_genes_that_do_not_vary_have_no_z_score(
    table: pd.DataFrame, sets: dict[str, list[str]]
) -> None:
    flat = table.assign(**{table.columns[0]: 3.0})
    scores = gene_set_scores(prepared(flat), sets, method="zscore", min_size=5)
    without = gene_set_scores(prepared(table.iloc[:, 1:]), sets, method="zscore", min_size=5)
    pd.testing.assert_frame_equal(scores, without)
    (exclusion,) = gene_set_score_exclusions(prepared(flat), scores, method="zscore")
    assert (exclusion.count, exclusion.examples) == (1, (table.columns[0],))


def test_absurd_z_scores_are_limited(table: pd.DataFrame, sets: dict[str, list[str]]) -> None:
    z = (table - table.mean()) / table.std()
    wild = z.copy()
    wild.iloc[0, 0] = 7377.0
    tame = z.copy()
    tame.iloc[0, 0] = 10.0
    for method in ("ssgsea", "gsva", "zscore"):
        pd.testing.assert_frame_equal(
            gene_set_scores(prepared(wild, "zscore"), sets, method=method, min_size=5),
            gene_set_scores(prepared(tame, "zscore"), sets, method=method, min_size=5),
        )


def test_what_cannot_be_done_is_said(table: pd.DataFrame, sets: dict[str, list[str]]) -> None:
    with pytest.raises(StudyError, match="method is 'plage'; it must be one of ssgsea, gsva"):
        gene_set_scores(prepared(table), sets, method="plage")
    with pytest.raises(StudyError, match=r"2 patients have layer rna; gsva compares"):
        gene_set_scores(prepared(table.iloc[:2]), sets, method="gsva")
    with pytest.warns(OmicsfuseWarning, match="none of 1 gene sets has 10 to 500 genes"):
        empty = gene_set_scores(prepared(table), {"b": sets["b"]})
    assert empty.shape == (len(table), 0)
    with pytest.warns(OmicsfuseWarning, match="none of 1"):
        gene_set_scores(prepared(table), {"everything": list(table.columns)})
