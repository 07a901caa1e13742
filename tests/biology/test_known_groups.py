"""What marks a known label beside what marks a subtype: on planted groups, and on none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.biology import differential_features
from omicsfuse.biology.known_groups import COLUMNS, label_concentration, label_markers
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def planted(
    n: int = 60, *, inside: int = 18, stray: int = 3, seed: int = 0
) -> tuple[Subtypes, Cohort, Prepared]:
    """Twenty positive patients, nearly all of them in S3, with one raised gene and one lost."""
    rng = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(n)]
    subtype = np.array(["S3"] * 20 + ["S1"] * 21 + ["S2"] * (n - 41))
    positive = np.zeros(n, dtype=bool)
    positive[:inside] = True
    positive[20 : 20 + stray] = True
    genes = rng.normal(size=(n, 30))
    genes[positive, 0] += 3
    genes[subtype == "S3", 1] -= 3
    genes[positive & (subtype != "S3"), 1] -= 3
    # Marks the label everywhere, and the subtype the other way: strays carry all of it.
    genes[positive & (subtype != "S3"), 2] += 30
    values = pd.DataFrame(genes, patients, [f"G{j}" for j in range(30)])
    calls = pd.DataFrame({"TP53": (~positive).astype(float), "TTN": np.arange(n) % 2.0}, patients)
    prepared = Prepared(
        "planted",
        {
            "rna": PreparedLayer("expression", values, values, "log2", None),
            "mutation": PreparedLayer("mutation", calls, calls, "binary", None),
        },
    )
    clinical = pd.DataFrame({"hpv": np.where(positive, "HPV+", "HPV-"), "sex": "f"}, patients)
    clinical.loc[patients[-2:], "hpv"] = None
    cohort = Cohort("planted", {}, clinical, known_labels=("hpv",))
    return Subtypes(pd.Series(subtype, patients), {}, {}), cohort, prepared


def test_concentration_counts_and_tests_the_fullest_subtype():
    subtypes, cohort, _ = planted()
    table = label_concentration(subtypes, cohort).set_index("level")
    row = table.loc["HPV+"]
    assert row[["subtype", "n_level", "n_subtype", "n_both", "n"]].tolist() == [
        "S3",
        21,
        20,
        18,
        58,
    ]
    p = stats.fisher_exact([[18, 2], [3, 35]])[1]
    assert row["p"] == pytest.approx(min(1, 3 * p), rel=1e-6)
    both = sorted(table["p"])
    assert table["fdr"].min() == pytest.approx(min(2 * both[0], both[1]), rel=1e-9)


def test_features_of_a_label_are_found_in_the_subtype_that_holds_it():
    subtypes, cohort, prepared = planted()
    table = label_markers(subtypes, cohort, prepared)
    assert list(table.columns) == list(COLUMNS)
    positive = table[table["level"] == "HPV+"].set_index(["layer", "feature"])
    assert set(positive["subtype"]) == {"S3"}
    assert positive.loc[("rna", "G0"), "label_effect"] > 0
    assert positive.loc[("rna", "G0"), "agrees"]
    assert positive.loc[("mutation", "TP53"), "label_effect"] == -1.0
    assert positive.loc[("mutation", "TP53"), "subtype_effect"] < -0.7
    assert positive.loc[("mutation", "TP53"), "agrees"]
    assert ("mutation", "TTN") not in positive.index
    assert positive.groupby("layer")["rank"].apply(list).map(lambda r: r == sorted(r)).all()
    markers = differential_features(subtypes, prepared)
    own = markers.set_index(["subtype", "layer", "feature"]).loc[("S3", "rna", "G0")]
    assert positive.loc[("rna", "G0"), "subtype_fdr"] == own["fdr"]
    given = label_markers(subtypes, cohort, prepared, markers=markers)
    pd.testing.assert_frame_equal(table, given)


def test_a_feature_of_the_label_alone_does_not_agree():
    subtypes, cohort, prepared = planted(stray=6, inside=18)
    table = label_markers(subtypes, cohort, prepared, n_top=30)
    row = table[(table["level"] == "HPV+") & (table["feature"] == "G2")]
    assert row["label_effect"].gt(0).all()
    assert len(row) == 1
    assert not row["agrees"].any()
    assert label_markers(subtypes, cohort, prepared, n_top=1)["rank"].tolist() == [1] * len(
        label_markers(subtypes, cohort, prepared, n_top=1)
    )


def test_order_of_patients_and_features_does_not_matter():
    subtypes, cohort, prepared = planted()
    turned = {
        name: replace(layer, values=layer.values.iloc[::-1, ::-1])  # noqa: PD011
        for name, layer in prepared.layers.items()
    }
    other = label_markers(
        Subtypes(subtypes.labels.iloc[::-1], {}, {}),
        cohort,
        Prepared("planted", turned),
    )
    pd.testing.assert_frame_equal(label_markers(subtypes, cohort, prepared), other, rtol=1e-9)


def test_labels_that_are_spread_or_small_or_absent_give_no_rows():
    subtypes, cohort, prepared = planted(inside=4, stray=6)
    table = label_markers(subtypes, cohort, prepared)
    assert table.empty
    assert list(table.columns) == list(COLUMNS)
    assert table["agrees"].dtype == bool
    few = cohort.clinical.assign(hpv=["HPV+"] * 2 + ["HPV-"] * 58)
    assert label_concentration(subtypes, replace(cohort, clinical=few)).empty
    nobody = Cohort("none", {})
    assert label_concentration(subtypes, nobody).empty
    assert label_markers(subtypes, nobody, prepared).empty
    many = cohort.clinical.assign(hpv=[f"level {i // 2}" for i in range(60)])
    assert label_concentration(subtypes, replace(cohort, clinical=many)).empty


def test_a_label_that_does_not_exist_is_refused():
    subtypes, cohort, prepared = planted()
    with pytest.raises(StudyError, match=r'no clinical column "hvp".*hpv'):
        label_markers(subtypes, cohort, prepared, ["hvp"])
    with pytest.raises(StudyError, match=r"cohort.*of\.read_cohort"):
        label_concentration(subtypes, None)


def test_unrelated_labels_are_rarely_called_concentrated():
    """At most 5% of null data sets have a concentrated level: p counts the choice of subtype."""
    rng = np.random.default_rng(7)
    patients = [f"P{i:03d}" for i in range(60)]
    labels = pd.Series(["S1"] * 25 + ["S2"] * 20 + ["S3"] * 15, patients)
    found = 0
    for _ in range(60):
        known = pd.DataFrame({"a": rng.choice(["x", "y"], 60), "b": rng.choice(list("uvw"), 60)})
        known.index = pd.Index(patients)
        cohort = Cohort("null", {}, known, known_labels=("a", "b"))
        found += bool((label_concentration(Subtypes(labels, {}, {}), cohort)["fdr"] <= 0.05).any())
    assert found <= stats.binom.ppf(0.999, 60, 0.05)
