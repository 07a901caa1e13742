import numpy as np
import pandas as pd
import pytest
from planted_cohorts import image_signature, planted_cohort

from omicsfuse.core.results import Signature, Verification
from omicsfuse.verification import meta_analysis, replication, verify
from omicsfuse.verification.replication import REPLICATION_COLUMNS


@pytest.fixture(scope="module")
def image() -> Signature:
    return image_signature()


def made(**more: object) -> Verification:
    y, se = np.array([0.5, 0.3]), np.array([0.2, 0.15])
    table = pd.DataFrame(
        {
            "cohort": ["a", "b"], "endpoint": "os", "signature": "toy", "role": "external",
            "score": "S1", "contrast": "per SD", "n": 100, "events": 50.0, "hr": np.exp(y),
            "hr_ci_low": np.exp(y - 1.959963984540054 * se),
            "hr_ci_high": np.exp(y + 1.959963984540054 * se), "p": [0.012, 0.046],
            "p_one_sided": [0.006, 0.023], "random_null_p": [0.01, 0.2],
        }
    )  # fmt: skip
    return Verification(table.assign(**more), {}, {})


def test_several_cohorts_are_judged_by_their_mean() -> None:
    found = replication(made())
    assert list(found.columns) == REPLICATION_COLUMNS
    (row,) = found.to_dict("records")
    expected = meta_analysis([0.5, 0.3], [0.2, 0.15])
    assert row["hr"] == pytest.approx(np.exp(expected.log_hr))
    assert row["p_one_sided"] == pytest.approx(expected.p / 2)
    assert (row["scope"], row["replicated"]) == ("independent cohorts", "yes")
    assert (row["cohorts"], row["cohort_names"], row["n"], row["events"]) == (2, "a, b", 200, 100)
    assert (row["random_null_p"], row["verdict"]) == (0.2, "not beyond random gene sets")
    assert row["direction"] == "higher score, higher hazard"


def test_scopes_are_judged_apart() -> None:
    found = replication(made(role=["negative control", "internal-external"]))
    assert found["scope"].tolist() == ["cohorts of the same study", "negative controls"]
    assert found["p_one_sided"].tolist() == pytest.approx([0.023, 0.006])
    assert found["verdict"].tolist() == ["not beyond random gene sets", "replicates"]


def test_a_verdict_needs_both_nulls_where_they_were_drawn() -> None:
    def verdict(**more: object) -> str:
        return str(replication(made(role="external", **more))["verdict"].iloc[0])

    assert verdict(random_null_p=0.01) == "replicates"
    assert verdict(random_null_p=0.01, permuted_null_p=[0.01, 0.05]) == "replicates"
    assert (
        verdict(random_null_p=0.01, permuted_null_p=[0.01, 0.06]) == "not beyond shuffled targets"
    )
    assert verdict(random_null_p=0.2, permuted_null_p=0.2) == "not beyond random gene sets"
    assert verdict(hr=[1.01, 1.01], hr_ci_low=0.8, hr_ci_high=1.3) == "does not replicate"


def test_holm_over_the_scores() -> None:
    found = replication(made(score=["S1", "S2"]))
    assert found["p_holm"].tolist() == pytest.approx([0.012, 0.023])


def test_against_the_direction_and_without_one() -> None:
    found = replication(made(p_one_sided=[0.994, 0.977]))
    assert found["direction"].tolist() == ["higher score, lower hazard"]
    assert found["p_one_sided"].iloc[0] > 0.99
    assert found["replicated"].tolist() == ["no"]
    found = replication(made(p_one_sided=np.nan))
    assert found["replicated"].tolist() == ["not tested"]
    assert found["note"].tolist() == ["not tested: no direction was fixed in the discovery cohort"]
    assert found["p_holm"].isna().all()


def test_cohorts_without_an_estimate() -> None:
    found = replication(made(hr=[np.nan, 1.3]))
    assert (found["cohorts"].iloc[0], found["cohort_names"].iloc[0]) == (1, "b")
    assert found["note"].iloc[0] == "no usable estimate in a"
    none = replication(made(hr=np.nan))
    assert none["replicated"].tolist() == ["not tested"]
    assert none["cohorts"].tolist() == [0]
    assert list(replication(Verification(pd.DataFrame(), {}, {})).columns) == REPLICATION_COLUMNS


def test_planted_signature_replicates_and_noise_does_not(image: Signature) -> None:
    cohorts = [planted_cohort(name, seed, n=120) for name, seed in (("one", 21), ("two", 22))]
    found = verify(
        image, cohorts, negative_controls=planted_cohort("none", 23, n=120, effect=0.0),
        n_random=60, n_permutations=0,
    )  # fmt: skip
    table = replication(found).set_index("scope")
    assert table.loc["independent cohorts", "replicated"] == "yes"
    assert table.loc["independent cohorts", "cohorts"] == 2
    assert table.loc["negative controls", "replicated"] == "no"
    assert found.meta["scope"].unique().tolist() == ["independent cohorts"]
