from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.methods.module_target import correlations, score_columns
from omicsfuse.signatures.methods.modules import modules

REFERENCE = Path(__file__).parents[2] / "reference"
OPTIONS = {"power": 6, "minimum_size": 12}


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "coexpression_data.csv", index_col=0)


@pytest.fixture(scope="module")
def planted(values: pd.DataFrame) -> pd.Series:
    return pd.Series(
        pd.read_csv(REFERENCE / "coexpression_labels.csv")["planted"].to_numpy(), values.columns
    )


@pytest.fixture(scope="module")
def image(values: pd.DataFrame, planted: pd.Series) -> pd.Series:
    """A number that goes against planted module 4."""
    own = values[planted.index[planted == 4]]
    mean = ((own - own.mean()) / own.std()).mean(axis=1)
    noise = np.random.default_rng(0).standard_normal(len(values))
    return -mean + 0.6 * noise


def test_hubs_of_the_module_that_goes_with_the_target(
    values: pd.DataFrame, planted: pd.Series, image: pd.Series
) -> None:
    target = Target("entropy", "continuous", image)
    found = modules(values, target, n_genes=8, **OPTIONS)
    assert found.weights.shape == (8, 1)
    assert found.weights.index.is_monotonic_increasing
    assert (planted[found.weights.index] == 4).all()
    assert (found.weights["entropy"] < 0).all()
    table = found.details["module_target"].set_index("module")
    chosen = table.index[table["chosen"]].item()
    assert table["correlation"].abs().idxmax() == chosen
    assert table.loc[chosen, "hub"] == found.weights["entropy"].idxmin()
    genes = found.genes.set_index("gene")
    assert list(found.genes.columns) == [
        "score",
        "gene",
        "weight",
        "module",
        "kme",
        "correlation",
    ]
    assert len(genes) == 150
    used = genes[genes["weight"] != 0]
    np.testing.assert_allclose(used["weight"], -used["kme"])
    others = genes[(genes["module"] == chosen) & (genes["weight"] == 0)]
    assert others["kme"].max() < used["kme"].min()
    r = stats.pearsonr(values["G005"], image).statistic
    assert genes.loc["G005", "correlation"] == pytest.approx(r)
    assert set(found.details) == {"modules", "module_target", "scale_free_fit", "left_out"}
    assert found.settings["power"] == 6.0


def test_a_target_that_no_module_goes_with_is_refused(values: pd.DataFrame) -> None:
    draws = np.random.default_rng(5).standard_normal((100, 60))
    passed = []
    for draw in draws:
        try:
            modules(values, Target("e", "continuous", pd.Series(draw, values.index)), **OPTIONS)
            passed.append(True)
        except SignatureError:
            passed.append(False)
    assert sum(passed) <= 10  # 5 expected; the chance of more than 10 is 1%
    noise = pd.Series(draws[passed.index(False)], values.index)
    target = Target("noise", "continuous", noise)
    with pytest.raises(
        SignatureError, match="none of 4 modules is associated with target noise: the stron"
    ):
        modules(values, target, **OPTIONS)
    found = modules(values, target, gate=False, n_genes=5, **OPTIONS)
    assert len(found.weights) == 5
    table = found.details["module_target"]
    assert table.loc[table["chosen"], "p"].item() == table["p"].min()


def test_each_group_has_a_score(values: pd.DataFrame, image: pd.Series) -> None:
    groups = pd.Series(np.where(image > image.median(), "high", "low"), values.index)
    found = modules(values, Target("t", "groups", groups), n_genes=6, **OPTIONS)
    assert list(found.weights.columns) == ["high", "low"]
    np.testing.assert_array_equal(found.weights["high"], -found.weights["low"])
    assert (found.weights["high"] < 0).all()
    table = found.details["module_target"]
    assert len(table) == 8
    # One family: all modules and groups.
    np.testing.assert_allclose(table["fdr"], stats.false_discovery_control(table["p"]))


def test_groups_without_a_module_or_too_small_are_named(
    values: pd.DataFrame, image: pd.Series
) -> None:
    rng = np.random.default_rng(2)
    high = image > image.quantile(0.6)
    groups = pd.Series(np.where(high, "high", rng.choice(["a", "b"], 60)), values.index)
    target = Target("t", "groups", groups)
    with pytest.warns(OmicsfuseWarning, match="no module is associated with a.* of target t"):
        found = modules(values, target, **OPTIONS)
    assert "high" in found.weights
    groups.iloc[:3] = "rare"
    with pytest.warns(OmicsfuseWarning, match=r"too few patients in, or outside, rare \(3 of 60\)"):
        score_columns(target)
    with pytest.raises(SignatureError, match="no group of target t has 50 patients"):
        score_columns(target, 50)


def test_covariates_are_adjusted_for(values: pd.DataFrame, image: pd.Series) -> None:
    noise = np.random.default_rng(1).standard_normal(60)
    covariates = pd.DataFrame({"purity": image + 0.1 * noise, "age": np.arange(60.0) % 7})
    target = Target("entropy", "continuous", image)
    plain = modules(values, target, gate=False, **OPTIONS).details["module_target"]
    adjusted = modules(values, target, covariates=covariates, gate=False, **OPTIONS)
    table = adjusted.details["module_target"]
    assert plain["correlation"].abs().max() > 0.6
    assert table["correlation"].abs().max() < 0.4
    assert adjusted.settings["covariates"] == ["purity", "age"]
    with pytest.raises(SignatureError, match="none of 4 modules is associated with target entropy"):
        modules(values, target, covariates=covariates, **OPTIONS)
    with pytest.raises(SignatureError, match="no variation of target entropy remains"):
        modules(values, target, covariates=image.to_frame("itself"), **OPTIONS)


def test_partial_correlation_is_that_of_the_inverse_matrix() -> None:
    rng = np.random.default_rng(0)
    x, y, z = rng.integers(0, 30, (3, 25)).astype(float)
    for measure, side in (("pearson", np.array), ("spearman", stats.rankdata)):
        r, p = correlations(x[:, None], y[:, None], pd.DataFrame({"z": z}), measure)
        inverse = np.linalg.inv(np.corrcoef([side(x), side(y), side(z)]))
        expected = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
        assert r[0, 0] == pytest.approx(expected)
        t = expected * np.sqrt(22 / (1 - expected**2))
        assert p[0, 0] == pytest.approx(2 * stats.t.sf(abs(t), 22))
        plain = getattr(stats, f"{measure}r")(x, y)
        r, p = correlations(x[:, None], y[:, None], None, measure)
        assert r[0, 0] == pytest.approx(plain.statistic)
        assert p[0, 0] == pytest.approx(plain.pvalue)


def test_what_cannot_be_done_is_refused(values: pd.DataFrame, image: pd.Series) -> None:
    survival = pd.DataFrame({"time": 1.0, "event": 1.0}, values.index)
    with pytest.raises(StudyError, match=r"'os' is of kind survival\. Use method elastic_net"):
        modules(values, Target("os", "survival", survival))
    with pytest.raises(SignatureError, match="target flat is the same in all 60 patients"):
        modules(values, Target("flat", "continuous", pd.Series(1.0, values.index)))
    with pytest.raises(StudyError, match="measure is 'kendall'"):
        modules(values, Target("e", "continuous", image), measure="kendall")
    noise = pd.DataFrame(np.random.default_rng(1).standard_normal((60, 80)), values.index)
    noise = noise.add_prefix("N")
    with pytest.raises(SignatureError, match="no module of 20 or more genes was found among 80"):
        modules(noise, Target("e", "continuous", image), power=8)


def test_modules_are_remembered_and_the_same(
    values: pd.DataFrame, image: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("entropy", "continuous", image)
    first = modules(values, target, **OPTIONS)
    name = "omicsfuse.signatures.methods.modules.coexpression_modules"
    monkeypatch.setattr(name, lambda *_, **__: pytest.fail("not remembered"))
    again = modules(values.copy(), target, **OPTIONS)
    pd.testing.assert_frame_equal(again.weights, first.weights, check_exact=True)
    with pytest.raises(pytest.fail.Exception, match="not remembered"):
        modules(values + 1, target, **OPTIONS)
