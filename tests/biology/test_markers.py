import time

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import benjamini_hochberg, differential_features
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.errors import OmicsfuseWarning
from omicsfuse.preprocessing import preprocess
from omicsfuse.results import Prepared, PreparedLayer, Subtypes


def layer(kind: str, scale: str, values: pd.DataFrame) -> PreparedLayer:
    return PreparedLayer(kind, values, values, scale, None)


@pytest.fixture(scope="module")
def truth(simulated: SimulatedCohort) -> Subtypes:
    patients = simulated.discovery.clinical.index
    return Subtypes("S" + simulated.truth.loc[patients].astype(str), {}, {})


@pytest.fixture(scope="module")
def table(simulated: SimulatedCohort, truth: Subtypes) -> pd.DataFrame:
    return differential_features(truth, preprocess(simulated.discovery))


def test_each_layer_has_its_own_test_and_effect(table: pd.DataFrame) -> None:
    kinds = table.groupby("layer", sort=False)[["test", "effect_name"]].agg(set)
    assert kinds["test"].map(sorted).to_dict() == {
        "radiomics": ["Brunner-Munzel, logit"],
        "expression": ["moderated t"],
        "methylation": ["moderated t"],
        "mutation": ["Fisher exact"],
        "copy_number": ["proportional odds, likelihood ratio"],
    }
    assert kinds.loc["copy_number", "effect_name"] == {"log odds ratio of a higher level"}
    assert kinds.loc["methylation", "effect_name"] == {"difference in M-value"}
    assert kinds.loc["radiomics", "effect_name"] == {"rank-biserial correlation"}
    assert kinds.loc["mutation", "effect_name"] == {"difference in mutated share"}
    assert kinds.loc["expression", "effect_name"] == {"log2 fold change"}


def test_planted_genes_lead_their_subtype(
    simulated: SimulatedCohort, table: pd.DataFrame, truth: Subtypes
) -> None:
    genes = table[(table["layer"] == "expression") & (table["effect"] > 0)]
    for i, subtype in enumerate(truth.names, start=1):
        planted = set(simulated.gene_sets[f"PLANTED_SUBTYPE_{i}_UP"])
        top = genes[genes["subtype"] == subtype].head(20)["feature"]
        assert len(planted.intersection(top)) >= 19


def test_sorted_by_layer_subtype_and_p(table: pd.DataFrame) -> None:
    assert list(dict.fromkeys(table["layer"])) == [
        "radiomics",
        "expression",
        "methylation",
        "mutation",
        "copy_number",
    ]
    for _, part in table.groupby("layer", sort=False):
        assert list(dict.fromkeys(part["subtype"])) == ["S1", "S2", "S3"]
        for _, rows in part.groupby("subtype"):
            assert rows["p"].is_monotonic_increasing or rows["p"].isna().any()


def test_the_family_is_a_layers_features_times_subtypes(table: pd.DataFrame) -> None:
    part = table[table["layer"] == "expression"]
    np.testing.assert_allclose(part["fdr"], benjamini_hochberg(part["p"].to_numpy()))


def test_log2_copy_number_is_continuous() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.standard_normal((8, 2)), [f"P{i}" for i in range(8)], ["A", "B"])
    labels = pd.Series(["S1"] * 4 + ["S2"] * 4, values.index)
    prepared = Prepared("toy", {"cn": layer("copy_number", "log2", values)})
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert set(table["test"]) == {"moderated t"}
    assert set(table["effect_name"]) == {"difference in log2 ratio"}


def test_patients_without_a_label_or_without_the_layer_take_no_part() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.standard_normal((10, 3)), [f"P{i}" for i in range(10)], list("ABC"))
    labels = pd.Series(["S1"] * 4 + ["S2"] * 5, [f"P{i}" for i in range(8)] + ["absent"])
    prepared = Prepared("toy", {"rna": layer("expression", "log2", values)})
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert table["n"].unique().tolist() == [8]


def test_one_absurd_z_score_does_not_hide_a_feature() -> None:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.standard_normal((40, 2)), [f"P{i}" for i in range(40)], ["A", "B"])
    values.iloc[:20, 0] += 3
    values.iloc[0, 0] = 7377.0
    labels = pd.Series(["S1"] * 20 + ["S2"] * 20, values.index)
    prepared = Prepared("toy", {"rna": layer("expression", "zscore", values)})
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert table.iloc[0]["feature"] == "A"
    assert table.iloc[0]["p"] < 1e-6


def test_one_subtype_gives_an_empty_table_and_says_so() -> None:
    values = pd.DataFrame({"A": np.arange(5.0)}, [f"P{i}" for i in range(5)])
    prepared = Prepared("toy", {"rna": layer("expression", "log2", values)})
    with pytest.warns(OmicsfuseWarning, match="1 subtype, so nothing to compare"):
        table = differential_features(
            Subtypes(pd.Series("S1", index=values.index), {}, {}), prepared
        )
    assert table.empty
    assert list(table.columns)[:3] == ["layer", "feature", "subtype"]


def test_twenty_thousand_features_take_seconds() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(120)]
    features = [f"F{i}" for i in range(20_000)]
    labels = pd.Series(rng.choice(["S1", "S2", "S3"], 120), patients)
    mutated = pd.DataFrame((rng.random((120, 20_000)) < 0.1).astype(float), patients, features)
    real = pd.DataFrame(rng.standard_normal((120, 20_000)), patients, features)
    prepared = Prepared(
        "big",
        {
            "mutation": layer("mutation", "binary", mutated),
            "expression": layer("expression", "log2", real),
            "radiomics": layer("radiomics", "normal_score", real),
        },
    )
    start = time.perf_counter()
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert len(table) == 180_000
    assert time.perf_counter() - start < 20
