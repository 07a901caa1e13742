import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.signatures import derive_signature
from omicsfuse.signatures.shuffled import shuffled_signatures


def toy() -> tuple[Prepared, pd.Series]:
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(40)]
    values = rng.standard_normal((40, 80))
    table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(80)])
    score = pd.Series(values[:, :5].sum(axis=1), patients, name="texture")
    layer = PreparedLayer("expression", table, table, "log2", None)
    return Prepared("toy", {"rna": layer}), score


def test_they_are_as_large_as_can_be_and_know_nothing() -> None:
    ready, score = toy()
    null = shuffled_signatures(score, ready, method="correlation", n=30, n_genes=10)
    assert len(null) == 30
    assert all(signature.templates.shape == (10, 1) for signature in null)
    assert all(signature.hash == "" for signature in null)
    assert null[0].name == "toy, target shuffled (1)"
    picked = pd.Series([gene for signature in null for gene in signature.templates.index])
    # Ten of 80 genes: each in an eighth of them, the true ones as often as others.
    true = picked.isin([f"G{i:02d}" for i in range(5)]).sum() / 5
    assert true < 9
    assert all(signature.settings["gate"] is False for signature in null)
    real = derive_signature(
        score, ready, method="correlation", n_genes=10, n_repeats=1, n_permutations=0
    )
    assert list(real.templates.columns) == list(null[0].templates.columns)


def test_same_seed_same_signatures() -> None:
    ready, score = toy()
    groups = pd.Series(np.where(score > 0, "high", "low"), score.index)
    first, again, other = (
        shuffled_signatures(groups, ready, n=2, n_genes=5, random_state=seed) for seed in (1, 1, 2)
    )
    for one, same in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one.templates, same.templates)
    assert list(first[0].templates.index) != list(other[0].templates.index)
    assert list(first[0].templates.index) != list(first[1].templates.index)
    assert all(list(one.templates.columns) == ["high", "low"] for one in first)


def test_covariates_go_with_the_target() -> None:
    ready, score = toy()
    purity = pd.DataFrame({"purity": score + 0.5 * np.arange(40)}, score.index)
    null = shuffled_signatures(
        score, ready, method="correlation", n=2, n_genes=5, covariates=purity
    )
    assert null[0].settings["covariates"] == ["purity"]


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from omicsfuse.signatures import derive_arguments as module

    ready, score = toy()
    real = module.find_method("correlation")
    calls = []

    def moody(
        values: pd.DataFrame, target: object, *, gate: bool = True, **settings: object
    ) -> object:
        calls.append(1)
        if len(calls) % 4 != 1:
            raise SignatureError("nothing here")
        return real(values, target, gate=gate, **settings)

    monkeypatch.setattr(module, "find_method", lambda name: moody)
    with pytest.warns(OmicsfuseWarning, match="3 of 4 signatures .* 12 attempts; .*nothing here"):
        assert len(shuffled_signatures(score, ready, method="correlation", n=4)) == 3
    calls[:] = [1]
    with pytest.raises(SignatureError, match="nothing here"):
        shuffled_signatures(score, ready, method="correlation", n=4)
