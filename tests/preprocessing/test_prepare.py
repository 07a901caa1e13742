# ruff: noqa: PD011 - `values` is a field of PreparedLayer here, not that of a DataFrame
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import KINDS, Cohort, Exclusion, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.preprocessing.prepare import make_preprocessor


def _table(n: int = 30, p: int = 8, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, p))
    return pd.DataFrame(values, [f"P{i:02d}" for i in range(n)], [f"F{j}" for j in range(p)])


def _cohort(exclusions: tuple[Exclusion, ...] = (), **omics: Layer) -> Any:
    """A cohort as the gate would pass it, without the gate: these tests are of what comes after."""
    cohort = object.__new__(Cohort)
    for key, value in {
        "name": "small",
        "omics": omics,
        "exclusions": exclusions,
        "study": "",
    }.items():
        object.__setattr__(cohort, key, value)
    return cohort


def _exclusions(prepared: Any, what: str) -> dict[str, int]:
    return {
        exclusion.reason: exclusion.count
        for exclusion in prepared.exclusions
        if exclusion.what == what
    }


def test_every_kind_has_a_preprocessor_for_every_scale() -> None:
    x = np.random.default_rng(0).uniform(0.05, 0.9, (12, 4)) + np.eye(12, 4)[:, ::-1] * 0.05
    x[:6] = np.where(x[:6] > 0.5, x[:6], 0.0)
    for kind, row in KINDS.items():
        scales = row.scales
        for scale in ("", *scales):
            preprocessor = make_preprocessor(Layer(kind, pd.DataFrame(), scale))
            assert np.isfinite(preprocessor.fit_transform(x)).all()
            if "scale" in preprocessor.get_params():
                assert preprocessor.scale == (scale or scales[0])
            else:  # ranks and calls are the same on any scale
                assert kind in ("radiomics", "mutation")


def test_simulated_cohort_comes_through_whole(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    ready = preprocess(cohort)
    assert list(ready.layers) == list(cohort.omics)
    assert ready.name == cohort.name
    assert ready.study == cohort.study == ""
    assert preprocess(replace(cohort, study="S"), ["mutation"]).study == "S"
    expected = {
        "radiomics": "normal_score",
        "expression": "log2",
        "methylation": "m_value",
        "mutation": "binary",
        "copy_number": "gistic",
    }
    assert {name: layer.scale for name, layer in ready.layers.items()} == expected
    for name, layer in ready.layers.items():
        table = cohort.omics[name].table
        assert layer.kind == cohort.omics[name].kind
        assert layer.scaled.index.equals(table.index)
        assert layer.values.index.equals(table.index)
        assert np.isfinite(layer.scaled.to_numpy()).all()
        assert set(layer.scaled.columns) <= set(layer.values.columns) <= set(table.columns)
        # Values keep their holes, and the transformer gives the same again.
        holes = table[layer.values.columns].isna()
        pd.testing.assert_frame_equal(layer.values.isna(), holes)
        np.testing.assert_array_equal(layer.transformer.transform(table), layer.scaled)
    assert ready.exclusions[: len(cohort.exclusions)] == cohort.exclusions


def test_exclusions_account_for_every_feature(simulated: SimulatedCohort) -> None:
    ready = preprocess(simulated.discovery, n_features=50)
    for name, layer in ready.layers.items():
        lost = sum(
            exclusion.count
            for exclusion in ready.exclusions
            if (exclusion.step, exclusion.layer, exclusion.what) == ("preprocess", name, "features")
        )
        total = simulated.discovery.omics[name].table.shape[1]
        assert layer.scaled.shape[1] + lost == total
    imputed = [
        exclusion
        for exclusion in ready.exclusions
        if exclusion.reason.startswith("missing, imputed")
    ]
    assert {exclusion.layer for exclusion in imputed} == {"radiomics", "methylation"}
    assert all(0 < len(exclusion.examples) <= 5 for exclusion in imputed)


def test_number_of_features_for_all_or_single_layers(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    for_all = preprocess(cohort, n_features=40).layers
    assert for_all["expression"].scaled.shape[1] == 40
    assert for_all["methylation"].scaled.shape[1] == 40
    assert for_all["expression"].values.shape[1] == 300
    names = ["expression", "methylation"]
    single = preprocess(cohort, names, n_features={"expression": 25}).layers
    assert single["expression"].scaled.shape[1] == 25
    assert single["methylation"].scaled.shape[1] > 40


def test_settings_reach_their_layer(simulated: SimulatedCohort) -> None:
    ready = preprocess(
        simulated.discovery,
        ["radiomics", "mutation"],
        settings={"radiomics": {"max_correlation": 0.7}, "mutation": {"min_patients": 9}},
    )
    assert ready.layers["radiomics"].transformer.max_correlation == 0.7
    assert ready.layers["mutation"].scaled.sum().min() >= 9


def test_layers_come_in_the_order_of_the_cohort(simulated: SimulatedCohort) -> None:
    ready = preprocess(simulated.discovery, ["mutation", "radiomics"])
    assert list(ready.layers) == ["radiomics", "mutation"]
    assert list(preprocess(simulated.discovery, "mutation").layers) == ["mutation"]


def test_outcomes_and_labels_play_no_part(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    assert cohort.clinical is not None
    blind = Cohort(cohort.name, cohort.omics)
    seen, unseen = preprocess(cohort, ["expression"]), preprocess(blind, ["expression"])
    pd.testing.assert_frame_equal(
        seen.layers["expression"].scaled, unseen.layers["expression"].scaled
    )


def test_dropped_features_leave_values_too_but_unselected_ones_stay() -> None:
    table = _table()
    table["F1"] = 4.0
    table.iloc[:20, 2] = np.nan
    ready = preprocess(_cohort(protein=Layer("protein", table, "log2")), n_features=3)
    layer = ready.layers["protein"]
    assert list(layer.values.columns) == ["F0", "F3", "F4", "F5", "F6", "F7"]
    assert layer.scaled.shape == (30, 3)
    assert _exclusions(ready, "features") == {
        "missing in more than 50% of patients": 1,
        "the same value in every patient": 1,
        "not among the 3 most variable": 3,
    }


def test_imputed_and_limited_values_are_counted() -> None:
    table = _table()
    table.iloc[0, 0], table.iloc[1, 1], table.iloc[2, 1], table.iloc[3, 3] = 7377, np.nan, 12, -400
    before = table.copy()
    ready = preprocess(_cohort(rna=Layer("expression", table, "zscore")))
    assert _exclusions(ready, "values") == {
        "z-scores beyond 10 limited to it": 3,
        "missing, imputed from the 10 nearest patients": 1,
        "beyond 5 robust standard deviations, limited to them": 3,
    }
    assert [exclusion.examples for exclusion in ready.exclusions][:2] == [
        ("F0", "F1", "F3"),
        ("F1",),
    ]
    pd.testing.assert_frame_equal(table, before)


def test_patients_without_any_value_leave_the_layer_and_are_counted() -> None:
    table = _table()
    table.iloc[[3, 8]] = np.nan
    earlier = Exclusion("read", "protein", "patients", 1, "not in the clinical table", ("X",))
    ready = preprocess(_cohort((earlier,), protein=Layer("protein", table)))
    assert ready.layers["protein"].scaled.shape == (28, 8)
    assert ready.layers["protein"].values.shape == (28, 8)
    assert ready.exclusions[0] == earlier
    assert ready.exclusions[1] == Exclusion(
        "preprocess", "protein", "patients", 2, "no value in this layer", ("P03", "P08")
    )


def test_patients_who_are_mostly_imputed_are_named() -> None:
    table = _table()
    table.iloc[4, :6] = np.nan
    with pytest.warns(OmicsfuseWarning, match=r"'protein': 1 patients lack more than 50%.*: P04"):
        ready = preprocess(_cohort(protein=Layer("protein", table)))
    assert "P04" in ready.layers["protein"].scaled.index


def test_an_unknown_layer_is_refused_with_the_nearest_name(simulated: SimulatedCohort) -> None:
    with pytest.raises(CohortError, match=r"no layer 'metylation'; did you mean \"methylation\"\?"):
        preprocess(simulated.discovery, ["expression", "metylation"])
    with pytest.raises(CohortError, match="no layer was chosen"):
        preprocess(simulated.discovery, [])
    with pytest.raises(CohortError, match="'small' has no omics layer"):
        preprocess(_cohort())


def test_settings_for_unknown_layers_or_names_are_refused(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    with pytest.raises(StudyError, match=r"'expresion'; did you mean \"expression\"\?"):
        preprocess(cohort, n_features={"expresion": 5})
    with pytest.raises(StudyError, match=r"layer that is not used: 'protein'; .*Valid: radiom"):
        preprocess(cohort, settings={"protein": {}})
    with pytest.raises(StudyError, match=r"'radiomics' has no setting 'metod'.*mean \"method\""):
        preprocess(cohort, settings={"radiomics": {"metod": "power"}})
    with pytest.raises(
        StudyError,
        match=r"'radiomics': n_features does not apply .*equal "
        r"variance",
    ):
        preprocess(cohort, n_features={"radiomics": 20})
    with pytest.raises(StudyError, match=r"'mutation': n_features does not apply .*min_patients"):
        preprocess(cohort, n_features={"mutation": 20})
    with pytest.raises(StudyError, match=r"layer 'expression': .*n_features is -1"):
        preprocess(cohort, n_features=-1)
    with pytest.raises(StudyError, match="'expression' has no setting 'scale'"):
        preprocess(cohort, settings={"expression": {"scale": "counts"}})


def test_a_layer_without_usable_features_is_refused_by_name() -> None:
    constant = _table() * 0 + 3
    with pytest.raises(CohortError, match=r"layer 'rppa' \(protein\).*8 the same value in every"):
        preprocess(_cohort(rppa=Layer("protein", constant)))
    rare = pd.DataFrame(np.eye(12), [f"P{i}" for i in range(12)])
    rare.columns = [f"G{i}" for i in range(12)]
    with pytest.raises(CohortError, match=r"layer 'mc3'.*12 mutated in fewer than 2 patients"):
        preprocess(_cohort(mc3=Layer("mutation", rare)))
    with pytest.raises(CohortError, match=r"layer 'rppa' is empty \(30 patients, 0 features\)"):
        preprocess(_cohort(rppa=Layer("protein", _table().iloc[:, :0])))
    with pytest.raises(CohortError, match="0 of 30 patients have any value"):
        preprocess(_cohort(rppa=Layer("protein", _table() * np.nan)))
    with pytest.raises(CohortError, match="kind 'proteins' is unknown; did you mean \"protein\""):
        preprocess(_cohort(rppa=Layer("proteins", _table())))


def test_real_head_and_neck_cohort(real_data: Path) -> None:
    def read(name: str) -> pd.DataFrame:
        file = real_data / "tcga_hnsc_radiogenomic" / f"{name}.tsv.gz"
        return pd.read_csv(file, sep="\t", index_col=0).astype(float)

    cohort = _cohort(
        radiomics=Layer("radiomics", read("radiomics")),
        expression=Layer("expression", read("expression"), "fpkm"),
        mutation=Layer("mutation", read("mutation")),
        copy_number=Layer("copy_number", read("cn_gene"), "gistic"),
    )
    ready = preprocess(cohort)
    shapes = {
        name: (*layer.scaled.shape, layer.values.shape[1]) for name, layer in ready.layers.items()
    }
    assert shapes == {
        "radiomics": (106, 220, 539),
        "expression": (106, 975, 975),
        "mutation": (106, 1356, 1356),
        "copy_number": (106, 1500, 1500),
    }


def test_a_layer_without_a_usable_feature_is_left_out_and_said_so() -> None:
    rng = np.random.default_rng(0)
    patients = pd.Index([f"P{i:02d}" for i in range(30)], name="patient")
    protein = pd.DataFrame(rng.normal(size=(30, 8)), patients, [f"p{i}" for i in range(8)])
    once = pd.DataFrame(np.eye(30), patients, [f"g{i}" for i in range(30)])
    cohort = Cohort("c", {"rppa": Layer("protein", protein), "mc3": Layer("mutation", once)})
    with pytest.warns(
        OmicsfuseWarning,
        match=r"layer 'mc3'.*The layer is excluded; the other "
        r".*rppa",
    ):
        ready = preprocess(cohort)
    assert list(ready.layers) == ["rppa"]
    lost = [exclusion for exclusion in ready.exclusions if exclusion.layer == "mc3"]
    assert [(exclusion.what, exclusion.count) for exclusion in lost] == [("features", 30)]
    assert "layer excluded" in lost[0].reason


@pytest.mark.parametrize("cohort", [None, "cohort.toml", pd.DataFrame()])
def test_what_is_no_cohort(cohort: object) -> None:
    with pytest.raises(StudyError, match=r"cohort is of type .*from of\.read_cohort"):
        preprocess(cohort)
