import time

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import differential_features, pairwise_features
from omicsfuse.biology.layer_tests import covariate_exclusions
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.stats.multiple_testing import benjamini_hochberg


def layer(kind: str, scale: str, values: pd.DataFrame) -> PreparedLayer:
    return PreparedLayer(kind, values, values, scale, None)


@pytest.fixture(scope="module")
def truth(simulated: SimulatedCohort) -> Subtypes:
    patients = simulated.discovery.clinical.index
    return Subtypes("S" + simulated.truth.loc[patients].astype(str), {}, {})


@pytest.fixture(scope="module")
def table(simulated: SimulatedCohort, truth: Subtypes) -> pd.DataFrame:
    return differential_features(truth, preprocess(simulated.discovery))


def test_each_layer_has_its_own_test_and_effect(table: pd.DataFrame) -> None:
    kinds = table.groupby("layer", sort=False)[["test", "effect_name"]].agg(set)
    assert kinds["test"].map(sorted).to_dict() == {
        "radiomics": ["Brunner-Munzel, logit"],
        "expression": ["moderated t"],
        "methylation": ["moderated t"],
        "mutation": ["Fisher exact"],
        "copy_number": ["proportional odds, likelihood ratio"],
    }
    assert kinds.loc["copy_number", "effect_name"] == {"log odds ratio of a higher level"}
    assert kinds.loc["methylation", "effect_name"] == {"difference in M-value"}
    assert kinds.loc["radiomics", "effect_name"] == {"rank-biserial correlation"}
    assert kinds.loc["mutation", "effect_name"] == {"difference in mutated share"}
    assert kinds.loc["expression", "effect_name"] == {"log2 fold change"}


def test_planted_genes_lead_their_subtype(
    simulated: SimulatedCohort, table: pd.DataFrame, truth: Subtypes
) -> None:
    genes = table[(table["layer"] == "expression") & (table["effect"] > 0)]
    for i, subtype in enumerate(truth.names, start=1):
        planted = set(simulated.gene_sets[f"PLANTED_SUBTYPE_{i}_UP"])
        top = genes[genes["subtype"] == subtype].head(20)["feature"]
        assert len(planted.intersection(top)) >= 19


def test_sorted_by_layer_subtype_and_p(table: pd.DataFrame) -> None:
    assert list(dict.fromkeys(table["layer"])) == [
        "radiomics",
        "expression",
        "methylation",
        "mutation",
        "copy_number",
    ]
    for _, part in table.groupby("layer", sort=False):
        assert list(dict.fromkeys(part["subtype"])) == ["S1", "S2", "S3"]
        for _, rows in part.groupby("subtype"):
            assert rows["p"].is_monotonic_increasing or rows["p"].isna().any()


def test_the_family_is_a_layers_features_times_subtypes(table: pd.DataFrame) -> None:
    part = table[table["layer"] == "expression"]
    np.testing.assert_allclose(part["fdr"], benjamini_hochberg(part["p"].to_numpy()))


def test_log2_copy_number_is_continuous() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.standard_normal((8, 2)), [f"P{i}" for i in range(8)], ["A", "B"])
    labels = pd.Series(["S1"] * 4 + ["S2"] * 4, values.index)
    prepared = Prepared("toy", {"cn": layer("copy_number", "log2", values)})
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert set(table["test"]) == {"moderated t"}
    assert set(table["effect_name"]) == {"difference in log2 ratio"}


def test_patients_without_a_label_or_without_the_layer_take_no_part() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.standard_normal((10, 3)), [f"P{i}" for i in range(10)], list("ABC"))
    labels = pd.Series(["S1"] * 4 + ["S2"] * 5, [f"P{i}" for i in range(8)] + ["absent"])
    prepared = Prepared("toy", {"rna": layer("expression", "log2", values)})
    with pytest.warns(OmicsfuseWarning, match='1 of 9 patients with .* take.? no part: "absent"'):
        table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert table["n"].unique().tolist() == [8]


def test_one_absurd_z_score_does_not_hide_a_feature() -> None:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.standard_normal((40, 2)), [f"P{i}" for i in range(40)], ["A", "B"])
    values.iloc[:20, 0] += 3
    values.iloc[0, 0] = 7377.0
    labels = pd.Series(["S1"] * 20 + ["S2"] * 20, values.index)
    prepared = Prepared("toy", {"rna": layer("expression", "zscore", values)})
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert table.iloc[0]["feature"] == "A"
    assert table.iloc[0]["p"] < 1e-6


def test_one_subtype_gives_an_empty_table_and_says_so() -> None:
    values = pd.DataFrame({"A": np.arange(5.0)}, [f"P{i}" for i in range(5)])
    prepared = Prepared("toy", {"rna": layer("expression", "log2", values)})
    with pytest.warns(OmicsfuseWarning, match="one subtype and no comparison"):
        table = differential_features(
            Subtypes(pd.Series("S1", index=values.index), {}, {}), prepared
        )
    assert table.empty
    assert list(table.columns)[:3] == ["layer", "feature", "subtype"]


def test_twenty_thousand_features_take_seconds() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(120)]
    features = [f"F{i}" for i in range(20_000)]
    labels = pd.Series(rng.choice(["S1", "S2", "S3"], 120), patients)
    mutated = pd.DataFrame((rng.random((120, 20_000)) < 0.1).astype(float), patients, features)
    real = pd.DataFrame(rng.standard_normal((120, 20_000)), patients, features)
    prepared = Prepared(
        "big",
        {
            "mutation": layer("mutation", "binary", mutated),
            "expression": layer("expression", "log2", real),
            "radiomics": layer("radiomics", "normal_score", real),
        },
    )
    start = time.process_time()
    table = differential_features(Subtypes(labels, {}, {}), prepared)
    assert len(table) == 180_000
    assert time.process_time() - start < 20


def mixed(seed: int, sizes: tuple[int, ...] = (18, 12, 10)) -> tuple[Subtypes, Prepared]:
    """Null layers of four kinds: nothing differs between the subtypes."""
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    patients = [f"P{i:02d}" for i in range(n)]
    names = np.repeat([f"S{i + 1}" for i in range(len(sizes))], sizes)
    scales = np.sqrt(1 / rng.gamma(2, 0.5, 60))
    rna = rng.standard_normal((n, 60)) * scales
    rna[rng.random((n, 60)) < 0.05] = np.nan
    tables = {
        "rna": ("expression", "log2", rna),
        "mutation": ("mutation", "binary", (rng.random((n, 60)) < 0.15).astype(float)),
        "cn": ("copy_number", "gistic", rng.integers(-2, 3, (n, 60)).astype(float)),
        "ct": ("radiomics", "normal_score", rng.standard_normal((n, 60))),
    }
    layers = {}
    for name, (kind, scale, values) in tables.items():
        features = [f"{name}{j:02d}" for j in range(60)]
        layers[name] = layer(kind, scale, pd.DataFrame(values, patients, features))
    return Subtypes(pd.Series(names, patients), {}, {}), Prepared("null", layers)


def test_null_layers_seldom_have_any_discovery() -> None:
    any_found = dict.fromkeys(["rna", "mutation", "cn", "ct"], 0)
    for seed in range(30):
        table = differential_features(*mixed(seed))
        for name, rows in table.groupby("layer"):
            any_found[name] += bool((rows["fdr"] <= 0.05).any())
    # 6 of 30 or more have a probability of 0.003 where the rate is kept.
    assert max(any_found.values()) < 6, any_found


def test_pairs_family_order_and_direction() -> None:
    subtypes, prepared = mixed(0)
    table = pairwise_features(subtypes, prepared)
    assert list(table.columns)[:4] == ["layer", "feature", "comparison", "effect"]
    assert table["comparison"].unique().tolist() == ["S1 vs S2", "S1 vs S3", "S2 vs S3"]
    for _, part in table.groupby("layer"):
        np.testing.assert_allclose(part["fdr"], benjamini_hochberg(part["p"].to_numpy()))
    values = prepared.layers["cn"].values  # noqa: PD011 - a field of ours
    share = table[(table["layer"] == "ct") & (table["comparison"] == "S1 vs S3")]
    assert set(share["n"]) == {28}
    assert len(values.columns) == len(share)


def test_two_subtypes_have_no_pairs_beyond_the_rest() -> None:
    table = pairwise_features(*mixed(0, (12, 9)))
    assert table.empty
    assert list(table.columns)[:3] == ["layer", "feature", "comparison"]


@pytest.mark.parametrize("compare", [differential_features, pairwise_features])
def test_order_of_patients_and_features_does_not_matter(compare) -> None:
    subtypes, prepared = mixed(3)
    rng = np.random.default_rng(0)
    turned = {}
    for name, one in prepared.layers.items():
        values = one.values  # noqa: PD011 - a field of ours
        rows, columns = rng.permutation(values.shape[0]), rng.permutation(values.shape[1])
        turned[name] = layer(one.kind, one.scale, values.iloc[rows, columns])
    covariates = pd.DataFrame({"age": rng.integers(40, 80, 40)}, subtypes.labels.index)
    tables = []
    for layers, adjust in ((prepared, covariates), (Prepared("x", turned), covariates.iloc[::-1])):
        with pytest.warns(OmicsfuseWarning, match="no adjustment for"):
            tables.append(compare(subtypes, layers, covariates=adjust))
    assert tables[0].to_csv() == tables[1].to_csv()


def test_covariates_are_counted_adjusted_for_and_where_not_it_is_said() -> None:
    subtypes, prepared = mixed(1)
    rng = np.random.default_rng(1)
    covariates = pd.DataFrame(
        {"purity": rng.random(40), "site": rng.choice(["A", "B"], 40)}, subtypes.labels.index
    )
    covariates.loc[["P03", "P20"], "site"] = None
    with pytest.warns(OmicsfuseWarning) as said:
        table = differential_features(subtypes, prepared, covariates=covariates.drop("P39"))
    texts = sorted(str(one.message) for one in said)
    assert texts == [
        "layer rna: 3 patients excluded from comparisons of its features: missing covariate for "
        "adjustment (e.g. P03, P20, P39).",
        "no adjustment for covariates in mutation, cn, ct: the tests of these layers take no "
        "covariates, as noted in their rows.",
    ]
    notes = table.groupby("layer")["note"].unique().map(list).to_dict()
    assert notes["mutation"] == notes["ct"] == ["not adjusted for covariates"]
    rna = table[table["layer"] == "rna"]
    assert set(rna["test"]) == {"moderated t, adjusted"}
    assert rna["n"].max() == 37
    (exclusion,) = covariate_exclusions(subtypes, prepared, covariates.drop("P39"))
    assert (exclusion.layer, exclusion.count, exclusion.examples) == (
        "rna",
        3,
        ("P03", "P20", "P39"),
    )


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ([1, 2], "covariates is of type list; expected DataFrame"),
        (pd.DataFrame({"age": [1.0, np.inf]}, ["P00", "P01"]), "'age' has infinite values"),
        (pd.DataFrame({"age": [1.0, 2.0]}, ["P00", "P00"]), "more than one row for 1 patient"),
        (
            pd.DataFrame({"id": [f"x{i}" for i in range(40)]}, [f"P{i:02d}" for i in range(40)]),
            "'id' cannot be adjusted for .40 categories",
        ),
    ],
)
def test_covariates_that_cannot_be_used(covariates, message: str) -> None:
    with pytest.raises((StudyError, CohortError), match=message):
        differential_features(*mixed(0), covariates=covariates)


def test_small_subtypes_and_features_nobody_has() -> None:
    subtypes, prepared = mixed(2, (14, 10, 2))
    values = prepared.layers["rna"].values.copy()  # noqa: PD011 - a field of ours
    values["empty"] = np.nan
    values["constant"] = 3.0
    prepared = Prepared("null", {**prepared.layers, "rna": layer("expression", "log2", values)})
    table = differential_features(subtypes, prepared)
    assert table[table["subtype"] == "S3"]["p"].isna().all()
    odd = table[table["feature"].isin(["empty", "constant"])]
    assert odd[["p", "fdr", "effect", "effect_ci_low"]].isna().all().all()
    assert odd[odd["feature"] == "empty"]["n"].eq(0).all()
    assert table[table["subtype"] == "S1"]["p"].notna().sum() > 200


@pytest.mark.parametrize("patients", [["Q1", "Q2"], ["P00", "P01", "P02"], ["P00", "P39"]])
@pytest.mark.parametrize("n_features", [0, 1, 2])
def test_layers_of_few_patients_or_features(patients: list[str], n_features: int) -> None:
    subtypes, prepared = mixed(0)
    layers = {}
    for name, one in prepared.layers.items():
        values = one.values.iloc[:, :n_features].reindex(patients)  # noqa: PD011 - a field of ours
        layers[name] = layer(one.kind, one.scale, values)
    few = Prepared("few", layers)
    if patients[0] == "Q1":
        with pytest.raises(StudyError, match=r"with a subtype .* is in the prepared layers"):
            differential_features(subtypes, few)
        return
    with pytest.warns(OmicsfuseWarning, match="of 40 patients with a subtype are not in the prep"):
        table = differential_features(subtypes, few)
    assert len(table) == 4 * 3 * n_features
    assert table["p"].isna().all()
