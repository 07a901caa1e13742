"""One setting moved at a time."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.assessment import sensitivity as module
from omicsfuse.assessment.sensitivity import SETTINGS, sensitivity, settings_moved
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.fusion import SNF
from omicsfuse.stats.tasks import Runner

COLUMNS = ["setting", "value", "agreement", "n_clusters", "agreement_auto", "note", "reported"]


def ready(shift: float, n: int = 40, seed: int = 0) -> Prepared:
    """Two groups in an expression layer, whose first features vary most, and in mutations."""
    rng = np.random.default_rng(seed)
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    group = np.arange(n) % 2
    signs = np.where(np.arange(20) % 2, 1, -1)
    values = (rng.normal(size=(n, 20)) + shift * group[:, None] * signs) * np.linspace(5, 1, 20)
    genes = pd.DataFrame(values, people, [f"G{i}" for i in range(20)])
    scaled = (genes - genes.mean()) / genes.std()
    hit = (rng.random((n, 30)) < 0.2 + 0.15 * shift * group[:, None] * (np.arange(30) < 15)) * 1.0
    hit[:, 29] = 1.0
    mutation = pd.DataFrame(hit, people, [f"M{i}" for i in range(30)])
    layers = {
        "genes": PreparedLayer("expression", scaled, genes, "log2", None),
        "hits": PreparedLayer("mutation", mutation, mutation, "binary", None),
    }
    return Prepared("cohort", layers)


def only(**settings: list[object]) -> dict[str, list[object]]:
    return {name: [] for name in [*SNF().moved(40), *SETTINGS]} | settings


def agreement(reported: pd.Series, fusion: Fusion, k: int, seed: int = 0) -> float:
    return adjusted_rand_score(reported, of.cluster(fusion, k, random_state=seed).labels)


def test_strong_groups_do_not_care() -> None:
    prepared = ready(3.0)
    fusion = of.fuse(prepared, n_neighbors=10)
    moved = {"random_state": [1], "n_iterations": [10], "mu": [0.3, 0.5], "n_neighbors": [5]}
    table = sensitivity(prepared, fusion, of.cluster(fusion, 2), settings=moved)
    assert table.columns.tolist() == COLUMNS
    assert table["agreement"].min() > 0.8
    assert (table["n_clusters"] == 2).all()
    reported = table[table["reported"]]
    assert (reported["note"] == "as reported").all()
    assert (reported["agreement"] == 1).all()
    assert reported[["setting", "value"]].to_numpy().tolist() == [
        ["mu", "0.5"],
        ["variant", "paper"],
        ["n_features", "1"],
        ["metric of genes", "euclidean"],
        ["metric of hits", "jaccard"],
    ]


@pytest.mark.parametrize(
    ("n", "neighbors"),
    [(40, [4, 6, 9, 10, 11, 13]), (12, [3, 4, 10]), (90, [10, 15, 20, 25, 30]), (75, None)],
)
def test_grid(n: int, neighbors: list[int] | None) -> None:
    prepared = ready(3.0)
    fusion = of.fuse(prepared, n_neighbors=10)
    subtypes = of.cluster(fusion, 2, random_state=7)
    grid = module._grid(fusion, subtypes, prepared.layers, settings_moved(fusion, n), {})
    values: dict[str, list[object]] = {}
    for (setting, layer, value), _ in grid:
        values.setdefault(f"{setting} {layer}".strip(), []).append(value)
    assert neighbors is None or values["n_neighbors"] == neighbors
    assert max(values["n_neighbors"]) < n
    assert values["mu"] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert values["n_iterations"] == [10, 20, 40]
    assert values["variant"] == ["paper", "snfpy"]
    assert values["n_features"] == [0.25, 0.5, 1.0]
    assert values["metric genes"] == ["euclidean", "correlation", "cosine"]
    assert values["metric hits"] == ["jaccard", "hamming"]
    assert values["random_state"] == [7, 8, 9, 10, 11, 12]
    assert sum(reported for _, reported in grid) == 8


def test_what_is_moved_is_what_fusing_again_gives() -> None:
    prepared = ready(0.6, seed=2)
    options = {"n_neighbors": 8, "layer_weights": {"genes": 2.0}}
    fusion = of.fuse(prepared, **options)
    subtypes = of.cluster(fusion, 3, random_state=4)
    moved = only(n_neighbors=[5], mu=[0.8], variant=["snfpy"], random_state=[9], metric=["cosine"])
    moved["metric"] = ["hamming"]
    moved["n_iterations"] = [3]
    prepared.layers["genes"] = PreparedLayer(
        "expression",
        prepared.layers["genes"].scaled.round(1),
        prepared.layers["genes"].values,
        "log2",
        None,
    )
    fusion = of.fuse(prepared, **options)
    subtypes = of.cluster(fusion, 3, random_state=4)
    table = sensitivity(prepared, fusion, subtypes, settings=moved).set_index("setting")
    expected = {
        "n_neighbors": of.fuse(prepared, **{**options, "n_neighbors": 5}),
        "mu": of.fuse(prepared, mu=0.8, **options),
        "variant": of.fuse(prepared, variant="snfpy", **options),
        "n_iterations": of.fuse(prepared, n_iterations=3, **options),
        "metric of hits": of.fuse(prepared, metrics={"hits": "hamming"}, **options),
    }
    for setting, again in expected.items():
        row = table.loc[setting]
        assert row["agreement"] == pytest.approx(agreement(subtypes.labels, again, 3, 4))
        automatic = of.cluster(again, "auto", random_state=4)
        assert row["n_clusters"] == automatic.labels.nunique()
        assert row["agreement_auto"] == pytest.approx(
            adjusted_rand_score(subtypes.labels, automatic.labels)
        )
    assert table["agreement"].min() < 0.9
    assert table.loc["random_state", "agreement"] == pytest.approx(
        agreement(subtypes.labels, fusion, 3, 9)
    )


def test_the_most_variable_features_are_kept() -> None:
    prepared = ready(1.0)
    fusion = of.fuse(prepared, n_neighbors=8)
    subtypes = of.cluster(fusion, 2)
    table = sensitivity(prepared, fusion, subtypes, settings=only(n_features=[0.5]))
    layers = {}
    for name, layer in prepared.layers.items():
        values = layer.values  # noqa: PD011
        kept = values.var().sort_values(ascending=False, kind="stable").index
        kept = [column for column in values if column in kept[: len(kept) // 2]]
        layers[name] = PreparedLayer(
            layer.kind, layer.scaled[kept], values[kept], layer.scale, None
        )
    assert set(layers["genes"].scaled) > {"G0", "G1", "G2", "G3"}
    assert "M29" not in layers["hits"].scaled
    again = of.fuse(Prepared("half", layers), n_neighbors=8)
    assert table["agreement"].tolist() == [agreement(subtypes.labels, again, 2)]


def test_features_that_vary_alike_are_drawn() -> None:
    prepared = ready(1.0)
    genes = prepared.layers["genes"].scaled
    alike = PreparedLayer("radiomics", genes, genes, "normal_score", None)
    orders = [module._most_variable(alike, np.random.default_rng(s)) for s in (0, 0, 1)]
    assert sorted(orders[0]) == list(range(20))
    assert orders[0].tolist() == orders[1].tolist() != orders[2].tolist()


def test_what_cannot_be_run_is_a_row_with_a_note() -> None:
    prepared = ready(2.0)
    prepared.layers["hits"].scaled.iloc[3] = 0.0
    fusion = of.fuse(prepared, n_neighbors=8)
    moved = only(
        n_neighbors=[39, 40, 0, "few"],
        mu=[0.5, -1],
        variant=["paper", "best"],
        n_features=[2.0, 0.0],
        metric=["cosine"],
        n_iterations=[2.5],
    )
    table = sensitivity(prepared, fusion, of.cluster(fusion, 2), settings=moved)
    ran = table["agreement"].notna()
    assert table.loc[ran, "value"].tolist() == ["39", "0.5", "paper", "cosine"]
    failed = table[~ran].set_index(["setting", "value"])
    assert failed[["n_clusters", "agreement_auto"]].isna().all(None)
    notes = failed["note"]
    assert notes[("n_neighbors", "40")] == ("40 neighbours need more than 40 patients; found 40")
    assert "n_neighbors" in notes[("n_neighbors", "0")]
    assert "n_neighbors" in notes[("n_neighbors", "few")]
    assert "mu" in notes[("mu", "-1")]
    assert "variant is 'best'" in notes[("variant", "best")]
    assert "a share is above 0 and at most 1" in notes[("n_features", "2")]
    assert "a share is above 0 and at most 1" in notes[("n_features", "0")]
    assert (
        "layer 'hits': the cosine distance is undefined for 1 patient"
        in (notes[("metric of hits", "cosine")])
    )
    assert "n_iterations" in notes[("n_iterations", "2.5")]


def test_one_subtype_has_nothing_to_agree_with() -> None:
    prepared = ready(2.0)
    fusion = of.fuse(prepared, n_neighbors=8)
    table = sensitivity(prepared, fusion, of.cluster(fusion, 1), settings=only(mu=[0.4]))
    assert table[["agreement", "agreement_auto"]].isna().all(None)
    assert table["n_clusters"].tolist() == [2]
    assert table["note"].tolist() == ["one subtype: agreement is not defined"]


def test_a_range_asked_for_is_the_rule() -> None:
    prepared = ready(2.0)
    fusion = of.fuse(prepared, n_neighbors=8)
    subtypes = of.cluster(fusion, (3, 4))
    table = sensitivity(prepared, fusion, subtypes, settings=only(mu=[0.4]))
    assert table.loc[0, "n_clusters"] in (3, 4)


def test_large_cohorts_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = ready(2.0, n=60)
    few = prepared.layers["hits"].scaled.iloc[:45]
    prepared.layers["hits"] = PreparedLayer("mutation", few, few, "binary", None)
    fusion = of.fuse(prepared, n_neighbors=10, engine="sparse", n_kept=20)
    subtypes = of.cluster(fusion, 2)
    monkeypatch.setattr(module, "MOST_MOVED", 40)
    moved = only(mu=[0.5, 0.4], n_neighbors=[39, 45])
    table = sensitivity(prepared, fusion, subtypes, settings=moved)
    assert table["note"].tolist() == [
        "",
        "45 neighbours need more than 45 patients; found 40",
        "as reported",
        "",
    ]
    assert (table["agreement"].dropna() > 0.8).all()


def test_a_table_of_distances_has_no_other_metric() -> None:
    prepared = ready(2.0)
    values = prepared.layers["genes"].scaled
    d = np.abs(values.to_numpy()[:, None] - values.to_numpy()[None]).sum(axis=2)
    fusion = of.fuse(
        prepared, n_neighbors=8, metrics={"genes": pd.DataFrame(d, values.index, values.index)}
    )
    moved = only(n_features=[0.5])
    del moved["metric"]
    table = sensitivity(prepared, fusion, of.cluster(fusion, 2), settings=moved)
    assert table["setting"].tolist() == ["n_features", "metric of hits", "metric of hits"]
    assert table["agreement"].notna().all()


def test_the_number_of_jobs_does_not_matter() -> None:
    prepared = ready(0.6)
    fusion = of.fuse(prepared, n_neighbors=8)
    subtypes = of.cluster(fusion, 2)
    moved = only(mu=[0.3, 0.8], n_features=[0.25])
    one = sensitivity(prepared, fusion, subtypes, settings=moved)
    two = sensitivity(prepared, fusion, subtypes, settings=moved, runner=Runner(n_jobs=2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_settings_that_do_not_exist_are_refused() -> None:
    prepared = ready(2.0)
    fusion = of.fuse(prepared, n_neighbors=8)
    subtypes = of.cluster(fusion, 2)
    with pytest.raises(
        of.StudyError,
        match=r"'neighbors', which the sensitivity analysis "
        r"does not vary; .*n_neighbors",
    ):
        sensitivity(prepared, fusion, subtypes, settings={"neighbors": [3]})
    with pytest.raises(of.StudyError, match="variant is 'snfpy'; give a list"):
        sensitivity(prepared, fusion, subtypes, settings={"variant": "snfpy"})
    with pytest.raises(of.StudyError, match="settings"):
        sensitivity(prepared, fusion, subtypes, settings=["mu"])
