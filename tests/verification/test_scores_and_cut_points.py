from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planted_cohorts import image_signature, planted_cohort, relocked

from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Signature
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.training import patient_digest
from omicsfuse.stats.covariates import encode_covariates
from omicsfuse.survival.logrank import logrank_test, permutation_logrank
from omicsfuse.survival.models import fit_model
from omicsfuse.verification import verify
from omicsfuse.verification.endpoint import NO_DIRECTION


@pytest.fixture(scope="module")
def image() -> Signature:
    return image_signature()


FEW = {"n_random": 40, "n_permutations": 99}


@pytest.fixture(scope="module")
def other() -> Cohort:
    return planted_cohort("elsewhere", 5)


def test_rows_of_a_signature_of_one_score(image: Signature, other: Cohort) -> None:
    found = verify(image, other, **FEW)
    table = found.table.set_index("comparison")
    assert list(table.index) == [
        "image score per SD",
        "image score per SD, adjusted",
        "image score above cut-point",
    ]
    assert table["signature"].eq("image").all()
    assert table["role"].eq("external").all()
    assert table[["scorer", "scaling"]].drop_duplicates().to_numpy().tolist() == [
        ["weighted_z", "cohort"]
    ]
    alone, adjusted, cut = (row for _, row in table.iterrows())
    # Same direction as in discovery: half of the two-sided p.
    assert alone["hr"] > 1
    assert alone["p_one_sided"] == pytest.approx(alone["p"] / 2)
    assert 0.5 < alone["concordance_ci_low"] < alone["concordance"] < alone["concordance_ci_high"]
    assert adjusted["adjusted_for"] == "age"
    assert np.isnan(adjusted["concordance"])
    assert cut["cut_point"] == 0.1
    assert (cut["test"], cut["hr"] > 1) == ("log-rank, permutation", True)
    assert np.isnan(cut["p_one_sided"])
    assert found.survival["elsewhere: os"].curves["subtype"].unique().tolist() == ["high", "low"]


def test_adjusted_and_cut_rows_are_those_of_the_survival_room(
    image: Signature, other: Cohort
) -> None:
    found = verify(image, other, **FEW)
    table = found.table.set_index("comparison")
    score = found.assignments["elsewhere"]["score_image"]
    survival = other.survival("os").loc[score.index]
    terms = encode_covariates(other.clinical, ["age"]).terms
    standard = pd.DataFrame({"s": (score - score.mean()) / score.std()})
    model = fit_model(survival, standard.join(terms), "os", "adjusted")
    row = table.loc["image score per SD, adjusted"]
    assert row["hr"] == pytest.approx(np.exp(model.fit.coefficients[0]))
    assert row["p"] == pytest.approx(model.fit.p[0])
    high = np.where(score > 0.1, "high", "low")
    time, event = survival["time"].to_numpy(), survival["event"].to_numpy()
    row = table.loc["image score above cut-point"]
    assert row["chi2"] == pytest.approx(logrank_test(time, event, high).chi2)
    assert row["p"] == pytest.approx(permutation_logrank(time, event, high, 99, 0).p)


def test_direction_decides_the_one_sided_p(image: Signature, other: Cohort) -> None:
    turned = relocked(image, discovery=image.discovery.assign(log_hr=-0.6))
    table = verify(turned, other, n_random=0, n_permutations=0).table
    assert table["p_one_sided"].iloc[0] == pytest.approx(1 - table["p"].iloc[0] / 2)
    for none in (
        image.discovery.iloc[:0], image.discovery.assign(endpoint="pfi"),
        image.discovery.assign(log_hr=np.nan), image.discovery.assign(log_hr=0.0),
    ):  # fmt: skip
        table = verify(relocked(image, discovery=none), other, n_random=0, n_permutations=0).table
        assert table["p_one_sided"].isna().all()
        assert table["note"].tolist() == [NO_DIRECTION, NO_DIRECTION, ""]


def test_strata_and_covariates(image: Signature, other: Cohort) -> None:
    table = verify(image, replace(other, strata=("site",)), **FEW).table
    assert table["adjusted_for"].iloc[1] == "age; stratified by site"
    plain = verify(image, other, **FEW).table
    assert table["hr"].iloc[1] != plain["hr"].iloc[1]
    assert table["hr"].iloc[0] == plain["hr"].iloc[0]
    none = verify(image, replace(other, covariates=()), **FEW).table
    assert not none["comparison"].str.endswith("adjusted").any()
    assert len(verify(image, other, adjust=False, **FEW).table) == 2


def test_covariates_that_do_not_vary(image: Signature, other: Cohort) -> None:
    row = verify(image, replace(other, covariates=("same",)), **FEW).table.iloc[1]
    assert row["note"].startswith("not adjusted: no covariate varies; not adjusted for same: the")
    assert np.isnan(row["p"])
    row = verify(image, replace(other, covariates=("age", "same")), **FEW).table.iloc[1]
    assert row["adjusted_for"] == "age"
    assert "not adjusted for same: the same value in all patients" in row["note"]


def test_missing_covariates_leave_patients_out_of_that_row(image: Signature, other: Cohort) -> None:
    clinical = other.clinical.copy()
    clinical.loc[clinical.index[:7], "age"] = np.nan
    table = verify(image, replace(other, clinical=clinical), **FEW).table
    assert table["n"].tolist() == [90, 83, 90]
    assert "7 of 90 patients excluded: missing age" in table["note"].iloc[1]


def test_too_few_events_for_the_terms(image: Signature, other: Cohort) -> None:
    clinical = other.clinical.copy()
    events = np.flatnonzero(clinical["event"].to_numpy() == 1)
    clinical["event"] = 0.0
    clinical.iloc[events[:12], clinical.columns.get_loc("event")] = 1.0
    clinical["more"] = np.random.default_rng(0).standard_normal(len(clinical))
    cohort = replace(other, clinical=clinical, covariates=("age", "more"))
    table = verify(image, cohort, **FEW).table
    assert table["p"].notna().tolist() == [True, False, True]
    assert "12 events, fewer than the 15 for 3 terms" in table["note"].iloc[1]
    assert table["p_one_sided"].notna().tolist() == [True, False, False]


def test_cut_point_belongs_to_its_scorer_and_is_never_searched(
    image: Signature, other: Cohort
) -> None:
    table = verify(image, other, scorer="nearest_template", **FEW).table
    assert not table["comparison"].str.contains("cut-point").any()
    for cut, where in ((99.0, "at or below"), (-99.0, "above")):
        far = relocked(image, cut_points=image.cut_points.assign(cut_point=cut))
        found = verify(far, other, **FEW)
        row = found.table.iloc[-1]
        assert row["note"] == f"all 90 patients are {where} the locked cut-point"
        assert np.isnan(row["p"])
        assert np.isnan(row["hr"])
        assert not found.survival


def test_late_entry(image: Signature, other: Cohort) -> None:
    clinical = other.clinical.assign(entry=np.floor(other.clinical["time"] / 3))
    cohort = replace(
        other, clinical=clinical, endpoints={"os": Endpoint("time", "event", entry="entry")}
    )
    found = verify(image, cohort, **FEW)
    row = found.table.iloc[0]
    assert np.isfinite(row["p"])
    assert row[["concordance", "random_null_percentile", "random_null_p"]].isna().all()
    assert row["note"] == "late entry: not compared with random sets"
    assert found.null.empty


def test_roles_and_families(image: Signature) -> None:
    first, second = planted_cohort("one", 6), planted_cohort("other", 7)
    control = planted_cohort("glioma", 8, effect=0.0)
    found = verify(image, [first, second], negative_controls=control, **FEW)
    roles = found.table.groupby("cohort", sort=False)["role"].first()
    assert roles.to_dict() == {
        "one": "external",
        "other": "external",
        "glioma": "negative control",
    }
    named = verify(image, [first, second, control], negative_controls=["glioma"], **FEW)
    pd.testing.assert_frame_equal(found.table, named.table)
    # A family each: what is in the other one changes nothing.
    alone = verify(image, [first, second], **FEW).table
    np.testing.assert_array_equal(
        found.table.loc[found.table["role"] == "external", "fdr"], alone["fdr"]
    )
    assert found.meta["cohorts"].max() == 2
    study = relocked(image, trained_on={**image.trained_on, "study": "TCGA-HNSC"})
    table = verify(study, replace(first, study="TCGA-HNSC"), **FEW).table
    assert table["role"].eq("internal-external").all()


def test_negative_controls_that_are_not_there(image: Signature, other: Cohort) -> None:
    with pytest.raises(StudyError, match="negative control 'glioma' is not among the cohorts"):
        verify(image, other, negative_controls="glioma")
    with pytest.raises(StudyError, match="is of type int"):
        verify(image, other, negative_controls=[3])
    only = verify(image, [], negative_controls=other, **FEW)
    assert only.table["role"].eq("negative control").all()
    both = verify(image, [other], negative_controls=[other], **FEW)
    assert both.table["cohort"].nunique() == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scorer": "mean"}, "scorer is 'mean'; it must be one of nearest_template"),
        ({"scaling": "z"}, "scaling is 'z'"),
        ({"matched": "variance"}, "matched is 'variance'; it must be one of none"),
        ({"shuffled": ["x"]}, "a member of verify: shuffled is of type str"),
    ],
)
def test_bad_settings(image: Signature, other: Cohort, setting: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        verify(image, other, **setting)


def test_proportions_above_and_below_the_cut_point(image: Signature, other: Cohort) -> None:
    found = verify(image, other, **FEW)
    score = found.assignments["elsewhere"]["score_image"]
    shares = found.proportions.set_index("subtype")
    assert shares.loc["high", "n"] == (score > 0.1).sum()
    assert shares["share"].sum() == pytest.approx(1)
    assert shares["discovery_share"].isna().all()
    bare = relocked(image, cut_points=image.cut_points.iloc[:0])
    assert verify(bare, other, **FEW).proportions.empty


def test_genes_are_listed(image: Signature, other: Cohort) -> None:
    table = other.omics["rna"].table.drop(columns=["G003"])
    cohort = replace(other, omics={"rna": replace(other.omics["rna"], table=table)})
    genes = verify(image, cohort, **FEW).genes
    assert list(genes.columns) == ["cohort", "signature", "gene", "found_as", "how"]
    assert genes["gene"].tolist() == list(image.templates.index)
    assert genes.loc[genes["found_as"] == "", "gene"].tolist() == ["G003"]


def test_order_of_genes_and_patients_changes_nothing(image: Signature, other: Cohort) -> None:
    rng = np.random.default_rng(1)
    layer = other.omics["rna"]
    table = layer.table.iloc[rng.permutation(90), rng.permutation(layer.table.shape[1])]
    cohort = replace(other, omics={"rna": replace(layer, table=table)})
    turned = image.templates.iloc[::-1]
    mirrored = lock(
        replace(image, hash="", templates=turned, reference=image.reference.loc[turned.index])
    )
    first, again = verify(image, other, **FEW), verify(image, cohort, **FEW)
    assert first.table.to_csv() == again.table.to_csv()
    assert first.null.to_csv() == again.null.to_csv()
    other_way = verify(mirrored, other, **FEW)
    pd.testing.assert_frame_equal(first.table, other_way.table)


def test_training_patients_of_a_signature_of_one_score(image: Signature, other: Cohort) -> None:
    digests = sorted(map(patient_digest, other.clinical.index[:20]))
    known = relocked(image, trained_on={**image.trained_on, "patient_digests": digests})
    with pytest.warns(UserWarning, match="20 patients of the training cohort"):
        found = verify(known, other, **FEW)
    assert found.table["n"].unique().tolist() == [70]
