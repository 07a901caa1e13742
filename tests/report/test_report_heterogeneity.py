from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.results import HeterogeneityIndex, Prepared, RadiogenomicMap
from omicsfuse.report.sections.heterogeneity import SECTION, group_share
from omicsfuse.report.sections.heterogeneity import content as heterogeneity_section
from omicsfuse.report.sections.heterogeneity import figures as heterogeneity_plans
from omicsfuse.report.sections.radiogenomic_modules import SECTION as MODULES
from omicsfuse.report.sections.radiogenomic_modules import content as radiogenomic_modules_section
from omicsfuse.report.sections.radiogenomic_modules import figures as radiogenomic_modules_plans

NONE = pd.DataFrame()


def results(**fields: Any) -> Any:
    given = {"heterogeneity": None, "radiogenomics": None, "prepared": Prepared("toy", {})}
    return SimpleNamespace(**{**given, **fields})


def index(volume: float, p: float) -> HeterogeneityIndex:
    names = pd.Index([f"P{i}" for i in range(10)], name="patient")
    tests = pd.DataFrame(
        {
            "variable": ["os", "pfi", "stage"],
            "kind": ["survival", "survival", "order"],
            "n": [100, 100, 90],
            "events": [40.0, 6.0, np.nan],
            "effect": [1.4, np.nan, 0.3],
            "effect_ci_low": [1.1, np.nan, 0.1],
            "effect_ci_high": [1.8, np.nan, 0.5],
            "effect_name": ["hazard ratio per SD", "hazard ratio per SD", "Spearman correlation"],
            "adjusted_for": "",
            "covariates": "",
            "of": "",
            "p": [p, np.nan, 0.4],
            "fdr": [p, np.nan, 0.4],
            "note": ["", "not estimated: 6 events, fewer than the 10 for 1 term", ""],
            "family": ["survival", "survival", "clinical"],
        }
    )
    return HeterogeneityIndex(
        pd.DataFrame({"index": np.linspace(0, 1, 10), "group": "H1"}, names),
        pd.DataFrame({"n": [10], "index_mean": [0.5], "disorder_mean": [0.0]}, ["H1"]).rename_axis(
            "group"
        ),
        pd.DataFrame({"feature": ["f"], "block": ["texture"], "correlation": [0.8]}),
        tests,
        {
            "layer": "ct",
            "first_order_features": 7,
            "texture_features": 30,
            "correlation_with_disorder": 0.86,
            "correlation_with_volume": {"n": 10, "correlation": volume, "low": -0.7, "high": 0.1},
            "adjust_volume": False,
            "stability": {"n_resamples": 50, "share": 0.8, "rank_correlation": 0.97, "low": 0.9,
                          "high": 0.99, "group_agreement": 0.8},
        },
    )  # fmt: skip


def test_the_section_says_what_was_found_and_what_was_not_tested() -> None:
    section = heterogeneity_section(results(heterogeneity=index(-0.63, 0.004)))
    assert section is not None
    said, told = section.paragraphs
    assert "7 first-order and 30 texture features of layer ct" in said
    assert list(SECTION.summary(results(heterogeneity=index(-0.63, 0.004)))) == [
        "The heterogeneity index places 10 patients between 0 (even images) and 1 (uneven images). "
        "It largely measures tumour size: its rank correlation with tumour volume is -0.63 (95% CI "
        "-0.70 to 0.10, n = 10)."
    ]
    assert "In 50 resamples of 80% of the patients" in said
    assert (
        "os, hazard ratio per SD 1.40 (95% CI 1.10 to 1.80), n = 100 with 40 events, p = 0.004"
        in told
    )
    assert "stage, Spearman correlation 0.30 (95% CI 0.10 to 0.50), n = 90, p = 0.40" in told
    assert "Clinical columns: no association among 1 test (FDR at most 0.05)" in told
    assert "Survival was not tested in 1 model: not estimated: 6 events" in told
    assert [plan.name for plan in heterogeneity_plans(results(heterogeneity=index(0.1, 0.5)))] == [
        *("heterogeneity", "heterogeneity_correlates", "heterogeneity_survival"),
    ]


def test_subtypes_found_with_the_index_are_called_no_evidence() -> None:
    made = index(0.1, 0.004)
    tests = made.tests.assign(of=["", "", "subtypes"], fdr=[0.004, np.nan, 0.01])
    given, plainly = (results(heterogeneity=one) for one in (replace(made, tests=tests), made))
    said = list(SECTION.caveats(given))
    assert said == [
        "If the subtypes were found with the same images, their association with the index is a "
        "description and no evidence."
    ]
    assert list(SECTION.caveats(plainly)) == []
    section, plain = heterogeneity_section(given), heterogeneity_section(plainly)
    assert section is not None
    assert plain is not None
    assert "Subtypes fused from the same" in section.tables[0].caption
    assert "Subtypes fused from the same" not in plain.tables[0].caption


def test_captions_say_only_what_is_there() -> None:
    made = index(0.1, 0.5)
    plans = {plan.name: plan for plan in heterogeneity_plans(results(heterogeneity=made))}
    assert "Below: texture features correlated with the index" in plans["heterogeneity"].caption
    assert plans["heterogeneity_survival"].caption.endswith("deviation of the index.")
    tests = made.tests.assign(adjusted_for=["age", "", ""])
    adjusted = list(heterogeneity_plans(results(heterogeneity=replace(made, tests=tests))))[-1]
    assert adjusted.caption.endswith("unadjusted and adjusted for covariates.")
    bare = replace(made, tests=made.tests[made.tests["kind"] == "order"])
    section = heterogeneity_section(results(heterogeneity=bare))
    assert section is not None
    assert "Hazard ratios" not in section.tables[0].caption
    assert "Ordered categories" in section.tables[0].caption


def test_a_small_correlation_with_volume_is_not_called_size() -> None:
    given = results(heterogeneity=index(0.1, 0.5))
    section, (said,) = heterogeneity_section(given), SECTION.summary(given)
    assert section is not None
    assert "size" not in said
    assert "Its rank correlation with tumour volume is 0.10" in said
    assert "Survival: no association among 1 test (FDR at most 0.05)" in section.paragraphs[1]


@pytest.mark.parametrize(
    ("groups", "share", "caption"),
    [
        (["H1"] * 5 + ["H2"] * 5, 0.758, "Groups along the index, from the least to the most"),
        (["H1", "H2"] * 5, 0.0303, "Groups of the fused network, from the least to the most"),
    ],
)
def test_groups_that_do_not_follow_the_index_are_not_said_to(
    groups: list[str], share: float, caption: str
) -> None:
    made = index(0.1, 0.5)
    made = replace(made, patients=made.patients.assign(group=groups))
    assert group_share(made) == pytest.approx(share, abs=0.001)
    given = results(heterogeneity=made)
    section = heterogeneity_section(given)
    assert section is not None
    table = next(one for one in section.details if one is not None and "Groups" in one.caption)
    assert table.caption.startswith(caption)
    follows = share > 0.5
    assert ("They explain 76% of its variance" in table.caption) == follows
    assert ("They explain 3% of the variance of the index" in table.caption) != follows
    told = "The groups do not follow the index: they explain 3% of its variance."
    assert (told in SECTION.caveats(given)) != follows


def test_an_index_of_unknown_volume_may_be_size() -> None:
    made = index(0.1, 0.5)
    made = replace(made, params={**made.params, "correlation_with_volume": None})
    given = results(heterogeneity=made)
    assert "volume" not in " ".join(SECTION.summary(given))
    assert list(SECTION.caveats(given)) == [
        "Tumour volume is not known: the index may reflect tumour size."
    ]


def modules(fdr: float) -> RadiogenomicMap:
    table = pd.DataFrame(
        {
            "cluster": ["R1", "R2"],
            "module": ["M1", "M1"],
            "n": 106,
            "features": [5, 1],
            "genes": 40,
            "correlation": [0.41, 0.1],
            "correlation_in_sample": [0.6, 0.2],
            "null_mean": [-0.001, 0.0],
            "p": [0.0001, 0.5],
            "fdr": [fdr, 0.9],
            "representative": ["Energy", "Flatness"],
            "hub_genes": ["A, B, C", "A, B, C"],
        }
    )
    params = {"modules": {"n_components": 3, "n_folds": 5, "n_repeats": 3, "covariates": []}}
    return RadiogenomicMap(NONE, NONE, NONE, modules=table, params=params)


@pytest.mark.parametrize(("fdr", "names"), [(0.01, 2), (0.4, 1)])
def test_modules_are_said_to_go_together_only_where_they_do(fdr: float, names: int) -> None:
    given = results(radiogenomics=modules(fdr))
    section = radiogenomic_modules_section(given)
    assert section is not None
    (answer,) = MODULES.summary(given)
    if fdr <= 0.05:
        assert answer == (
            "1 of 2 pairs of a radiomic cluster and a gene module is associated in held-out "
            "patients (106 patients; false discovery rate at most 0.05)."
        )
    else:
        assert answer == (
            "No association was found: none of 2 pairs of a radiomic cluster and a gene module "
            "reaches a false discovery rate of 0.05 (106 patients; smallest FDR = 0.40)."
        )
    said, how = section.paragraphs
    assert "correlation 0.41 in held-out patients and 0.60 in sample" in said
    assert how.startswith("2 radiomic clusters and 1 module of co-expressed genes were compared.")
    assert len(list(radiogenomic_modules_plans(given))) == names
    row = [cell.text for cell in section.tables[0].rows[0]]
    assert row == [
        *("R1", "Energy", "5", "M1", "A, B, C", "40", "106"),
        *("0.41", "0.00", "0.60", "< 0.001", "0.010" if fdr <= 0.05 else "0.40"),
    ]


def test_nothing_gives_no_section() -> None:
    assert heterogeneity_section(results()) is None
    assert list(heterogeneity_plans(results())) == []
    assert radiogenomic_modules_section(results()) is None
    bare = RadiogenomicMap(NONE, NONE, NONE)
    assert radiogenomic_modules_section(results(radiogenomics=bare)) is None
    empty = RadiogenomicMap(NONE, NONE, NONE, params={"modules": {}})
    section = radiogenomic_modules_section(results(radiogenomics=empty))
    assert section is not None
    assert "no co-expression module was found" in section.paragraphs[0]
    assert list(radiogenomic_modules_plans(results(radiogenomics=empty))) == []
