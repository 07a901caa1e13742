"""Labels from elsewhere: named by size, and measured, never found, in the network."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.assessment.given import labels_in_network, placed
from omicsfuse.clustering.criteria import affinity_silhouettes
from omicsfuse.core.results import Fusion, Prepared, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.io.labels import read_labels


def column(*labels: object) -> pd.Series:
    return pd.Series(list(labels), [f"P{i}" for i in range(len(labels))], dtype=object)


def test_subtypes_are_ordered_by_size_then_by_first_patient() -> None:
    shuffled = column("b", "c", "a", "a", "b", "a").sample(frac=1, random_state=1)
    subtypes = of.Subtypes.from_labels(shuffled, source="a paper")
    assert subtypes.label_names == {"S1": "a", "S2": "b", "S3": "c"}
    assert subtypes.labels.to_dict() == {
        "P0": "S2", "P1": "S3", "P2": "S1", "P3": "S1", "P4": "S2", "P5": "S1",
    }  # fmt: skip
    assert list(subtypes.labels.index) == sorted(subtypes.labels.index)
    assert subtypes.names == ["S1", "S2", "S3"]
    tied = of.Subtypes.from_labels(column("z", "a", "z", "a"))
    assert tied.label_names == {"S1": "z", "S2": "a"}
    assert subtypes.given
    assert not Subtypes(subtypes.labels, {}, {"rule": "2, as asked"}).given
    assert repr(subtypes).splitlines()[2:4] == [
        "  labels: S1 = a, S2 = b, S3 = c",
        "  source: a paper",
    ]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (column(2.0, 1.0, 2.0), ["2", "1"]),
        (column(True, False, True), ["True", "False"]),
        (pd.Series(pd.Categorical(["x", "y", "x"], ["y", "x", "unused"])), ["x", "y"]),
        ({"P1": "x", "P2": "x", "P3": "y"}, ["x", "y"]),
        (column("A & B <i>", "A & B <i>", "B"), ["A & B <i>", "B"]),
        (column(" x", "x ", "y"), ["x", "y"]),
    ],
)
def test_labels_are_of_any_type(labels: pd.Series, names: list[str]) -> None:
    assert list(of.Subtypes.from_labels(labels).label_names.values()) == names


def test_without_a_label_is_not_labelled() -> None:
    subtypes = of.Subtypes.from_labels(column("x", np.nan, None, "[Not Available]", "x", "", "y"))
    assert list(subtypes.labels.index) == ["P0", "P4", "P6"]
    assert subtypes.params["not_labelled"] == 4


def test_barcodes_of_samples_are_brought_to_patients() -> None:
    names = ["TCGA-OR-A5J1-01A", "TCGA-OR-A5J2-01A", "TCGA-OR-A5J2-11A", "TCGA-OR-A5J3-01A"]
    subtypes = of.Subtypes.from_labels(pd.Series(["x", "x", "y", "y"], names))
    assert subtypes.labels.to_dict() == {
        "TCGA-OR-A5J1": "S1", "TCGA-OR-A5J2": "S1", "TCGA-OR-A5J3": "S2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([1, 2], "labels is of type list; expected Series: a column indexed by patient"),
        (pd.DataFrame({"a": [1]}), "labels is of type DataFrame; expected Series"),
        (column(), "labels: none of 0 patients has a label"),
        (column(None, "NA"), "labels: none of 2 patients has a label"),
        (column(41.5, 60, 41.5, 60), "numbers with fractions (e.g. "),
        (column(*range(30)), "30 different labels of 30 patients"),
        (pd.Series(["x", "y"], ["P1", "P1"]), '1 duplicate patient: "P1" in rows 1, 2'),
        (pd.Series(["x", "y"], ["P1", None]), "rows 2 (of 2) have no patient name"),
    ],
)
def test_faults_are_told(labels: object, said: str) -> None:
    with pytest.raises(of.OmicsfuseError, match=re.escape(said)):
        of.Subtypes.from_labels(labels)


@pytest.fixture(scope="module")
def fused() -> tuple[Prepared, Fusion, pd.Series]:
    made = of.simulate_cohort(60, n_external=0, n_genes=120, effect=1.5, random_state=2)
    ready = of.preprocess(made.discovery, ["radiomics", "expression"])
    truth = "planted " + made.truth.astype(str)
    return ready, of.fuse(ready, n_neighbors=8), truth


def test_true_labels_are_those_of_the_network(fused: tuple[Prepared, Fusion, pd.Series]) -> None:
    ready, fusion, truth = fused
    evidence = of.assess(ready, fusion, of.Subtypes.from_labels(truth))
    whole = evidence.given_labels.set_index("subtype")
    assert list(whole.index) == ["all", "S1", "S2", "S3"]
    cut = of.cluster(fusion, 3)
    agreement = adjusted_rand_score(truth.loc[cut.labels.index], cut.labels)
    assert whole.loc["all", "own_cut_agreement"] == pytest.approx(agreement)
    assert agreement > 0.9
    assert whole["p"].max() <= 0.001
    assert evidence.stability["jaccard_mean"].min() > 0.9
    assert not evidence.n_clusters["chosen"].any()
    assert evidence.n_clusters.loc[3, "silhouette"] == pytest.approx(
        float(cut.evidence["patients"]["silhouette"].mean())
    )
    # The tests are of the network: those of its own cut.
    found = of.assess(ready, fusion, cut)
    assert (evidence.p_shared, evidence.p_structure) == (found.p_shared, found.p_structure)
    assert repr(evidence).startswith("Assessment: given labels; network: ")


def test_labels_from_a_die_are_not(fused: tuple[Prepared, Fusion, pd.Series]) -> None:
    ready, fusion, truth = fused
    die = truth.sample(frac=1, random_state=5).set_axis(truth.index)
    evidence = of.assess(ready, fusion, of.Subtypes.from_labels(die))
    row = evidence.given_labels.iloc[0]
    assert row["p"] > 0.05
    assert abs(row["own_cut_agreement"]) < 0.1
    assert evidence.stability["jaccard_mean"].max() < 0.5
    assert set(evidence.patients["membership"]) == {"borderline"}


def test_silhouettes_are_those_of_the_labels_and_p_is_a_share_of_shuffles(
    fused: tuple[Prepared, Fusion, pd.Series],
) -> None:
    ready, fusion, truth = fused
    labels = of.Subtypes.from_labels(truth.where(truth != "planted 3", "planted 1"))
    _, same, subtypes = placed(ready, fusion, labels)
    assert same is fusion
    table = labels_in_network(same, subtypes, n_permutations=19)
    codes = (subtypes.labels == "S2").astype(int).to_numpy()
    own = affinity_silhouettes(fusion.network(), codes)
    assert table["silhouette"].tolist() == pytest.approx(
        [own.mean(), own[codes == 0].mean(), own[codes == 1].mean()]
    )
    assert set(table["p"].mul(20).round(9)) <= set(map(float, range(1, 21)))
    again = labels_in_network(same, subtypes, n_permutations=19)
    pd.testing.assert_frame_equal(table, again)


def test_p_is_uniform_where_labels_mean_nothing(
    fused: tuple[Prepared, Fusion, pd.Series],
) -> None:
    ready, fusion, _ = fused
    chance = np.random.default_rng(0)
    labels = pd.Series(["a", "b"] * 30, fusion.patients)
    _, _, subtypes = placed(ready, fusion, of.Subtypes.from_labels(labels))
    found = []
    for _ in range(60):
        die = replace(subtypes, labels=subtypes.labels.sample(frac=1, random_state=chance))
        die = replace(die, labels=die.labels.set_axis(fusion.patients))
        found.append(labels_in_network(fusion, die, n_permutations=39).loc[0, "p"])
    assert 0.35 < np.mean(found) < 0.65
    assert np.mean(np.array(found) <= 0.1) < 0.25


def test_patients_without_a_label_have_no_part(fused: tuple[Prepared, Fusion, pd.Series]) -> None:
    ready, fusion, truth = fused
    some = truth.iloc[::2]
    subtypes = of.Subtypes.from_labels(pd.concat([some, pd.Series(["planted 1"], ["stranger"])]))
    small = replace(
        ready,
        layers={
            name: replace(
                layer,
                scaled=layer.scaled.loc[layer.scaled.index.isin(some.index)],
                values=layer.values.loc[layer.scaled.index.isin(some.index)],  # noqa: PD011
            )
            for name, layer in ready.layers.items()
        },
    )
    told = "1 of 31 patients with a subtype is not in the fused network"
    with pytest.warns(of.OmicsfuseWarning, match=told):
        prepared, again, found = placed(ready, fusion, subtypes)
    alone = of.fuse(small, n_neighbors=8)
    pd.testing.assert_frame_equal(again.affinity, alone.affinity)
    assert list(found.labels.index) == sorted(some.index)
    assert {len(layer.scaled) for layer in prepared.layers.values()} == {30}
    with pytest.warns(of.OmicsfuseWarning, match=told):
        evidence = of.assess(ready, fusion, subtypes)
    assert len(evidence.patients) == 30


def test_labels_that_nobody_fused_has_are_refused(
    fused: tuple[Prepared, Fusion, pd.Series],
) -> None:
    ready, fusion, truth = fused
    with pytest.raises(of.StudyError, match="none of the 3 patients with a subtype"):
        of.assess(ready, fusion, of.Subtypes.from_labels(column("x", "x", "y")))
    more = pd.concat([truth, pd.Series(["x", "x"], ["A", "B"])])
    with pytest.raises(of.StudyError, match='label "x" occurs in none of the 60 fused'):
        of.assess(ready, fusion, of.Subtypes.from_labels(more))


def test_labels_under_other_names_are_refused_by_every_test(
    fused: tuple[Prepared, Fusion, pd.Series], simulated: SimulatedCohort
) -> None:
    strangers = of.Subtypes.from_labels(column("x", "x", "y", "y"))
    ready, cohort = fused[0], simulated.discovery
    for call, where in (
        (lambda: of.differential_features(strangers, ready), "is in the prepared layers"),
        (lambda: of.associate(strangers, cohort), "is in cohort"),
        (lambda: of.compare_survival(strangers, cohort, "os"), "is in cohort"),
    ):
        with pytest.raises(of.OmicsfuseError, match=f"none of the 4 patients .*{where}"):
            call()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (column("a", "a", "a"), 'one label only, "a", of 3 patients; expected two groups at least'),
        (column("a", None, "a"), "1 patient without a label is excluded: if they are a group"),
    ],
)
def test_one_label_is_nothing_to_compare(labels: pd.Series, said: str) -> None:
    with pytest.raises(of.CohortError, match=re.escape(said)):
        of.Subtypes.from_labels(labels)


def test_labels_of_strangers_are_told_once_and_take_no_part(
    fused: tuple[Prepared, Fusion, pd.Series], simulated: SimulatedCohort
) -> None:
    ready, fusion, truth = fused
    cohort = simulated.discovery
    own = of.Subtypes.from_labels(truth)
    more = of.Subtypes.from_labels(pd.concat([truth, pd.Series(["planted 1"] * 2, ["A", "B"])]))
    clinical = of.associate(own, cohort)
    for call, where in (
        (lambda labels: of.compare_survival(labels, cohort, "os", n_permutations=9).tests, "coh"),
        (lambda labels: of.differential_features(labels, ready), "the prepared layers"),
        (lambda labels: of.associate(labels, cohort), "cohort"),
        (lambda labels: of.table_one(labels, cohort, clinical), "cohort"),
        (lambda labels: of.burden(labels, cohort), "cohort"),
        (lambda labels: of.alterations(labels, cohort), "cohort"),
        (lambda labels: placed(ready, fusion, labels)[2].evidence["patients"], "the fused network"),
    ):
        said = f'2 of 62 patients with a subtype are not in {where}.*take no part: "A", "B"'
        with pytest.warns(of.OmicsfuseWarning, match=said) as told:
            with_strangers = call(more)
        assert len(told) == 1
        pd.testing.assert_frame_equal(with_strangers, call(own))


@pytest.mark.parametrize("draw", [
    lambda ready, fusion, labels: of.plot.patient_map(fusion, labels),
    lambda ready, fusion, labels: of.plot.patient_map(of.embed(fusion), labels),
    lambda ready, fusion, labels: of.plot.fused_network(fusion, labels),
])  # fmt: skip
def test_a_figure_tells_of_strangers(
    fused: tuple[Prepared, Fusion, pd.Series], draw: Callable[..., object]
) -> None:
    ready, fusion, truth = fused
    labels = pd.concat([truth, pd.Series(["planted 1"], ["stranger"])])
    with pytest.warns(of.OmicsfuseWarning, match="1 of 61 patients with a subtype is not") as told:
        draw(ready, fusion, of.Subtypes.from_labels(labels))
    assert len(told) == 1
    names = [f"X{i}" for i in range(len(truth))]
    with pytest.raises(of.StudyError, match="none of the 60 patients with a subtype"):
        draw(ready, fusion, of.Subtypes.from_labels(truth.set_axis(names)))


def test_every_test_of_subtypes_takes_them(
    fused: tuple[Prepared, Fusion, pd.Series], simulated: SimulatedCohort
) -> None:
    cohort = simulated.discovery
    assert cohort.clinical is not None
    labels = cohort.clinical["planted_subtype"].iloc[:80]
    subtypes = of.Subtypes.from_labels(labels)
    survival = of.compare_survival(subtypes, cohort, "os", n_permutations=99)
    assert survival.tests.loc[0, "n"] == len(cohort.survival("os").index.intersection(labels.index))
    assert of.associate(subtypes, cohort).loc["age", "n"] <= 80
    ready = of.preprocess(cohort, ["expression"])
    assert set(of.differential_features(subtypes, ready)["subtype"]) == {"S1", "S2", "S3"}
    signature = of.derive_signature(subtypes, ready)
    assert list(signature.templates.columns) == ["S1", "S2", "S3"]
    checked = of.verify(signature, [simulated.external])
    assert len(checked.table) > 0


def test_a_study_takes_labels_in_place_of_clustering(
    brief: Path, tmp_path: Path, no_figures: None
) -> None:
    discovery = of.read_cohort(brief.with_name("discovery.toml"))
    assert discovery.clinical is not None
    labels = discovery.clinical["planted_subtype"].iloc[:36].str.replace("planted", "type <&>")
    labels["stranger"] = "type <&> 1"
    labels.rename("subtype").to_csv(brief.with_name("labels.tsv"), sep="\t", index_label="patient")
    study = brief.with_name("labelled.toml")
    text = brief.read_text().replace("n_clusters = 3", 'labels = "labels.tsv"')
    study.write_text(text)
    results = of.run(study, tmp_path / "out")
    assert results.subtypes.given
    said = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert results.status == said["status"] == "given labels"
    assert results.reservations == {each["name"]: each["text"] for each in said["reservations"]}
    assert "status: given labels" in repr(results)
    # Who is not in the cohort is told once.
    assert [warning.count("stranger") for warning in results.warnings].count(1) == 1
    assert len(results.fusion.patients) == 36
    assert results.subtypes.params["source"] == "labels.tsv"
    counted = {each.reason: each.count for each in results.exclusions if each.layer == "labels"}
    assert counted == {
        "no given label: not fused": 4,
        "given label, but not fused": 1,
    }
    table = pd.read_csv(tmp_path / "out" / "subtypes.tsv", sep="\t", index_col=0)
    assert table["label"].to_dict() == labels.drop("stranger").to_dict()
    given = pd.read_csv(tmp_path / "out" / "assess" / "given_labels.tsv", sep="\t")
    assert given["n"].tolist() == [36, *labels.drop("stranger").value_counts()]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('labels = "labels.tsv"\nn_clusters = 3', "labels and n_clusters are both given"),
        ('labels = "labels.tsv"\nchoose = "survival"', "labels and choose are both given"),
        ('labels = "none.tsv"', "none.tsv"),
        ('labels = "others.tsv"', "none of the labelled patients"),
        ('labels = "two.tsv"', 'a column "subtype"; beside the patients, found "a", "b". Name'),
        ('labels = "twice.tsv"', "1 duplicate patient"),
        ('labels = "alike.tsv"', 'one label only, "a", of 2 patients'),
        ('labels = "one.tsv"', 'all 40 patients to fuse have the label "a"; expected two groups'),
        ('labels = "labels.tsv"\n[preprocess]\nselect = "survival"', "chooses features with the"),
    ],
)
def test_a_study_says_what_is_wrong_with_labels(
    brief: Path, tmp_path: Path, lines: str, said: str
) -> None:
    home = brief.parent
    cohort = of.read_cohort(home / "discovery.toml")
    assert cohort.clinical is not None
    cohort.clinical["planted_subtype"].to_csv(home / "labels.tsv", sep="\t")
    (home / "others.tsv").write_text("patient\tsubtype\nX1\ta\nX2\tb\n")
    (home / "two.tsv").write_text("patient\ta\tb\nX1\ta\tb\n")
    rows = [*(f"{patient}\ta\n" for patient in cohort.patients()), "X\tb\n"]
    (home / "alike.tsv").write_text("patient\tsubtype\nX1\ta\nX2\ta\n")
    (home / "one.tsv").write_text("".join(["patient\tsubtype\n", *rows]))
    (home / "twice.tsv").write_text("patient\tsubtype\nX1\ta\nX1\ta\n")
    study = home / "wrong.toml"
    study.write_text(brief.read_text().replace("n_clusters = 3", lines))
    with pytest.raises(of.OmicsfuseError, match=re.escape(said)):
        of.run(study, tmp_path / "out")


def test_the_columns_of_a_file_of_labels(tmp_path: Path) -> None:
    file = tmp_path / "labels.tsv"
    rows = {"P1": "a", "P2": "a", "P3": "b"}
    for head in ("patient\tsubtype\tage", "sample\tsubtype\tage"):
        file.write_text("\n".join([head, *(f"{p}\t{label}\t5" for p, label in rows.items()), ""]))
        found = read_labels(file)
        assert found.labels.map(found.label_names).to_dict() == rows
        assert found.params["source"] == "labels.tsv"
    file.write_text("\n".join(["PAM50\tpatient", *(f"{b}\t{a}" for a, b in rows.items()), ""]))
    with pytest.warns(of.OmicsfuseWarning, match='labels are taken from column "PAM50"'):
        found = read_labels(file)
    assert found.labels.map(found.label_names).to_dict() == rows
    assert found.params["source"] == 'labels.tsv, column "PAM50"'
    file.write_text("patient\tsubtype\tsubtype\nP1\ta\tb\n")
    with pytest.raises(of.CohortError, match='duplicate column: "subtype"'):
        read_labels(file)


def test_many_labels_are_doubtful() -> None:
    ages = column(*[40 + i % 20 for i in range(60)])
    with pytest.warns(of.OmicsfuseWarning, match="labels: 20 different labels of 60 patients"):
        of.Subtypes.from_labels(ages)
