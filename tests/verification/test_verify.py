from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_cohorts import relocked

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import VERIFICATION_COLUMNS as COLUMNS
from omicsfuse.core.results import VERIFICATION_FACTS, Signature, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import derive_signature, score_signature
from omicsfuse.survival.score import score_z
from omicsfuse.verification import verify
from omicsfuse.verification.endpoint import NO_DIRECTION

FEW = {"n_random": 30, "n_permutations": 99}
PLAIN = {"adjust": False, **FEW}


@pytest.fixture(scope="module")
def signature(simulated: SimulatedCohort) -> Signature:
    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    ready = preprocess(simulated.discovery, ["expression"])
    derived = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=20)
    # Cut-points have tests of their own.
    return relocked(derived, cut_points=derived.cut_points.iloc[:0])


@pytest.fixture(scope="module")
def external(simulated: SimulatedCohort) -> Cohort:
    return replace(simulated.external, name="elsewhere")


def test_planted_signature_holds_elsewhere(
    simulated: SimulatedCohort, signature: Signature, external: Cohort
) -> None:
    from sklearn.metrics import adjusted_rand_score

    found = verify(signature, [external], n_random=100, n_permutations=499)
    table = found.table.set_index("comparison")
    assert list(found.table.columns) == [*COLUMNS, *VERIFICATION_FACTS]
    assert set(found.table["score"]) == {"S1", "S2", "S3", ""}
    assert list(table.index) == [
        "S1 score per SD",
        "S1 score per SD, adjusted",
        "S2 score per SD",
        "S2 score per SD, adjusted",
        "S3 score per SD",
        "S3 score per SD, adjusted",
        "assigned S1 vs rest",
        "assigned S2 vs rest",
        "assigned S3 vs rest",
        "assigned subtypes",
    ]
    # The planted hazard rises from subtype 1 to 3.
    assert table.loc["S1 score per SD", "hr_ci_high"] < 1
    assert table.loc["S3 score per SD", "hr_ci_low"] > 1
    assert table.loc["assigned subtypes", "p"] == pytest.approx(1 / 500)
    assert table.loc["S1 score per SD", "random_null_percentile"] >= 95
    assert table["genes_found"].unique().tolist() == [60]
    assert table["fdr"].ge(table["p"]).all()
    assigned = found.assignments["elsewhere"]
    assigned = assigned.dropna(subset=["subtype"])
    assert len(assigned) > 70
    assert adjusted_rand_score(simulated.truth.loc[assigned.index], assigned["subtype"]) > 0.9
    assert found.survival["elsewhere: os"].endpoint == "os"
    assert table["note"].str.startswith(NO_DIRECTION).tolist() == [True] * 6 + [False] * 4
    # 60 of 300 genes, and those of large variance: that random sets overlap is said.
    assert (
        table["note"].str.contains("random sets share").tolist() == [True, False] * 3 + [False] * 4
    )
    assert set(table["note"].iloc[6:]) == {""}


def test_random_sets_are_scored_by_the_same_scorer(signature: Signature, external: Cohort) -> None:
    table = verify(signature, [external], random_state=7, matched="none", **PLAIN).table
    values = preprocess(external, ["expression"]).layers["expression"].values  # noqa: PD011
    known = external.survival("os").loc[values.index]
    time, event = known["time"].to_numpy(), known["event"].to_numpy()

    def z(of: Signature) -> float:
        score = score_signature(of, values)["score_S2"].to_numpy()
        return abs(score_z(time, event, score[:, None])[0])

    rng = np.random.default_rng(7)
    null = []
    for _ in range(30):
        drawn = values.columns.sort_values()[rng.choice(values.shape[1], 60, replace=False)]
        # Same weights, other genes, in the order drawn.
        null.append(z(replace(signature, templates=signature.templates.set_axis(drawn, axis=0))))
    expected = 100 * np.mean(np.array(null) < z(signature))
    reached = int(np.sum(np.array(null) >= z(signature)))
    assert table.loc[1, "random_null_p"] == pytest.approx((1 + reached) / 31)
    assert table.loc[1, "random_null_percentile"] == pytest.approx(expected)


def test_same_seed_same_result_and_cohorts_do_not_disturb_each_other(
    signature: Signature, external: Cohort
) -> None:
    other = replace(external, name="third")
    both = verify(signature, [other, external], random_state=3, **FEW).table
    alone = verify(signature, [external], random_state=3, **FEW).table
    columns = [c for c in COLUMNS if c != "fdr"]
    part = both[both["cohort"] == "elsewhere"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part[columns], alone[columns])


def test_shuffled_survival_is_no_verification(signature: Signature, external: Cohort) -> None:
    shuffled = external.clinical.copy()
    order = np.random.default_rng(2).permutation(len(shuffled))
    for column in ("os_time", "os_event"):
        shuffled[column] = shuffled[column].to_numpy()[order]
    table = verify(signature, [replace(external, clinical=shuffled)], **FEW).table
    assert table["fdr"].min() > 0.05


def test_altered_and_unlocked_signatures_are_refused(
    signature: Signature, external: Cohort
) -> None:
    with pytest.raises(SignatureError, match="not locked"):
        verify(replace(signature, hash=""), [external])
    altered = replace(signature, templates=signature.templates * 2)
    with pytest.raises(SignatureError, match="changed after locking"):
        verify(altered, [external])


def test_few_events_give_a_note_and_no_p(signature: Signature, external: Cohort) -> None:
    clinical = external.clinical.copy()
    events = np.flatnonzero(clinical["os_event"].to_numpy() == 1)
    clinical["os_event"] = 0.0
    clinical.iloc[events[:6], clinical.columns.get_loc("os_event")] = 1.0
    table = verify(signature, [replace(external, clinical=clinical)], **FEW).table
    assert table["events"].unique().tolist() == [6]
    assert table[["p", "fdr", "random_null_percentile"]].isna().all(axis=None)
    assert table["note"].str.contains("events").all()


def test_no_endpoint_leaves_the_assignments(signature: Signature, external: Cohort) -> None:
    bare = Cohort("bare", external.omics)
    found = verify(signature, [bare], **FEW)
    assert found.table[["comparison", "n", "note"]].to_numpy().tolist() == [["", 80, "no endpoint"]]
    assert len(found.assignments["bare"]) == 80
    assert not found.survival


def test_an_endpoint_that_one_cohort_lacks(signature: Signature, external: Cohort) -> None:
    table = verify(signature, [external], endpoints=["pfi"], **FEW).table
    assert table["note"].tolist() == ["no such endpoint; endpoints: os"]
    assert table["endpoint"].tolist() == ["pfi"]


def test_patients_without_the_endpoint_are_counted(signature: Signature, external: Cohort) -> None:
    clinical = external.clinical.copy()
    clinical.iloc[:5, clinical.columns.get_loc("os_time")] = np.nan
    found = verify(signature, [replace(external, clinical=clinical)], **FEW)
    scores = found.table["comparison"].str.contains(" score ")
    assert found.table.loc[scores, "n"].unique().tolist() == [75]
    lost = [
        exclusion
        for exclusion in found.exclusions
        if exclusion.what == "patients" and exclusion.count == 5
    ]
    assert lost
    assert lost[0].layer == "elsewhere"


def test_genes_not_found_are_counted(signature: Signature, external: Cohort) -> None:
    table = external.omics["expression"].table
    gone = signature.templates.index[:9]
    fewer = Cohort(
        "elsewhere",
        {"expression": Layer("expression", table.drop(columns=gone), "tpm")},
        external.clinical,
        external.endpoints,
    )
    found = verify(signature, [fewer], **FEW)
    assert found.table["genes_found"].unique().tolist() == [51]
    assert found.table["genes_total"].unique().tolist() == [60]
    (exclusion,) = [
        exclusion for exclusion in found.exclusions if exclusion.what in ("genes", "features")
    ]
    assert (exclusion.step, exclusion.layer, exclusion.count) == ("verify", "elsewhere", 9)
    assert exclusion.examples == tuple(gone[:5])


def test_a_cohort_without_the_genes_is_a_row_not_the_end(
    signature: Signature, external: Cohort
) -> None:
    table = external.omics["expression"].table.rename(columns=lambda gene: f"ENSG{gene}")
    strange = replace(
        external, name="strange", omics={"expression": Layer("expression", table, "tpm")}
    )
    with pytest.warns(OmicsfuseWarning, match="'strange' cannot verify the signature.*0 of its 60"):
        found = verify(signature, [strange, external], **FEW)
    assert found.table.loc[0, "note"].startswith("not scored: ")
    assert np.isnan(found.table.loc[0, "p"])
    assert list(found.assignments) == ["elsewhere"]


@pytest.mark.parametrize("fault", ["one patient", "constant"])
def test_a_cohort_that_cannot_be_prepared_is_a_row_not_the_end(
    signature: Signature, external: Cohort, fault: str
) -> None:
    table = external.omics["expression"].table
    table = table.iloc[:1] if fault == "one patient" else table * 0 + 1.0
    strange = Cohort("strange", {"expression": Layer("expression", table, "tpm")})
    with pytest.warns(OmicsfuseWarning, match="'strange' cannot verify the signature"):
        found = verify(signature, [strange, external], **FEW)
    assert found.table.loc[0, "note"].startswith("not scored: layer 'expression'")
    assert (found.table.loc[0, "n"], found.table.loc[0, "genes_found"]) == (len(table), 60)
    assert list(found.assignments) == ["elsewhere"]


def test_two_templates_are_compared_once(simulated: SimulatedCohort, external: Cohort) -> None:
    patients = simulated.discovery.clinical.index
    labels = simulated.truth.loc[patients].map({1: "S1", 2: "S2", 3: "S2"})
    ready = preprocess(simulated.discovery, ["expression"])
    two = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=20)
    two = relocked(two, cut_points=two.cut_points.iloc[:0])
    names = verify(two, [external], **PLAIN).table["comparison"].tolist()
    assert names == [
        "S1 score per SD",
        "S2 score per SD",
        "assigned S1 vs rest",
        "assigned subtypes",
    ]


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("simulated", True),
        ("simulated-external", True),
        ("Simulated_other", True),
        ("simulation", False),
    ],
)
def test_names_only_suggest_a_common_study(
    signature: Signature, external: Cohort, name: str, alike: bool
) -> None:
    table = verify(signature, [replace(external, name=name)], n_random=0, n_permutations=0).table
    note = "the names suggest the same study: internal-external, not independent" if alike else ""
    assert table["note"].str.startswith(note).all()
    assert table["note"].iloc[-1] == note
    assert table["role"].eq("internal-external" if alike else "external").all()
    assert table["same_study"].eq("by name" if alike else "").all()
    assert table["random_null_percentile"].isna().all()
    assert table["p"].notna().all()


@pytest.mark.parametrize(
    ("study", "same", "note"),
    [
        ("TCGA-HNSC", "yes", "same study as the training cohort: internal-external, not inde"),
        ("CPTAC", "no", ""),
        ("", "by name", "the names suggest the same study"),
    ],
)
def test_a_stated_study_decides_whatever_the_names(
    simulated: SimulatedCohort, external: Cohort, study: str, same: str, note: str
) -> None:
    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    ready = preprocess(replace(simulated.discovery, study="TCGA-HNSC"), ["expression"])
    signature = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=20)
    assert signature.trained_on["study"] == "TCGA-HNSC"
    other = replace(external, name="simulated-external", study=study)
    table = verify(signature, [other], n_random=0, n_permutations=0).table
    assert table["same_study"].unique().tolist() == [same]
    assert table["note"].str.startswith(note).all()
    assert (table["note"].iloc[-1] == "") == (note == "")
    assert table["role"].eq("external" if same == "no" else "internal-external").all()


def mixed(simulated: SimulatedCohort, external: Cohort, n_training: int, n_other: int) -> Cohort:
    """Some patients of the training cohort, and some that are not of it."""
    parts = [(simulated.discovery, n_training), (external, n_other)]
    table = pd.concat([c.omics["expression"].table.iloc[:n] for c, n in parts])
    clinical = pd.concat([c.clinical.iloc[:n] for c, n in parts])
    clinical.loc[clinical.index[0], "os_time"] = np.nan
    layers = {"expression": Layer("expression", table, external.omics["expression"].scale)}
    return Cohort("mixed", layers, clinical, external.endpoints)


def test_training_patients_do_not_verify(
    simulated: SimulatedCohort, signature: Signature, external: Cohort
) -> None:
    cohort = mixed(simulated, external, 12, 60)
    with pytest.warns(OmicsfuseWarning, match=r"'mixed' has 12 patients of the training cohort"):
        found = verify(signature, [cohort], **FEW)
    scores = found.table["comparison"].str.contains(" score ")
    assert found.table.loc[scores, "n"].unique().tolist() == [60]
    assert found.table["note"].str.startswith("12 patients of the training cohort excluded").all()
    assert list(found.assignments["mixed"].index) == list(external.clinical.index[:60])
    lost = [exclusion for exclusion in found.exclusions if exclusion.what == "patients"]
    assert [(exclusion.step, exclusion.layer, exclusion.count) for exclusion in lost] == [
        ("verify", "mixed", 12)
    ]
    # They have no part in anything: what is left is verified as if they had never been there.
    others = mixed(simulated, external, 1, 60)
    with pytest.warns(OmicsfuseWarning, match="1 patients of the training cohort"):
        alone = verify(signature, [others], **FEW)
    columns = [column for column in COLUMNS if column != "note"]
    pd.testing.assert_frame_equal(found.table[columns], alone.table[columns])


@pytest.mark.parametrize("n_other", [0, 9])
def test_a_cohort_of_training_patients_is_a_row_without_tests(
    simulated: SimulatedCohort, signature: Signature, external: Cohort, n_other: int
) -> None:
    cohort = mixed(simulated, external, 30, n_other)
    with pytest.warns(OmicsfuseWarning, match="training cohort") as caught:
        found = verify(signature, [cohort, external], **FEW)
    assert len(caught) == 2
    row = found.table.iloc[0]
    assert (row["n"], row["comparison"], row["test"]) == (n_other, "", "")
    assert np.isnan(row["p"])
    assert f"{n_other} of {30 + n_other} patients are not in the training cohort" in row["note"]
    assert list(found.assignments) == ["elsewhere"]
    assert list(found.survival) == ["elsewhere: os"]


def test_training_patients_are_left_out_without_a_clinical_table_too(
    simulated: SimulatedCohort, signature: Signature, external: Cohort
) -> None:
    cohort = Cohort("mixed", mixed(simulated, external, 12, 60).omics)
    with pytest.warns(OmicsfuseWarning, match="12 patients of the training cohort"):
        found = verify(signature, [cohort], **FEW)
    assert found.table["note"].str.endswith("no endpoint").all()
    assert found.table["n"].tolist() == [60]


def test_every_p_says_what_it_is_of(signature: Signature, external: Cohort) -> None:
    table = verify(signature, [external], **PLAIN).table.set_index("comparison")
    assert table["test"].tolist() == ["Wald"] * 6 + ["log-rank, permutation"]
    row = table.loc["assigned subtypes"]
    assert row["p"] * 100 == pytest.approx(round(row["p"] * 100))  # of 99 permutations
    bare = verify(signature, [external], n_random=0, n_permutations=0).table
    assert bare["test"].iloc[-1] == "log-rank, asymptotic"
    chi2 = bare["chi2"].iloc[-1]
    assert bare["p"].iloc[-1] == pytest.approx(np.exp(-chi2 / 2))  # two degrees of freedom


def test_each_gene_is_counted_once(signature: Signature, external: Cohort) -> None:
    table = external.omics["expression"].table.copy()
    absent, constant = signature.templates.index[:9], signature.templates.index[9:14]
    others = table.columns[~table.columns.isin(signature.templates.index)][:3]
    table[constant] = 7.0
    table[others] = 7.0
    table[signature.templates.index[14]] = (np.arange(len(table)) == 0) * 1.0
    layer = Layer("expression", table.drop(columns=absent), "tpm")
    found = verify(signature, [replace(external, omics={"expression": layer})], **FEW)
    assert found.table["genes_found"].unique().tolist() == [60 - 9 - 5 - 1]
    genes = [exclusion for exclusion in found.exclusions if exclusion.what in ("genes", "features")]
    assert [(exclusion.what, exclusion.count) for exclusion in genes] == [
        ("genes", 9),
        ("genes", 6),
        ("features", 3),
    ]
    assert genes[0].reason == "genes of the signature missing from layer expression"
    assert "in layer expression, unusable" in genes[1].reason
    assert genes[1].examples == tuple(constant)
    assert genes[2].examples == tuple(others)


def test_exclusions_are_those_of_verification(signature: Signature, external: Cohort) -> None:
    values = np.log2(external.omics["expression"].table + 1)
    z = (values - values.mean()) / values.std()
    z.iloc[3, 5] = 40.0
    z.iloc[4, 6] = np.nan
    z.iloc[5] = np.nan
    layer = Layer("expression", z, "zscore")
    found = verify(signature, [replace(external, omics={"expression": layer})], **FEW)
    exclusions = [
        (exclusion.step, exclusion.what, exclusion.count) for exclusion in found.exclusions
    ]
    assert exclusions == [("preprocess", "patients", 1), ("verify", "values", 1)]
    assert found.exclusions[1].examples == (str(z.columns[5]),)


def test_order_of_the_rows_does_not_matter(signature: Signature, external: Cohort) -> None:
    order = np.random.default_rng(0).permutation(len(external.clinical))
    layer = external.omics["expression"]
    shuffled = replace(
        external,
        omics={"expression": replace(layer, table=layer.table.iloc[order])},
        clinical=external.clinical.iloc[order[::-1]],
    )
    first, again = (verify(signature, [c], **FEW) for c in (external, shuffled))
    assert first.table.to_csv() == again.table.to_csv()
    one, other = (found.assignments["elsewhere"] for found in (first, again))
    pd.testing.assert_frame_equal(one, other.loc[one.index], check_exact=True)


def test_layer_is_chosen_by_name_then_by_kind(signature: Signature, external: Cohort) -> None:
    layer = external.omics["expression"]
    renamed = replace(external, omics={"array": layer})
    assert verify(signature, [renamed], **FEW).table["genes_found"].iloc[0] == 60
    two = replace(external, omics={"array": layer, "rnaseq": layer})
    with pytest.raises(
        StudyError, match=r"cohort 'elsewhere': .* layer 'expression', which.*2 layers"
    ):
        verify(signature, [two], **FEW)
    assert len(verify(signature, [two], layer="rnaseq", **PLAIN).table) == 7
    with pytest.raises(StudyError, match=r"no layer 'chip'; the layers are array \(expression\)"):
        verify(signature, [two], layer="chip", **FEW)


def test_bad_arguments(signature: Signature, external: Cohort) -> None:
    with pytest.raises(StudyError, match="no cohort was given"):
        verify(signature, [])
    with pytest.raises(StudyError, match="more than one cohort is named elsewhere"):
        verify(signature, [external, external])
    with pytest.raises(StudyError, match="n_random is -1"):
        verify(signature, [external], n_random=-1)
    with pytest.raises(StudyError, match="random_state is -1"):
        verify(signature, [external], random_state=-1)
    with pytest.raises(StudyError, match="a member of verify: cohorts is of type str"):
        verify(signature, ["external.toml"])


def test_where_nobody_is_assigned_it_is_said() -> None:
    from omicsfuse.signatures.lock import lock

    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(30)]
    genes = [f"G{i}" for i in range(12)]
    values = pd.DataFrame(rng.standard_normal((30, 12)) + 5, patients, genes)
    # Two templates that are the same: nobody is nearer to either than by chance.
    templates = pd.DataFrame({"S1": 1.0, "S2": 1.0}, genes)
    reference = pd.DataFrame({"mean": 5.0, "sd": 1.0}, genes)
    signature = lock(Signature("toy", templates, reference, "log2", {"layer": "rna"}, {}))
    clinical = pd.DataFrame({"t": np.arange(1.0, 31), "e": 1}, patients)
    cohort = Cohort("c", {"rna": Layer("expression", values)}, clinical, {"os": Endpoint("t", "e")})
    table = verify(signature, [cohort], **FEW).table.set_index("comparison")
    assert "no patient with this endpoint was assigned" in table.loc["assigned subtypes", "note"]
    assert "12 genes are drawn from only 12" in table["note"].iloc[0]
    assert np.isnan(table.loc["assigned subtypes", "p"])
    assert "assigned S1 vs rest" not in table.index


def test_events_are_missing_where_nothing_was_counted(
    signature: Signature, external: Cohort
) -> None:
    from omicsfuse.plot import verification_forest

    strangers = external.omics["expression"].table.rename(columns=lambda gene: f"X{gene}")
    other = Cohort("strangers", {"expression": Layer("expression", strangers, "tpm")})
    with pytest.warns(OmicsfuseWarning, match="cannot verify"):
        found = verify(signature, [other], n_random=5, n_permutations=20)
    assert found.table["events"].isna().all()
    assert found.table["note"].str.contains("not scored").all()
    drawn = " ".join(text.get_text() for text in verification_forest(found).texts)
    assert "strangers" not in drawn
