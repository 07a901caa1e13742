"""Which layers hold a subtype together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment.layers import subtype_layers
from omicsfuse.assessment.refit import refit
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def ready(shifts: dict[str, float], n: int = 45, seed: int = 0) -> tuple[Prepared, np.ndarray]:
    """Three groups of equal size, which each layer separates by its own shift, in SD."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    layers = {}
    for name, shift in shifts.items():
        values = rng.normal(size=(n, 24))
        for g in range(3):
            values[truth == g, g * 8 : g * 8 + 8] += shift
        table = pd.DataFrame(values, pd.Index([f"P{i:03d}" for i in range(n)], name="patient"))
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("planted", layers), truth


def given_labels(truth: np.ndarray, patients: pd.Index) -> Subtypes:
    return Subtypes(pd.Series([f"S{g + 1}" for g in truth], patients), {}, {})


def by_loops(network: np.ndarray, member: np.ndarray) -> tuple[float, float]:
    """Means over pairs, pair by pair."""
    inside, outside = [], []
    for i in np.flatnonzero(member):
        for j in range(len(member)):
            if i != j:
                (inside if member[j] else outside).append(network[i, j])
    return float(np.mean(inside)), float(np.mean(outside))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), engine=st.sampled_from(["exact", "sparse"]))
def test_means_are_those_over_pairs(seed: int, engine: str) -> None:
    prepared, _ = ready({"a": 1.0, "b": 0.0}, n=30, seed=seed % 100)
    few = prepared.layers["b"].scaled.iloc[5:]
    prepared.layers["b"] = PreparedLayer("continuous", few, few, "raw", None)
    fusion = of.fuse(prepared, n_neighbors=6, engine=engine, n_kept=12)
    truth = np.random.default_rng(seed).permutation(np.arange(30) % 3)
    table = subtype_layers(fusion, refit(prepared, fusion), given_labels(truth, fusion.patients))
    assert table["subtype"].tolist() == ["S1", "S1", "S2", "S2", "S3", "S3"]
    assert table["layer"].tolist() == ["a", "b"] * 3
    for row in table.itertuples():
        has = fusion.coverage.loc[fusion.patients, row.layer].to_numpy()
        network = fusion.per_layer[row.layer]
        network = network.to_numpy() if isinstance(network, pd.DataFrame) else network.toarray()
        member = (truth == int(row.subtype[1]) - 1)[has]
        assert row.n == member.sum()
        expected = by_loops(network, member)
        assert (row.within, row.between) == pytest.approx(expected)
        assert row.ratio == pytest.approx(expected[0] / expected[1])


def test_a_layer_that_knows_nothing_has_a_ratio_of_one() -> None:
    prepared, truth = ready({"carrier": 2.0, "noise": 0.0}, n=60)
    fusion = of.fuse(prepared, n_neighbors=10)
    subtypes = given_labels(truth, fusion.patients)
    table = subtype_layers(fusion, refit(prepared, fusion), subtypes)
    ratio = table.pivot(index="subtype", columns="layer", values="ratio")
    assert (ratio["carrier"] > 1.5).all()
    assert (ratio["noise"] - 1).abs().max() < 0.1


def test_subtypes_too_small_for_a_mean() -> None:
    prepared, _ = ready({"a": 1.0, "b": 1.0}, n=30)
    few = prepared.layers["b"].scaled.iloc[1:]
    prepared.layers["b"] = PreparedLayer("continuous", few, few, "raw", None)
    fusion = of.fuse(prepared, n_neighbors=6)
    repeat = refit(prepared, fusion)
    # S2 is one patient, who lacks layer b.
    truth = np.array([1] + [0] * 29)
    table = subtype_layers(fusion, repeat, given_labels(truth, fusion.patients))
    alone = table[table["subtype"] == "S2"].set_index("layer")
    assert alone["n"].to_dict() == {"a": 1, "b": 0}
    assert np.isnan(alone.loc["a", "within"])
    assert alone.loc["a", "between"] > 0
    assert alone.loc["b", ["within", "between", "ratio"]].isna().all()
    # In layer b, S1 is everybody: there are no others.
    everyone = table[table["subtype"] == "S1"].set_index("layer")
    assert np.isnan(everyone.loc["b", "between"])
    assert np.isnan(everyone.loc["b", "ratio"])
    single = subtype_layers(fusion, repeat, given_labels(truth * 0, fusion.patients))
    assert single["within"].notna().all()
    assert single[["between", "ratio"]].isna().all(None)


def test_more_than_nine_subtypes_stay_in_order() -> None:
    prepared, _ = ready({"a": 1.0}, n=48)
    fusion = of.fuse(prepared, n_neighbors=6)
    subtypes = given_labels(np.arange(48) % 12, fusion.patients)
    table = subtype_layers(fusion, refit(prepared, fusion), subtypes)
    assert table["subtype"].tolist() == [f"S{i + 1}" for i in range(12)]


@pytest.mark.filterwarnings("ignore:.*turned gene symbols into dates")
def test_real_subtypes(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    manifest = Path(__file__).parents[2] / "data_manifests" / "tcga_hnsc_radiogenomic.toml"
    prepared = of.preprocess(of.read_cohort(manifest))
    names = ["radiomics", "copy_number"]
    fusion = of.fuse(prepared, layers=names)
    subtypes = of.cluster(fusion, 2)
    table = subtype_layers(fusion, refit(prepared, fusion), subtypes)
    assert len(table) == 4
    assert (table["within"] > table["between"]).all()
