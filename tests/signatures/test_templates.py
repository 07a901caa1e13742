from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse import signatures
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Signature, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import score_signature
from omicsfuse.signatures.derive import signature_exclusions
from omicsfuse.signatures.lock import require_locked
from omicsfuse.signatures.training import patient_digest

#: With few repetitions: agreement is computed, but not looked at here.
derive_signature = partial(signatures.derive_signature, n_repeats=1, n_permutations=3)


def prepared(values: pd.DataFrame, scale: str = "log2", kind: str = "expression") -> Prepared:
    return Prepared("toy", {"rna": PreparedLayer(kind, values, values, scale, None)})


def toy(sizes: dict[str, int], n_genes: int = 60, seed: int = 0) -> tuple[Subtypes, pd.DataFrame]:
    """Each subtype raises ten genes of its own by three standard deviations."""
    rng = np.random.default_rng(seed)
    own = np.repeat(list(sizes), list(sizes.values()))
    values = rng.standard_normal((len(own), n_genes))
    for i, subtype in enumerate(sizes):
        values[own == subtype, 10 * i : 10 * (i + 1)] += 3
    patients = [f"P{i}" for i in range(len(own))]
    table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(n_genes)])
    return Subtypes(pd.Series(own, patients), {}, {}), table


@pytest.fixture(scope="module")
def planted(simulated: SimulatedCohort) -> Signature:
    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    ready = preprocess(simulated.discovery, ["expression"])
    return derive_signature(Subtypes(labels, {}, {}), ready, n_genes=25, name="planted")


def test_templates_are_the_planted_genes(simulated: SimulatedCohort, planted: Signature) -> None:
    require_locked(planted)
    for i, subtype in enumerate(["S1", "S2", "S3"], start=1):
        own = planted.templates.index[planted.templates[subtype] == 1]
        assert len(own) == 25
        assert len(set(own) - set(simulated.gene_sets[f"PLANTED_SUBTYPE_{i}_UP"])) <= 1
    assert (planted.templates.sum(axis=1) == 1).all()
    assert planted.name == "planted"
    assert planted.scale == "log2"
    assert planted.trained_on["subtype_sizes"] == {"S1": 38, "S2": 30, "S3": 22}


def test_it_transfers_to_other_patients(simulated: SimulatedCohort, planted: Signature) -> None:
    from sklearn.metrics import adjusted_rand_score

    ready = preprocess(simulated.external, ["expression"])
    table = ready.layers["expression"].values  # noqa: PD011
    for scaling in ("cohort", "reference"):
        assigned = score_signature(planted, table, scaling=scaling)["subtype"].dropna()
        assert len(assigned) > 0.9 * len(table)
        truth = simulated.truth.loc[assigned.index]
        assert adjusted_rand_score(truth, assigned) > 0.9


def test_only_patients_with_label_and_layer_are_used() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    more = pd.concat([table, table.iloc[:3].rename(index=lambda p: f"other {p}") + 100])
    fewer = more.drop(["P0", "P12"])
    signature = derive_signature(subtypes, prepared(fewer), n_genes=10)
    assert signature.trained_on["n_patients"] == 20
    assert signature.trained_on["subtype_sizes"] == {"S1": 11, "S2": 9}
    assert signature.templates.index.tolist() == [f"G{i:02d}" for i in range(20)]


def test_order_of_patients_and_genes_does_not_matter() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    turned = derive_signature(subtypes, prepared(table.iloc[::-1, ::-1]), n_genes=10)
    first = derive_signature(subtypes, prepared(table), n_genes=10)
    pd.testing.assert_frame_equal(turned.templates, first.templates)
    pd.testing.assert_frame_equal(turned.reference, first.reference)
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(table))
        labels = Subtypes(subtypes.labels.iloc[order[::-1]], {}, {})
        # The same bits, or the hash would be another.
        again = derive_signature(labels, prepared(table.iloc[order]), n_genes=10)
        assert again.hash == first.hash


def test_patients_without_the_layer_are_counted() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    ready = prepared(table.drop(["P0", "P12"]))
    signature = derive_signature(subtypes, ready, n_genes=10)
    assert (signature.trained_on["n_labelled"], signature.trained_on["n_patients"]) == (22, 20)
    (exclusion,) = signature_exclusions(subtypes, ready)
    assert (exclusion.step, exclusion.layer, exclusion.what, exclusion.count) == (
        "signature",
        "rna",
        "patients",
        2,
    )
    assert exclusion.examples == ("P0", "P12")
    assert signature_exclusions(subtypes, prepared(table), "rna") == ()


def test_every_labelled_patient_leaves_a_digest() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    signature = derive_signature(subtypes, prepared(table.drop("P0")), n_genes=10)
    digests = signature.trained_on["patient_digests"]
    # Of all labelled patients: one without the layer has shaped the subtypes all the same.
    assert digests == sorted(patient_digest(patient) for patient in table.index)
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in digests)
    assert patient_digest("P1") == "640eb9bf6daaacc2"  # printf omicsfuse:P1 | sha256sum


def test_absurd_z_scores_do_not_decide() -> None:
    subtypes, table = toy({"S1": 20, "S2": 20})
    spoiled = table.copy()
    spoiled.loc["P0", "G05"] = 17036.0
    spoiled.loc["P1", "G50"] = 17036.0
    signature = derive_signature(subtypes, prepared(spoiled, "zscore"), n_genes=10)
    assert signature.templates.index.tolist() == [f"G{i:02d}" for i in range(20)]
    assert signature.reference["sd"].max() < 4


def test_missing_values_and_constant_genes() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    table.iloc[::4, 3] = np.nan
    table["G40"] = 5.0
    table["G41"] = np.nan
    signature = derive_signature(subtypes, prepared(table), n_genes=10)
    assert "G03" in signature.templates.index
    assert not {"G40", "G41"} & set(signature.templates.index)


def test_a_gene_serves_one_subtype_only() -> None:
    subtypes, table = toy({"S1": 10, "S2": 10, "S3": 10})
    # G00 is raised in S1 and S2, more in S1.
    table.loc[subtypes.labels == "S2", "G00"] += 2
    signature = derive_signature(subtypes, prepared(table), n_genes=12)
    assert signature.templates.sum(axis=1).eq(1).all()


def test_a_subtype_with_too_few_patients_gets_no_template() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10, "S3": 4})
    with pytest.warns(OmicsfuseWarning, match="S3 gets no template: 4 of its patients and 22"):
        signature = derive_signature(subtypes, prepared(table), n_genes=10)
    assert list(signature.templates.columns) == ["S1", "S2"]
    assert signature.trained_on["subtype_sizes"]["S3"] == 4


@pytest.mark.filterwarnings("ignore::omicsfuse.core.errors.OmicsfuseWarning")
def test_fewer_than_two_templates_are_refused() -> None:
    subtypes, table = toy({"S1": 20, "S2": 4})
    with pytest.raises(SignatureError, match=r"0 of 2 subtypes.*layer rna.*S1 20, S2 4"):
        derive_signature(subtypes, prepared(table))
    one, table = toy({"S1": 20})
    with pytest.raises(SignatureError, match="0 of 1 subtypes get a template"):
        derive_signature(one, prepared(table))
    strangers = table.rename(index=lambda p: f"X{p}")
    with pytest.raises(SignatureError, match="S1 0, S2 0"):
        derive_signature(subtypes, prepared(strangers))


def test_layers_that_do_not_fit() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    with pytest.raises(StudyError, match=r"kind expression is needed; .* are rna \(protein"):
        derive_signature(subtypes, prepared(table, kind="protein"))
    with pytest.raises(StudyError, match="no layer 'rnaz'; the layers are rna"):
        derive_signature(subtypes, prepared(table), layer="rnaz")
    with pytest.raises(StudyError, match="n_genes is 4; it must be 5 or more"):
        derive_signature(subtypes, prepared(table), n_genes=4)


def test_another_kind_can_be_named() -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    signature = derive_signature(subtypes, prepared(table, kind="protein"), layer="rna", n_genes=5)
    assert signature.trained_on["layer"] == "rna"


def test_real_z_scores_cover_fewer_patients(real_data: Path) -> None:
    folder = real_data / "tcga_hnsc_radiogenomic"
    values = pd.read_csv(folder / "expression_rnaz.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col=0)
    known = clinical["subtype_mrna"].dropna()
    names = {name: f"S{i + 1}" for i, name in enumerate(known.value_counts().index)}
    subtypes = Subtypes(known.map(names), {}, {})
    signature = signatures.derive_signature(subtypes, prepared(values, "zscore"))
    assert signature.trained_on["n_patients"] < len(values) == 65
    assert np.isfinite(signature.reference.to_numpy()).all()
    assert signature.reference["sd"].between(1e-3, 10).all()


@pytest.mark.filterwarnings("ignore::omicsfuse.core.errors.OmicsfuseWarning")
@pytest.mark.parametrize("kind", ["nobody", "one", "few", "constant", "missing", "no genes"])
def test_a_layer_that_says_too_little_is_a_signature_error(kind: str) -> None:
    subtypes, table = toy({"S1": 12, "S2": 10})
    layer = {
        "nobody": table.iloc[:0],
        "one": table.iloc[:1],
        "few": table.iloc[[0, 1, 12, 13]],
        "constant": table * 0 + 0.1,
        "missing": table * np.nan,
        "no genes": table.iloc[:, :0],
    }[kind]
    with pytest.raises(SignatureError, match="0 of 2 subtypes get a template"):
        derive_signature(subtypes, prepared(layer))


@pytest.mark.parametrize("layer", [None, "rna"])
def test_a_layer_left_out_by_preprocessing_is_a_signature_error(layer: str | None) -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(20)]
    omics = {
        "rna": Layer("expression", pd.DataFrame(1.0, patients, ["A", "B"])),
        "ct": Layer("radiomics", pd.DataFrame(rng.standard_normal((20, 3)), patients, list("xyz"))),
    }
    with pytest.warns(OmicsfuseWarning, match="'rna'"):
        ready = preprocess(Cohort("toy", omics))
    subtypes = Subtypes(pd.Series(["S1", "S2"] * 10, patients), {}, {})
    for function in (derive_signature, signature_exclusions):
        with pytest.raises(SignatureError, match="found no usable feature in: rna"):
            function(subtypes, ready, layer=layer)
    with pytest.raises(StudyError, match="no layer 'array'"):
        derive_signature(subtypes, ready, layer="array")
