import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.methods.elastic_net import elastic_net

N, P = 80, 120
PATIENTS = pd.Index([f"P{i:02d}" for i in range(N)], name="patient")
TRUE = ["G000", "G001", "G002"]


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    x = np.random.default_rng(0).standard_normal((N, P)) * np.linspace(0.5, 2, P)
    x[5, 0] = x[7, 3] = np.nan
    return pd.DataFrame(x, PATIENTS, [f"G{i:03d}" for i in range(P)])


@pytest.fixture(scope="module")
def signal(values: pd.DataFrame) -> pd.Series:
    z = (values / values.std()).fillna(0.0)
    return z["G000"] + z["G001"] - z["G002"]


def continuous(signal: pd.Series, noise: float = 1.0) -> Target:
    more = np.random.default_rng(1).standard_normal(N)
    return Target("entropy", "continuous", signal + noise * more)


def survival(signal: pd.Series) -> Target:
    rng = np.random.default_rng(2)
    time = np.ceil(rng.exponential(np.exp(-signal)) * 12)
    event = (rng.random(N) < 0.7).astype(float)
    return Target("os", "survival", pd.DataFrame({"time": time, "event": event}, PATIENTS))


def groups(signal: pd.Series) -> Target:
    high = signal + np.random.default_rng(3).logistic(0, 0.4, N) > 0
    return Target("t", "groups", pd.Series(np.where(high, "high", "low"), PATIENTS))


@pytest.mark.parametrize("kind", ["continuous", "survival", "groups"])
def test_the_planted_genes_lead(values: pd.DataFrame, signal: pd.Series, kind: str) -> None:
    target = {"continuous": continuous, "survival": survival, "groups": groups}[kind](signal)
    found = elastic_net(values, target, n_genes=10)
    name = "high" if kind == "groups" else target.name
    weights = found.weights[name]
    assert 3 <= len(weights) <= 10
    assert found.weights.index.is_monotonic_increasing
    assert sorted(weights.abs().nlargest(3).index) == TRUE
    assert (np.sign(weights[TRUE]) == [1, 1, -1]).all()
    own = found.genes[found.genes["score"] == name].set_index("gene")
    assert len(own) == P
    assert (own.loc[TRUE, "stability"] == 1).all()
    assert own["stability"].between(0, 1).all()
    pd.testing.assert_series_equal(
        own.loc[weights.index, "weight"], weights, check_names=False, check_exact=True
    )
    assert (own["weight"] != 0).sum() == len(weights)
    table = found.details["cross_validation"]
    chosen = table[table["chosen"] & (table["score"] == name)]
    assert chosen["n_genes"].item() == len(weights)
    assert chosen["penalty"].item() == found.settings["chosen"][name]["penalty"]
    assert set(table["l1_ratio"]) == {0.5, 0.9}


def test_two_groups_mirror_one_another(values: pd.DataFrame, signal: pd.Series) -> None:
    found = elastic_net(values, groups(signal), n_genes=10)
    assert list(found.weights.columns) == ["high", "low"]
    np.testing.assert_array_equal(found.weights["high"], -found.weights["low"])


def test_of_three_groups_each_has_its_model(values: pd.DataFrame, signal: pd.Series) -> None:
    third = np.where(values["G100"] > 2.0, "c", np.where(signal > 0, "a", "b"))
    target = Target("t", "groups", pd.Series(third, PATIENTS))
    found = elastic_net(values, target, n_genes=6, l1_ratios=[0.9])
    assert list(found.weights.columns) == ["a", "b", "c"]
    assert found.weights["c"].abs().idxmax() == "G100"
    third[:78] = np.where(third[:78] == "c", "a", third[:78])
    third[78:] = "c"
    with pytest.warns(OmicsfuseWarning, match=r"too few patients in, or outside, c \(2 of 80\)"):
        found = elastic_net(
            values, Target("t", "groups", pd.Series(third, PATIENTS)), l1_ratios=[0.9]
        )
    assert list(found.weights.columns) == ["a", "b"]


def test_more_genes_than_asked_for_means_a_stronger_penalty(
    values: pd.DataFrame, signal: pd.Series
) -> None:
    target = continuous(signal)
    whole = elastic_net(values, target, n_genes=100, l1_ratios=[0.5])
    few = elastic_net(values, target, n_genes=4, l1_ratios=[0.5])
    assert len(few.weights) <= 4 < len(whole.weights)
    assert (
        few.settings["chosen"]["entropy"]["penalty"]
        > (whole.settings["chosen"]["entropy"]["penalty"])
    )
    table = few.details["cross_validation"]
    assert table["n_genes"].iloc[-1] > 4  # where the path ends
    allowed = table[table["n_genes"] <= 4]
    assert table.loc[table["chosen"], "deviance"].item() == allowed["deviance"].min()


def test_noise_is_refused_unless_there_is_no_gate(values: pd.DataFrame) -> None:
    noise = pd.Series(np.random.default_rng(4).standard_normal(N), PATIENTS)
    target = Target("noise", "continuous", noise)
    with pytest.raises(SignatureError, match=r"no gene predicts target noise .* lowest w"):
        elastic_net(values, target)
    found = elastic_net(values, target, gate=False)
    assert 5 <= len(found.weights) < 12
    assert len(elastic_net(values, target, gate=False, n_genes=3).weights) <= 3


def test_a_covariate_takes_its_part(values: pd.DataFrame, signal: pd.Series) -> None:
    covariates = pd.DataFrame({"volume": values["G000"].fillna(0.0), "flat": 1.0}, PATIENTS)
    for target in (continuous(signal), survival(signal), groups(signal)):
        name = "high" if target.kind == "groups" else target.name
        plain = elastic_net(values, target, l1_ratios=[0.9])
        adjusted = elastic_net(values, target, l1_ratios=[0.9], covariates=covariates)
        assert plain.weights.loc["G000", name] > 0.1
        weight = adjusted.weights[name].get("G000", 0.0)
        assert abs(weight) < 0.05
        assert {"G001", "G002"} <= set(adjusted.weights.index)
        assert adjusted.settings["covariates"] == ["volume", "flat"]


def test_the_one_standard_error_rule_takes_fewer_genes(
    values: pd.DataFrame, signal: pd.Series
) -> None:
    target = continuous(signal)
    least = elastic_net(values, target, l1_ratios=[0.9], rule="one_standard_error")
    assert len(least.weights) < len(elastic_net(values, target, l1_ratios=[0.9]).weights)


def test_scale_and_shift_of_genes_and_target_do_not_matter(
    values: pd.DataFrame, signal: pd.Series
) -> None:
    target = continuous(signal)
    numbers = target.values  # noqa: PD011 - a field of ours
    other = Target("entropy", "continuous", numbers * 8 + 4)
    first = elastic_net(values, target, l1_ratios=[0.9])
    second = elastic_net(values * 4 - 16, other, l1_ratios=[0.9])
    pd.testing.assert_frame_equal(first.weights, second.weights, rtol=1e-3, atol=1e-5)


def test_it_is_deterministic(values: pd.DataFrame, signal: pd.Series) -> None:
    target = survival(signal)
    first, again, other = (
        elastic_net(values, target, random_state=seed, l1_ratios=[0.9]) for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first.genes, again.genes, check_exact=True)
    table = "cross_validation"
    assert not first.details[table]["deviance"].equals(other.details[table]["deviance"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"l1_ratios": [0.0]}, r"l1_ratios is \[0.0\]; it must be numbers above 0"),
        ({"l1_ratios": []}, r"l1_ratios is \[\]"),
        ({"l1_ratios": None}, "l1_ratios is None; it must be numbers above 0"),
        ({"l1_ratios": "0.5"}, "l1_ratios is '0.5'; it must be numbers above 0"),
        ({"rule": "best"}, "rule is 'best'; it must be one of minimum, one_standard_error"),
        ({"n_folds": 2}, "n_folds is 2; it must be a whole number of at least 3"),
        ({"smallest_penalty": 1.5}, "smallest_penalty is 1.5; it must be from"),
        ({"n_genes": 0}, "n_genes is 0; it must be a whole number of at least 1"),
    ],
)
def test_settings_are_checked(
    values: pd.DataFrame, signal: pd.Series, change: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        elastic_net(values, continuous(signal), **change)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target("flat", "continuous", pd.Series(1.0, PATIENTS)), "flat is the same in all 80"),
        (
            Target(
                "os",
                "survival",
                pd.DataFrame({"time": 1.0, "event": np.r_[np.ones(4), np.zeros(76)]}, PATIENTS),
            ),
            "4 events among 80 patients with expression; at least 10 are needed for target os",
        ),
        (
            Target("t", "groups", pd.Series(["a"] * 4 + ["b"] * 76, PATIENTS)),
            r"no group of target t has 8 patients, and as many others.*a \(4 of 80\)",
        ),
    ],
)
def test_targets_without_enough_in_them_are_refused(
    values: pd.DataFrame, target: Target, message: str
) -> None:
    error: type[OmicsfuseError] = SignatureError
    with pytest.raises(error, match=message):
        elastic_net(values, target)


def test_few_patients_are_refused(values: pd.DataFrame, signal: pd.Series) -> None:
    target = Target("entropy", "continuous", signal.iloc[:8])
    with pytest.raises(SignatureError, match="8 patients have expression and target entropy"):
        elastic_net(values.iloc[:8], target)
