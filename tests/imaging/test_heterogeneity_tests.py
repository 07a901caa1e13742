from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import HeterogeneityIndex, Subtypes
from omicsfuse.imaging import index_tests
from omicsfuse.imaging.heterogeneity.mutant_alleles import MATH, with_math
from omicsfuse.imaging.heterogeneity.tests import TEST_COLUMNS, TEST_FACTS
from omicsfuse.io import read_cohort
from omicsfuse.report.sections.heterogeneity import association_sentences
from omicsfuse.survival.cox import cox_table


def planted(n: int = 120, seed: int = 0, effect: float = 1.0) -> tuple[HeterogeneityIndex, Cohort]:
    """An index, and a cohort in which survival, stage and mutations follow it by ``effect``."""
    random = np.random.default_rng(seed)
    names = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    index = random.uniform(0, 1, n)
    z = (index - index.mean()) / index.std()
    drawn = random.exponential(1, n) * np.exp(-effect * z)
    end = np.quantile(drawn, 0.7)
    step = np.clip(np.round(2.5 + 0.8 * effect * z + random.standard_normal(n)), 1, 4).astype(int)
    clinical = pd.DataFrame(
        {
            "time": np.minimum(drawn, end) + 0.01,
            "event": (drawn <= end).astype(int),
            "age": random.normal(60, 8, n).round(),
            "stage": [f"Stage {('I', 'II', 'III', 'IV')[s - 1]}" for s in step],
            "grade": random.choice(["G1", "G2", "G3"], n),
            "site": random.choice(["a", "b"], n),
        },
        names,
    )
    mutated = random.random((n, 60)) < 1 / (1 + np.exp(2 - 0.7 * effect * z))[:, None]
    mutation = pd.DataFrame(mutated.astype(float), names, [f"G{i}" for i in range(60)])
    volume = pd.DataFrame({"original_shape_MeshVolume": np.exp(random.standard_normal(n))}, names)
    cohort = Cohort(
        "planted",
        {"mutation": Layer("mutation", mutation), "ct": Layer("radiomics", volume)},
        clinical,
        endpoints={"os": Endpoint("time", "event")},
        covariates=("age",),
    )
    patients = pd.DataFrame({"index": index, "group": np.where(index < 0.5, "H1", "H2")}, names)
    none = pd.DataFrame()
    return HeterogeneityIndex(patients, none, none, params={"layer": "ct"}), cohort


def test_what_was_planted_is_found() -> None:
    index, cohort = planted()
    tests = index_tests(index, cohort)
    assert list(tests.columns) == [*TEST_COLUMNS, *TEST_FACTS]
    found = set(tests.loc[tests["fdr"] <= 0.05, "variable"])
    assert {"os", "stage", "mutated genes (mutation)"} <= found
    assert not {"site", "grade", "age", "tumour volume (ct)"} & found
    survival = tests[tests["family"] == "survival"]
    assert survival["adjusted_for"].tolist() == ["", "age", "age, tumour volume"]
    assert (survival["events"] == 84).all()
    assert (survival["effect"] > 1.5).all()
    kinds = tests.set_index("variable")["kind"]
    assert kinds[["stage", "grade", "site", "age"]].tolist() == ["order"] * 2 + [
        "category",
        "number",
    ]


def test_numbers_are_those_of_scipy_and_of_the_cox_model() -> None:
    index, cohort = planted()
    tests = index_tests(index, cohort).set_index(["variable", "adjusted_for"])
    values = index.patients["index"]
    r, p = stats.spearmanr(values, cohort.clinical["age"])
    row = tests.loc[("age", "")]
    assert row["effect"] == pytest.approx(r)
    # scipy's p is that of the t distribution; ours has the moments of the permutations too.
    shuffled = np.random.default_rng(0).permuted(
        np.tile(stats.rankdata(values), (100_000, 1)), axis=1
    )
    ranks = stats.rankdata(cohort.clinical["age"].reindex(values.index))
    centred = ranks - ranks.mean()
    by_chance = np.abs(shuffled @ centred) >= np.abs(stats.rankdata(values) @ centred) * (1 - 1e-12)
    assert row["p"] == pytest.approx(by_chance.mean(), abs=0.005)
    assert row["p"] == pytest.approx(p, abs=0.001)
    burden = stats.spearmanr(values, np.log(1 + cohort.omics["mutation"].table.sum(axis=1)))
    assert tests.loc[("mutated genes (mutation)", ""), "effect"] == pytest.approx(burden.statistic)
    h, p = stats.kruskal(*(own for _, own in values.groupby(cohort.clinical["site"])))
    assert tests.loc[("site", ""), "effect"] == pytest.approx(h / 119)
    assert tests.loc[("site", ""), "p"] == pytest.approx(p)
    term = pd.DataFrame({"index": (values - values.mean()) / values.std()})
    cox = cox_table(cohort.survival("os"), term, "os", "alone").iloc[0]
    row = tests.loc[("os", "")]
    assert row[["effect", "effect_ci_low", "effect_ci_high", "p"]].tolist() == pytest.approx(
        cox[["hr", "hr_ci_low", "hr_ci_high", "p"]].tolist()
    )


def test_few_events_give_no_p() -> None:
    index, cohort = planted(n=40)
    clinical = cohort.clinical.copy()
    clinical["event"] = (np.arange(40) < 6).astype(int)
    few = Cohort("few", cohort.omics, clinical, endpoints=cohort.endpoints)
    row = index_tests(index, few).iloc[0]
    assert (row["variable"], row["n"], row["events"]) == ("os", 40, 6)
    assert np.isnan(row["p"])
    assert "6 events, fewer than the 10" in row["note"]


def test_subtypes_math_scores_and_a_given_volume() -> None:
    index, cohort = planted(n=60)
    names = index.patients.index
    own = cohort.clinical.assign(**{"tumour volume at CT": np.arange(60) % 13})
    cohort = replace(cohort, clinical=own)
    random = np.random.default_rng(0)
    labels = pd.Series(np.where(index.patients["index"] > 0.6, "S1", "S2"), names)
    labels.iloc[:3] = "S3"
    mutations = pd.DataFrame(
        {"patient": np.repeat(names, 8), "vaf": random.uniform(0.05, 0.6, 480)}
    )
    scores = pd.DataFrame({"purity": random.random(60)}, names)
    volume = pd.Series(random.random(60), names)
    tests = index_tests(
        index, cohort, subtypes=Subtypes(labels, {}, {}), mutations=mutations, scores=scores,
        volume=volume,
    ).set_index("variable")  # fmt: skip
    assert tests.loc["subtype", "n"] == 57
    assert tests.loc["subtype", "note"].startswith("without S3 (fewer than 5 patients); S1: higher")
    assert tests.loc["subtype", "fdr"] < 0.001
    assert tests.loc["MATH (mutant-allele heterogeneity)", "family"] == "genome"
    assert tests.loc["purity", "family"] == "scores"
    assert tests.loc["tumour volume", "family"] == "technical"
    assert "tumour volume (ct)" not in tests.index
    assert "tumour volume at CT" in tests.index  # a column of the clinic, whatever it is called


def test_math_of_a_maf_with_read_counts_stands_beside_the_index(tmp_path: Path) -> None:
    index, cohort = planted(n=60)
    random = np.random.default_rng(0)
    head = ["Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode"]
    lines = ["\t".join([*head, "t_ref_count", "t_alt_count"])]
    for name, value in index.patients["index"].items():
        # The more heterogeneous the image, the wider the spread of the fractions.
        mutant = np.clip(50 + 40 * value * random.uniform(-1, 1, 12), 1, 99).round().astype(int)
        lines += [
            "\t".join([f"G{i}", "Missense_Mutation", str(name), str(100 - m), str(m)])
            for i, m in enumerate(mutant[: 3 if name == "P000" else 12])
        ]
    (tmp_path / "m.maf").write_text("\n".join(lines) + "\n")
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[layers.mutation]\nfile = "m.maf"\nkind = "mutation"\n'
    )
    mutation = read_cohort(tmp_path / "m.toml").omics["mutation"]
    cohort = Cohort("x", {**cohort.omics, "mutation": mutation}, cohort.clinical)
    found = with_math(index, cohort)
    math = found.patients["math"]
    assert np.isnan(math["P000"])  # three variants are too few
    tests = index_tests(index, cohort)
    row = tests.set_index("variable").loc[MATH]
    expected = stats.spearmanr(math.drop("P000"), index.patients["index"].drop("P000"))
    assert (row["n"], row["family"]) == (59, "genome")
    assert row["effect"] == pytest.approx(expected.statistic)
    assert row["effect"] > 0.6
    said = " ".join(association_sentences(replace(index, tests=tests)))
    assert said.startswith(f"Heterogeneity of the genome: {MATH}, Spearman correlation 0.")
    assert "n = 59, p < 0.001" in said
    assert with_math(index, Cohort("bare", {"ct": cohort.omics["ct"]})) is index


def test_without_clinical_table() -> None:
    index, cohort = planted(n=30)
    tests = index_tests(index, Cohort("bare", {"ct": cohort.omics["ct"]}))
    assert tests["variable"].tolist() == ["tumour volume (ct)"]
    nothing = index_tests(index, Cohort("none", {}, pd.DataFrame(index=index.patients.index)))
    assert list(nothing.columns) == [*TEST_COLUMNS, *TEST_FACTS]
    assert nothing.empty


def test_unknown_endpoint_is_refused() -> None:
    index, cohort = planted(n=30)
    with pytest.raises(StudyError, match="endpoint 'pfs' does not exist"):
        index_tests(index, cohort, endpoints=["pfs"])


def test_false_discoveries_of_null_cohorts() -> None:
    """No family of 50 null cohorts finds anything more often than its rate allows."""
    any_found: dict[str, int] = {}
    for seed in range(50):
        index, cohort = planted(n=60, seed=seed, effect=0.0)
        tests = index_tests(index, cohort)
        for family, own in tests.groupby("family"):
            any_found[str(family)] = any_found.get(str(family), 0) + bool(
                (own["fdr"] <= 0.05).any()
            )
    assert set(any_found) == {"survival", "clinical", "genome", "technical"}
    assert max(any_found.values()) <= stats.binom.ppf(0.999, 50, 0.05)


def test_real_head_and_neck(real_data: Path) -> None:
    clinical = pd.read_csv(real_data / "radiomics_only_hn1" / "clinical.tsv", sep="\t", index_col=0)
    names = clinical.index.astype(str)
    values = np.random.default_rng(0).random(len(names))
    patients = pd.DataFrame({"index": values, "group": "H1"}, names)
    none = pd.DataFrame()
    cohort = Cohort("hn1", {}, clinical, endpoints={"os": Endpoint("time", "event")})
    tests = index_tests(HeterogeneityIndex(patients, none, none), cohort)
    assert tests.iloc[0][["n", "events"]].tolist() == [118, 64]
    assert not (tests["fdr"] <= 0.01).any()


def test_two_steps_are_two_groups_whatever_their_substages() -> None:
    index, cohort = planted()
    step = cohort.clinical["stage"].isin(["Stage III", "Stage IV"]).to_numpy()
    letters = np.where(np.arange(len(step)) % 2, "A", "B")
    coarse = np.where(step, "Stage III", "Stage II")
    rows = [
        index_tests(index, replace(cohort, clinical=cohort.clinical.assign(stage=stage)))
        .set_index("variable")
        .loc["stage", ["n", "effect", "p", "kind"]]
        for stage in (coarse, coarse.astype(object) + letters)
    ]
    pd.testing.assert_series_equal(rows[0], rows[1])
