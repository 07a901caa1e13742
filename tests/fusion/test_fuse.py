"""Fusing prepared layers: patients, metrics, engines, refusals."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.fusion import METRICS, default_metric, patient_distances
from omicsfuse.results import Prepared, PreparedLayer


def layer(kind: str, patients: list[str], seed: int, scale: str = "raw") -> PreparedLayer:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(patients), 6))
    if scale == "binary":
        values = (values > 0.8).astype(float)
    if scale == "gistic":
        values = values.round().clip(-2, 2)
    table = pd.DataFrame(values, pd.Index(patients, name="patient"), list("abcdef"))
    return PreparedLayer(kind, table, table, scale, SimpleNamespace())


def prepared(**layers: PreparedLayer) -> Prepared:
    return Prepared("toy", layers)


PATIENTS = [f"P{i:02d}" for i in range(20)]


def test_patients_in_every_layer_are_fused_and_the_others_counted() -> None:
    ready = prepared(
        protein=layer("protein", PATIENTS, 0),
        other=layer("continuous", [*PATIENTS[:14][::-1], "X1", "X2"], 1),
    )
    fusion = of.fuse(ready, n_neighbors=5)
    assert list(fusion.affinity.index) == PATIENTS[:14]
    assert list(fusion.affinity.columns) == PATIENTS[:14]
    assert fusion.coverage.shape == (22, 2)
    assert fusion.coverage.loc["P19"].tolist() == [True, False]
    (loss,) = fusion.losses
    assert (loss.what, loss.count) == ("patients", 8)
    assert loss.reason == "not in every fused layer (protein lacks 2, other lacks 6)"
    np.testing.assert_allclose(
        fusion.affinity,
        of.fuse_affinities([w.to_numpy() for w in fusion.per_layer.values()], 5),
    )


def test_the_order_of_patients_in_a_table_does_not_matter() -> None:
    one, two = layer("protein", PATIENTS, 0), layer("continuous", PATIENTS, 1)
    shuffled = PreparedLayer("continuous", two.scaled[::-1], two.scaled[::-1], "raw", None)
    straight = of.fuse(prepared(a=one, b=two), n_neighbors=5)
    crooked = of.fuse(prepared(a=one, b=shuffled), n_neighbors=5)
    pd.testing.assert_frame_equal(straight.affinity, crooked.affinity)


def test_default_metrics_fit_what_layers_hold() -> None:
    ready = prepared(
        rad=layer("radiomics", PATIENTS, 0, "normal_score"),
        mut=layer("mutation", PATIENTS, 1, "binary"),
        cn=layer("copy_number", PATIENTS, 2, "gistic"),
    )
    assert of.fuse(ready, n_neighbors=5).params["metrics"] == {
        "rad": "euclidean",
        "mut": "jaccard",
        "cn": "manhattan",
    }
    assert default_metric(layer("copy_number", PATIENTS, 2, "log2")) == "euclidean"
    changed = of.fuse(ready, n_neighbors=5, metrics={"rad": "correlation"})
    assert changed.params["metrics"]["rad"] == "correlation"


def test_snfpy_engine_gives_the_snfpy_variant() -> None:
    ready = prepared(a=layer("protein", PATIENTS, 0), b=layer("protein", PATIENTS, 1))
    theirs = of.fuse(ready, n_neighbors=6, engine="snfpy")
    ours = of.fuse(ready, n_neighbors=6, variant="snfpy")
    assert theirs.params["variant"] == "snfpy"
    np.testing.assert_allclose(theirs.affinity, ours.affinity, rtol=1e-12)
    assert not np.allclose(ours.affinity, of.fuse(ready, n_neighbors=6).affinity)


def test_known_distances() -> None:
    table = np.array([[1.0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    jaccard = patient_distances(table, "jaccard")
    assert jaccard[0].tolist() == [0, pytest.approx(2 / 3), 1, 1]
    assert jaccard[2, 3] == 0
    assert patient_distances(table, "manhattan")[0, 1] == 2
    assert set(METRICS) >= {"euclidean", "squared_euclidean", "correlation", "cosine", "hamming"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": []}, "name at least one layer"),
        ({"layers": ["protien"]}, 'did you mean "protein"'),
        ({"layers": ["protein", "protein"]}, "named more than once: protein"),
        ({"engine": "fast"}, "engine is 'fast'; choose from exact, snfpy"),
        ({"engine": "snfpy", "variant": "paper"}, 'knows only variant "snfpy"'),
        ({"engine": "snfpy", "layers": ["protein"]}, "at least two layers"),
        ({"metrics": {"x": "cosine"}}, "metrics names x, which is not among the fused layers"),
        ({"metrics": {"protein": "manhatten"}}, 'manhatten.*did you mean "manhattan"'),
        ({"mu": -1}, "mu is -1"),
    ],
)
def test_settings_refused(options: dict, message: str) -> None:
    ready = prepared(protein=layer("protein", PATIENTS, 0), b=layer("protein", PATIENTS, 1))
    with pytest.raises(of.StudyError, match=message):
        of.fuse(ready, **{"n_neighbors": 5, **options})


def test_too_few_patients_in_common() -> None:
    ready = prepared(
        a=layer("protein", PATIENTS, 0), b=layer("protein", [*PATIENTS[:9], "Q1", "Q2"], 1)
    )
    with pytest.raises(of.CohortError, match=r"only 9 patients .* \(a 20, b 11\); at least 10"):
        of.fuse(ready)


def test_undefined_correlation_is_refused() -> None:
    flat = layer("protein", PATIENTS, 0)
    flat.scaled.iloc[3] = 1.0
    with pytest.raises(of.StudyError, match="correlation distance is undefined for"):
        of.fuse(prepared(a=flat), n_neighbors=5, metrics={"a": "correlation"})


def test_one_layer_alone() -> None:
    fusion = of.fuse(prepared(a=layer("protein", PATIENTS, 0)), n_neighbors=5)
    assert np.isfinite(fusion.affinity.to_numpy()).all()
    assert fusion.losses == ()
