from dataclasses import replace

import numpy as np
import pytest
from planted_cohorts import image_signature, planted_cohort, relocked

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import DISCOVERY_COLUMNS, Signature
from omicsfuse.signatures import load_signature, save_signature, score_signature
from omicsfuse.signatures.lock import require_locked
from omicsfuse.signatures.training import patient_digest
from omicsfuse.survival.cox import hazard_ratio
from omicsfuse.verification import record_discovery


@pytest.fixture(scope="module")
def image() -> Signature:
    return image_signature()


@pytest.fixture(scope="module")
def trained() -> Cohort:
    return planted_cohort("discovery", 11)


@pytest.fixture(scope="module")
def derived(image: Signature, trained: Cohort) -> Signature:
    """Trained on the first 70 of 90 patients, with nothing recorded yet."""
    digests = sorted(map(patient_digest, trained.clinical.index[:70]))
    return relocked(
        image,
        trained_on={**image.trained_on, "patient_digests": digests},
        discovery=image.discovery.iloc[:0],
    )


def test_the_training_patients_are_scored(derived: Signature, trained: Cohort, tmp_path) -> None:
    fixed = record_discovery(derived, trained)
    require_locked(fixed)
    assert fixed.hash != derived.hash
    assert list(fixed.discovery.columns) == DISCOVERY_COLUMNS
    (row,) = fixed.discovery.to_dict("records")
    assert (row["endpoint"], row["score"], row["n"]) == ("os", "image", 70)
    table = trained.omics["rna"].table.iloc[:70]
    score = score_signature(derived, table)["score_image"]
    known = trained.survival("os").loc[score.index]
    standard = ((score - score.mean()) / score.std()).to_numpy()
    expected = hazard_ratio(known["time"].to_numpy(), known["event"].to_numpy(), standard)
    assert np.exp(row["log_hr"]) == pytest.approx(expected.hr)
    assert np.exp(row["log_hr"] + 1.959963984540054 * row["se"]) == pytest.approx(expected.ci_high)
    save_signature(fixed, tmp_path / "signature.json")
    assert load_signature(tmp_path / "signature.json").hash == fixed.hash


def test_recording_again_replaces_and_leaves_no_trace(derived: Signature, trained: Cohort) -> None:
    once = record_discovery(derived, trained)
    assert record_discovery(once, trained).hash == once.hash
    assert record_discovery(replace(derived, hash=""), trained).hash == once.hash


def test_without_digests_all_patients_count(image: Signature, trained: Cohort) -> None:
    assert record_discovery(image, trained).discovery["n"].tolist() == [90]


def test_another_cohort_is_refused(derived: Signature) -> None:
    with pytest.raises(
        SignatureError, match="none of the 90 patients of cohort 'other' is a training patient"
    ):
        record_discovery(derived, planted_cohort("other", 3))


def test_an_altered_signature_is_refused(derived: Signature, trained: Cohort) -> None:
    with pytest.raises(SignatureError, match="changed after locking"):
        record_discovery(replace(derived, name="another"), trained)


def test_endpoints_are_those_asked_for(derived: Signature, trained: Cohort) -> None:
    with pytest.raises(StudyError, match="has no endpoint 'pfi'; its endpoints are os"):
        record_discovery(derived, trained, ["pfi"])
    assert record_discovery(derived, trained, []).discovery.empty


def test_too_few_events_fix_no_direction(derived: Signature, trained: Cohort, tmp_path) -> None:
    clinical = trained.clinical.copy()
    clinical["event"] = (np.arange(90) < 4).astype(float)
    with pytest.warns(OmicsfuseWarning, match="no direction is fixed for score image and endpoint"):
        fixed = record_discovery(derived, replace(trained, clinical=clinical))
    assert fixed.discovery["events"].tolist() == [4]
    assert fixed.discovery[["log_hr", "se"]].isna().all(axis=None)
    save_signature(fixed, tmp_path / "signature.json")
    assert load_signature(tmp_path / "signature.json").discovery["log_hr"].isna().all()
