"""The section on radiogenomic maps: its sentences, tables and figures."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.results import Biology, Prepared, PreparedLayer, RadiogenomicMap
from omicsfuse.imaging import radiogenomic_map
from omicsfuse.plot.radiogenomic_map import radiogenomic_quantiles
from omicsfuse.report.sections.radiogenomics import SECTION, family_sentences
from omicsfuse.report.sections.radiogenomics import content as radiogenomics_section
from omicsfuse.report.sections.radiogenomics import figures as radiogenomics_plans

N = 60
PATIENTS = [f"P{i:02d}" for i in range(N)]


def prepared(*, found: bool, volume: bool = True) -> Prepared:
    rng = np.random.default_rng(0)
    images = pd.DataFrame(rng.standard_normal((N, 6)), PATIENTS, list("abcdef"))
    images["original_shape_MeshVolume" if volume else "g"] = rng.standard_normal(N)
    genes = pd.DataFrame(rng.standard_normal((N, 30)), PATIENTS, [f"G{i}" for i in range(30)])
    if found:
        size = images["original_shape_MeshVolume"]
        images["long"] = size + 0.8 * rng.standard_normal(N)
        genes["SIZE"] = size + 0.3 * rng.standard_normal(N)
        genes["EDGE"] = images["a"] + 0.3 * rng.standard_normal(N)
    return Prepared(
        "test",
        {
            "ct": PreparedLayer("radiomics", images, images, "raw", None),
            "rna": PreparedLayer("expression", genes, genes, "log2", None),
        },
    )


def results(ready: Prepared, **arguments: object) -> SimpleNamespace:
    return SimpleNamespace(
        radiogenomics=radiogenomic_map(ready, n_permutations=30, **arguments),
        prepared=ready,
        biology=None,
        immune=None,
    )


@pytest.fixture(scope="module")
def found() -> SimpleNamespace:
    return results(prepared(found=True))


@pytest.fixture(scope="module")
def nothing() -> SimpleNamespace:
    return results(prepared(found=False, volume=False))


def test_nothing_without_a_map() -> None:
    empty = SimpleNamespace(radiogenomics=None)
    assert radiogenomics_section(empty) is None
    assert list(radiogenomics_plans(empty)) == []


def test_what_was_found_and_what_volume_leaves(found: SimpleNamespace) -> None:
    section = radiogenomics_section(found)
    assert section is not None
    assert section.title == "Which molecular features are associated with the images?"
    opening, families, volume = section.paragraphs
    assert "8 radiomic features of layer ct form 8 clusters" in opening
    assert "partial correlations are adjusted for tumour volume" in opening
    assert "rna: 3 associations among 256 tests in 60 patients (smallest FDR < 0.001)" in families
    assert "the smallest false discovery rate is lower than by chance (p = 0.032)" in families
    assert list(SECTION.summary(found)) == [
        "3 associations among 256 tests in 60 patients (false discovery rate at most 0.05 within "
        "each layer): all with rna. After adjustment for tumour volume, 1 of 3 remains "
        "significant; 1 vanishes (p above 0.05)."
    ]
    assert list(SECTION.caveats(found)) == [
        "An association that vanishes is not thereby explained by tumour volume: "
        "adjustment reduces power."
    ]
    assert volume == (
        "Adjustment for tumour volume: 1 association is with a feature that measures tumour volume "
        "under another name."
    )
    families_table, strongest = section.tables
    headings = [cell.text for cell in strongest.headings]
    first = dict(zip(headings, (cell.text for cell in strongest.rows[0]), strict=True))
    assert first["target"] in ("SIZE", "EDGE")
    assert "e-" in first["p"]
    assert {"shuffled p", "remaining"} <= {cell.text for cell in families_table.headings}
    assert "Remaining, vanished" in families_table.caption


def test_nothing_found_says_what_could_have_been(nothing: SimpleNamespace) -> None:
    section = radiogenomics_section(nothing)
    assert section is not None
    _, families, volume = section.paragraphs
    table = section.tables[0]
    assert not {"remaining", "vanished", "volume"} & {cell.text for cell in table.headings}
    assert "Remaining, vanished" not in table.caption
    assert "rna: no association among 210 tests in 60 patients (smallest FDR" in families
    assert (
        "The smallest correlation that reaches a false discovery rate of 0.05 by itself is |rho| = "
        "0.46; the power for |rho| = " in families
    )
    assert volume == ""
    (answer,) = SECTION.summary(nothing)
    assert answer.startswith("No association was found: none of 210 tests in 60 patients reaches")
    assert list(SECTION.caveats(nothing)) == []


def test_families_without_a_test_are_named() -> None:
    ready = prepared(found=False)
    few = ready.layers["rna"].scaled.iloc[:8]
    layers = {
        **ready.layers,
        "protein": PreparedLayer("protein", few, few, "raw", None),
    }
    made = results(dataclasses.replace(ready, layers=layers))
    section = radiogenomics_section(made)
    assert section is not None
    assert (
        "protein: 8 patients have both layers; 10 are needed: not tested." in section.paragraphs[1]
    )
    assert {plan.name for plan in radiogenomics_plans(made)} == {
        "radiogenomic_map",
        "radiogenomic_p_values",
        "radiogenomic_pairs",
    }


def test_figures(found: SimpleNamespace) -> None:
    heatmap, quantiles, pairs = (plan.draw() for plan in radiogenomics_plans(found))
    marks = {len(dots.get_offsets()) for dots in heatmap.collections}
    assert marks == {1, 2}  # two that stay or are of volume, one that vanishes
    assert [text.get_text() for text in heatmap.get_legend().get_texts()] == [
        "FDR <= 0.05",
        "of these, vanishing\nafter adjustment",
    ]
    assert "adjusted" in quantiles.get_legend_handles_labels()[1]
    assert len(pairs) == 2  # two targets were found, SIZE with two features
    assert "FDR < 0.001" in pairs[0].get_title(loc="left")
    plan = list(radiogenomics_plans(found))[-1]
    assert plan.title == "Associations, patient by patient"
    assert "The 2 pairs with the smallest false discovery rate, of 3 associations" in plan.caption


def test_pairs_show_scores_that_were_found_before_genes_that_were_not() -> None:
    ready = prepared(found=False)
    rng = np.random.default_rng(1)
    images = ready.layers["ct"].scaled
    scores = pd.DataFrame({"SET": images["b"] + 0.2 * rng.standard_normal(N)}, PATIENTS)
    made = results(ready, scores={"gene sets": scores})
    made.biology = Biology(scores=scores)
    drawn = next(p for p in radiogenomics_plans(made) if p.name == "radiogenomic_pairs").draw()
    assert [panel.get_ylabel() for panel in drawn] == ["SET\ngene sets"]


def test_pairs_of_nothing_found_are_said_to_be_none(nothing: SimpleNamespace) -> None:
    plan = list(radiogenomics_plans(nothing))[-1]
    assert plan.title == "The strongest pairs, none of them significant"
    assert "No association drawn here reaches a false discovery rate of 0.05" in plan.caption
    assert len(plan.draw()) == 6


def test_figures_say_when_there_is_nothing() -> None:
    empty = RadiogenomicMap(
        pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), params={"radiomics": "ct"}
    )
    for axes in (plot.radiogenomic_heatmap(empty), radiogenomic_quantiles(empty)):
        assert axes.texts[0].get_text() == "Nothing to show: no association was tested"


def test_too_few_patients_for_any_power_are_said_in_words() -> None:
    row = {"layer": "rna", "n": 12, "tests": 5000, "found": 0, "smallest_fdr": 0.9}
    row |= {"needed_correlation": 1.0, "detectable_correlation": float("nan"), "permutations": 0}
    found = RadiogenomicMap(
        pd.DataFrame(), pd.DataFrame(), pd.DataFrame([row]), {}, {}, params={"fdr": 0.05}
    )
    (sentence,) = family_sentences(found)
    assert "nan" not in sentence
    assert "even a strong correlation may be missed" in sentence


def test_associations_that_shuffles_match_and_cannot_be_adjusted_are_doubted(
    found: SimpleNamespace,
) -> None:
    made = found.radiogenomics
    families = made.families.assign(permuted_p=0.4)
    params = {**made.params, "adjusted_for": []}
    doubted = dataclasses.replace(made, families=families, params=params)
    weak, size = SECTION.caveats(SimpleNamespace(radiogenomics=doubted))
    assert "(40% for rna of the shuffles)" in weak
    assert weak.endswith("as a whole, these associations are no firm evidence.")
    assert size.startswith("Neither tumour volume nor covariates are known")


def test_associations_that_could_not_be_adjusted_are_counted(found: SimpleNamespace) -> None:
    made = found.radiogenomics
    table = made.associations.assign(adjusted_p=np.nan)
    families = made.families.assign(kept=0, vanished=0)
    one = dataclasses.replace(made, associations=table, families=families)
    section = radiogenomics_section(SimpleNamespace(radiogenomics=one))
    assert section is not None
    assert section.paragraphs[2].endswith(
        "under another name; 2 associations could not be adjusted."
    )
    between = dataclasses.replace(made, families=families)
    section = radiogenomics_section(SimpleNamespace(radiogenomics=between))
    assert section is not None
    assert "; 2 associations have an adjusted p of at most 0.05, but" in section.paragraphs[2]
