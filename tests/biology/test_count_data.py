import builtins
import sys

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import differential_features, pairwise_features
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def planted() -> tuple[Subtypes, Prepared, pd.DataFrame]:
    """Negative binomial counts; six genes four times as high in S1; one gene without a count."""
    rng = np.random.default_rng(0)
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], [9, 8, 7]), [f"P{i:02d}" for i in range(24)])
    mean = np.tile(rng.gamma(2, 60, 30), (24, 1))
    mean[(labels == "S1").to_numpy(), :6] *= 4
    counts = pd.DataFrame(
        rng.negative_binomial(5, 5 / (5 + mean)), labels.index, [f"G{i:02d}" for i in range(30)]
    )
    counts["G29"] = 0
    values = np.log2(counts + 1.0)
    layer = PreparedLayer("expression", values, values, "log2", None)
    return Subtypes(labels, {}, {}), Prepared("toy", {"rna": layer}), counts


def test_planted_fold_changes_are_found() -> None:
    pytest.importorskip("pydeseq2")
    subtypes, prepared, counts = planted()
    two = Subtypes(subtypes.labels.replace({"S1": "S2", "S3": "S1", "S2": "S1"}), {}, {})
    table = differential_features(two, prepared, counts={"rna": counts})
    table = table.assign(subtype=table["subtype"].map({"S2": "S1", "S1": "rest"}))
    assert set(table["test"]) == {"DESeq2 Wald"}
    assert set(table["effect_name"]) == {"log2 fold change"}
    found = table[(table["subtype"] == "S1") & (table["fdr"] <= 0.05) & (table["effect"] > 0)]
    assert {f"G{i:02d}" for i in range(6)} <= set(found["feature"])
    assert len(found) <= 7
    own = table.set_index(["subtype", "feature"]).loc["S1"]
    planted_rows = own.loc[[f"G{i:02d}" for i in range(6)]]
    # Four times as high is a log2 fold change of 2, of which size factors take some.
    assert planted_rows["effect"].between(1.0, 2.6).all()
    assert (planted_rows["effect_ci_low"] > 0).all()
    assert own.loc["G29", ["effect", "p", "fdr"]].isna().all()


def test_numbers_are_pydeseq2s_own_whatever_the_order() -> None:
    pytest.importorskip("pydeseq2")
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    subtypes, prepared, counts = planted()
    rng = np.random.default_rng(1)
    shuffled = counts.iloc[rng.permutation(24), rng.permutation(30)]
    table = pairwise_features(subtypes, prepared, counts={"rna": shuffled})
    again = pairwise_features(subtypes, prepared, counts={"rna": counts})
    assert table.to_csv() == again.to_csv()
    there = counts.drop(columns="G29")
    data = DeseqDataSet(
        counts=there, metadata=subtypes.labels.to_frame("group"), design="~group", quiet=True
    )
    data.deseq2()
    compared = DeseqStats(data, contrast=["group", "S3", "S2"], quiet=True)
    compared.summary()
    expected = compared.results_df
    rows = table[table["comparison"] == "S2 vs S3"].set_index("feature").loc[there.columns]
    np.testing.assert_allclose(rows["effect"], -expected["log2FoldChange"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(rows["p"], expected["pvalue"], rtol=1e-3)
    half = (rows["effect_ci_high"] - rows["effect_ci_low"]) / 2
    np.testing.assert_allclose(half, 1.959964 * expected["lfcSE"], rtol=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(G03=t["G03"] + 0.5), "gene G03 of patient P00 has .*whole number"),
        (lambda t: t.assign(G03=-1), "gene G03 of patient P00 has -1,"),
        (lambda t: t.assign(G03=np.nan), "gene G03 of patient P00 has nan"),
        (lambda t: t.assign(G03="many"), "a cell is not a number"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "patient P00 occurs more than once"),
        (lambda t: t.to_numpy(), "are of type ndarray; expected a DataFrame"),
    ],
)
def test_what_is_no_raw_count_is_refused(change, message: str) -> None:
    subtypes, prepared, counts = planted()
    with pytest.raises(StudyError, match=f"counts of layer 'rna'.*{message}"):
        differential_features(subtypes, prepared, counts={"rna": change(counts)})


def test_counts_of_no_layer() -> None:
    subtypes, prepared, counts = planted()
    with pytest.raises(
        StudyError, match="layer 'rnaseq', which does not exist; the layers are rna"
    ):
        differential_features(subtypes, prepared, counts={"rnaseq": counts})


def test_without_pydeseq2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pydeseq2")]:
        monkeypatch.delitem(sys.modules, name)
    plain = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("pydeseq2"):
            raise ImportError(name)
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    subtypes, prepared, counts = planted()
    with pytest.raises(StudyError, match=r'pip install "omicsfuse\[counts\]"'):
        differential_features(subtypes, prepared, counts={"rna": counts})


def test_covariates_that_follow_the_groups() -> None:
    pytest.importorskip("pydeseq2")
    subtypes, prepared, counts = planted()
    same = pd.DataFrame({"batch": (subtypes.labels == "S1").astype(float)})
    with pytest.raises(StudyError, match="determine the groups completely"):
        differential_features(subtypes, prepared, counts={"rna": counts}, covariates=same)
