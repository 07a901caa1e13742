import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import differential_features, driver_features
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def planted() -> tuple[Subtypes, Prepared]:
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(60)]
    labels = pd.Series(["S1"] * 24 + ["S2"] * 20 + ["S3"] * 16, patients)
    first, third = (labels == "S1").to_numpy(float), (labels == "S3").to_numpy(float)
    texture = rng.standard_normal(60) + 2.5 * first
    radiomics = pd.DataFrame(
        {f"texture_{i}": texture + 0.02 * rng.standard_normal(60) for i in range(40)}
        | {"volume": rng.standard_normal(60) - 2.0 * first}
        | {f"noise_{i}": rng.standard_normal(60) for i in range(10)},
        patients,
    )
    genes = rng.standard_normal((60, 30)) + 6
    genes[:, :4] += 3 * first[:, None]
    genes[:, 3] += 3 * third
    mutated = pd.DataFrame({"TP53": first, "TTN": (rng.random(60) < 0.4).astype(float)}, patients)
    layers = {
        "ct": PreparedLayer("radiomics", radiomics, radiomics, "normal_score", None),
        "rna": PreparedLayer(
            "expression",
            *[pd.DataFrame(genes, patients, [f"G{i:02d}" for i in range(30)])] * 2,
            "log2",
            None,
        ),
        "mutation": PreparedLayer("mutation", mutated, mutated, "binary", None),
    }
    return Subtypes(labels, {}, {}), Prepared("toy", layers)


@pytest.fixture(scope="module")
def drivers() -> pd.DataFrame:
    subtypes, prepared = planted()
    return driver_features(differential_features(subtypes, prepared), prepared, subtypes, 8)


def test_layers_take_turns_and_ranks_count_up(drivers: pd.DataFrame) -> None:
    own = drivers[drivers["subtype"] == "S1"]
    assert own["layer"].tolist()[:6] == ["ct", "rna", "mutation", "ct", "rna", "rna"]
    assert own["rank"].tolist() == list(range(1, len(own) + 1))


def test_forty_features_that_say_the_same_are_listed_once(drivers: pd.DataFrame) -> None:
    own = drivers[(drivers["subtype"] == "S1") & (drivers["layer"] == "ct")]["feature"]
    assert own.str.startswith("texture").sum() == 1
    assert "volume" in set(own)


def test_a_feature_may_mark_two_subtypes(drivers: pd.DataFrame) -> None:
    assert {"S1", "S3"} <= set(drivers[drivers["feature"] == "G03"]["subtype"])


def test_words_and_averages(drivers: pd.DataFrame) -> None:
    row = drivers.set_index(["subtype", "feature"]).loc[("S1", "TP53")]
    assert row["direction"] == "more often"
    assert (row["inside"], row["outside"]) == (1.0, 0.0)
    assert row["summary"] == "share of patients mutated"
    subtypes, prepared = planted()
    values = prepared.layers["rna"].values["G00"]  # noqa: PD011 - a field of ours
    row = drivers.set_index(["subtype", "feature"]).loc[("S1", "G00")]
    assert row["direction"] == "raised"
    assert row["inside"] == pytest.approx(values[subtypes.labels == "S1"].mean())
    assert row["outside"] == pytest.approx(values[subtypes.labels != "S1"].mean())
    assert row["effect"] == pytest.approx(row["inside"] - row["outside"])


def test_nothing_found_is_an_empty_table_with_its_columns() -> None:
    subtypes, prepared = planted()
    markers = differential_features(subtypes, prepared).assign(fdr=1.0)
    table = driver_features(markers, prepared, subtypes)
    assert table.empty
    assert list(table.columns)[:4] == ["subtype", "rank", "layer", "feature"]


def test_order_of_patients_does_not_matter() -> None:
    subtypes, prepared = planted()
    order = np.random.default_rng(1).permutation(60)
    turned = Prepared(
        "toy",
        {
            name: PreparedLayer(
                layer.kind,
                layer.scaled.iloc[order],
                layer.values.iloc[order],  # noqa: PD011 - a field of ours
                layer.scale,
                None,
            )
            for name, layer in prepared.layers.items()
        },
    )
    first, second = (
        driver_features(differential_features(subtypes, one), one, subtypes)
        for one in (prepared, turned)
    )
    assert first.to_csv() == second.to_csv()


def test_bad_arguments() -> None:
    subtypes, prepared = planted()
    markers = differential_features(subtypes, prepared)
    with pytest.raises(StudyError, match="no column 'effect_ci_low'"):
        driver_features(markers.drop(columns="effect_ci_low"), prepared, subtypes)
    with pytest.raises(StudyError, match="per_subtype is 0"):
        driver_features(markers, prepared, subtypes, per_subtype=0)
    with pytest.raises(StudyError, match="fdr is 5"):
        driver_features(markers, prepared, subtypes, fdr=5)
