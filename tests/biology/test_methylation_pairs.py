"""Pairs of expression and methylation: against limma, planted pairs, nulls, edge cases."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology.methylation_pairs import COLUMNS, expression_methylation_pairs
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

REFERENCE = Path(__file__).parents[1] / "reference"


def together(rna: pd.DataFrame, dna: pd.DataFrame, scale: str = "log2") -> Prepared:
    return Prepared(
        "toy",
        {
            "rna": PreparedLayer("expression", rna, rna, scale, None),
            "dna": PreparedLayer("methylation", dna, dna, "m_value", None),
        },
    )


def tables(
    rng: np.random.Generator, n: int = 40, genes: int = 60
) -> tuple[pd.DataFrame, pd.DataFrame, Subtypes]:
    patients, names = [f"P{i:02d}" for i in range(n)], [f"g{i:02d}" for i in range(genes)]
    rna, dna = (pd.DataFrame(rng.normal(0, 1, (n, genes)), patients, names) for _ in range(2))
    labels = pd.Series(np.resize(["S1", "S1", "S2", "S3"], n), patients)
    return rna, dna, Subtypes(labels, {}, {})


def test_agrees_with_limma() -> None:
    rna = pd.read_csv(REFERENCE / "methylation_pairs_expression.csv", index_col=0)
    dna = pd.read_csv(REFERENCE / "methylation_pairs_methylation.csv", index_col=0)
    subtypes = Subtypes(rna.pop("subtype"), {}, {})
    expected = pd.read_csv(REFERENCE / "methylation_pairs.csv").set_index(["subtype", "gene"])
    found = expression_methylation_pairs(subtypes, together(rna, dna))
    found = found.set_index(["subtype", "gene"]).loc[expected.index]
    for column in expected.columns:
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6, err_msg=column)
    assert found.loc[("S1", "g05"), ["n_expression", "n_methylation", "n_both"]].tolist() == [
        37,
        32,
        31,
    ]


def test_only_opposite_directions_are_found() -> None:
    rna, dna, subtypes = tables(np.random.default_rng(0))
    own = subtypes.labels == "S1"
    rna.loc[own, ["g00", "g01", "g02"]] += 3
    dna.loc[own, "g00"] -= 3
    dna.loc[own, "g01"] += 3
    dna.loc[own, "g03"] -= 3
    pairs = expression_methylation_pairs(subtypes, together(rna, dna))
    first = pairs[pairs["subtype"] == "S1"].set_index("gene")
    assert first.index[0] == "g00"
    assert first.loc["g00", "fdr"] < 1e-6
    assert first.loc["g01", "p"] == 1.0
    assert (first.loc[["g02", "g03"], "fdr"] > 0.05).all()
    assert list(pairs.columns) == COLUMNS
    assert len(pairs) == 3 * 60
    # Asked within subtypes only of genes that were found, and g00 does not go together there.
    assert set(pairs.loc[pairs["correlation_fdr"].notna(), "gene"]) == set(
        pairs.loc[pairs["fdr"] <= 0.05, "gene"]
    )
    assert abs(first.loc["g00", "correlation"]) < 0.4


def test_correlation_within_subtypes_does_not_see_the_difference_between_them() -> None:
    rng = np.random.default_rng(1)
    rna, dna, subtypes = tables(rng, 80, 20)
    own = subtypes.labels == "S1"
    rna.loc[own] += 4
    dna.loc[own] -= 4
    pairs = expression_methylation_pairs(subtypes, together(rna, dna)).drop_duplicates("gene")
    assert (pairs["correlation_p"] <= 0.05).sum() <= 4
    assert abs(pairs["correlation"].mean()) < 0.1
    dna["g00"] -= 2 * rna["g00"]
    pairs = expression_methylation_pairs(subtypes, together(rna, dna)).set_index("gene")
    assert (pairs.loc["g00", "correlation"] < -0.7).all()


def test_null_pairs_are_seldom_found() -> None:
    rng = np.random.default_rng(2)
    any_pair, any_correlation = 0, 0
    for _ in range(60):
        rna, dna, subtypes = tables(rng, 32, 40)
        # The hard null: expression does differ, methylation does not.
        rna.loc[subtypes.labels == "S1"] += 3
        pairs = expression_methylation_pairs(subtypes, together(rna, dna), fdr=1.0)
        any_pair += bool((pairs["fdr"] <= 0.05).any())
        any_correlation += bool((pairs["correlation_fdr"] <= 0.05).any())
    assert any_pair <= 7  # binomial(60, 0.05): above 7 in 1%
    assert any_correlation <= 7


def test_order_of_patients_and_genes_changes_no_bit() -> None:
    rna, dna, subtypes = tables(np.random.default_rng(3))
    dna = dna.iloc[5:]
    dna.iloc[3, 4] = np.nan
    first = expression_methylation_pairs(subtypes, together(rna, dna))
    second = expression_methylation_pairs(
        subtypes, together(rna.iloc[::-1, ::-1], dna.sample(frac=1, random_state=0))
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_small_groups_and_missing_values_have_no_p() -> None:
    rna, dna, subtypes = tables(np.random.default_rng(4), 24)
    dna = dna.loc[subtypes.labels != "S3"]
    rna["g01"] = np.nan
    pairs = expression_methylation_pairs(subtypes, together(rna, dna)).set_index(
        ["subtype", "gene"]
    )
    assert pairs.loc["S3", ["p", "fdr", "methylation_effect"]].isna().all(axis=None)
    assert pairs.loc["S3", "expression_effect"].drop("g01").notna().all()
    assert pairs.loc[("S1", "g01"), ["p", "correlation"]].isna().all()
    assert pairs.loc[("S1", "g01"), "n_expression"] == 0
    assert pairs.loc[("S1", "g02"), "p"] <= 1


def test_nothing_in_common_is_said() -> None:
    rna, dna, subtypes = tables(np.random.default_rng(5))
    probes = dna.rename(columns=lambda name: f"cg{name}")
    with pytest.warns(OmicsfuseWarning, match="bring them to genes: annotation = "):
        pairs = expression_methylation_pairs(subtypes, together(rna, probes))
    assert pairs.empty
    assert list(pairs.columns) == COLUMNS
    one = Subtypes(pd.Series("S1", rna.index), {}, {})
    with pytest.warns(OmicsfuseWarning, match="there is one subtype"):
        assert expression_methylation_pairs(one, together(rna, dna)).empty


def test_layers_that_are_not_there_are_refused() -> None:
    rna, dna, subtypes = tables(np.random.default_rng(6))
    ready = together(rna, dna)
    with pytest.raises(StudyError, match=r"there is no layer 'methyl'.*rna .expression., dna"):
        expression_methylation_pairs(subtypes, ready, methylation="methyl")
    alone = Prepared("toy", {"rna": ready.layers["rna"]})
    with pytest.raises(StudyError, match="a layer of kind methylation is needed"):
        expression_methylation_pairs(subtypes, alone)
    with pytest.raises(StudyError, match="fdr is 5"):
        expression_methylation_pairs(subtypes, ready, fdr=5)
