"""Methods of maps, modules, heterogeneity and models, where there are any."""

from dataclasses import replace

import pandas as pd
import pytest
from synthetic_results import make_results

from omicsfuse.core.results import (
    HeterogeneityIndex,
    ImmuneContext,
    Interpretation,
    RadiogenomicMap,
    RunResults,
)
from omicsfuse.report.page import references
from omicsfuse.report.references import Citations
from omicsfuse.report.sections import (
    heterogeneity,
    immune,
    interpretation,
    radiogenomic_modules,
    radiogenomics,
)

NONE = pd.DataFrame()
FAMILIES = pd.DataFrame({"layer": ["rna"], "permutations": [100]})


PARTS = (immune, radiogenomics, radiogenomic_modules, heterogeneity, interpretation)


def imaging_methods(results: RunResults, cite: Citations) -> list[str]:
    return [text for part in PARTS for text in part.SECTION.methods(results, cite)]


def map_of(adjusted_for: list[str]) -> RadiogenomicMap:
    params = {"threshold": 0.9, "adjusted_for": adjusted_for, "modules": {"n_folds": 5}}
    return RadiogenomicMap(NONE, NONE, FAMILIES, modules=FAMILIES, params=params)


def test_nothing_done_nothing_said() -> None:
    assert imaging_methods(make_results(), Citations()) == []


@pytest.mark.parametrize(
    ("adjusted_for", "said"),
    [([], False), (["tumour volume"], True), (["stage", "tumour volume"], True)],
)
def test_maps_say_what_they_are_adjusted_for(adjusted_for: list[str], said: bool) -> None:
    results = replace(make_results(), radiogenomics=map_of(adjusted_for))
    maps, modules = imaging_methods(results, Citations())
    assert ("partial rank correlations" in maps) == said
    assert all(name in maps for name in adjusted_for)
    assert "shuffled 100 times" in maps
    assert "5 folds" in modules


def test_all_parts_have_a_paragraph_and_their_references() -> None:
    cite = Citations()
    results = replace(
        make_results(),
        immune=ImmuneContext(NONE, FAMILIES, fractions=FAMILIES),
        radiogenomics=map_of([]),
        heterogeneity=HeterogeneityIndex(NONE, NONE, NONE),
        interpretations={"risk": Interpretation("risk", pd.Series([1.0]), "score", NONE, NONE)},
    )
    paragraphs = imaging_methods(results, cite)
    assert len(paragraphs) == 5
    assert "Shares of cell types" in paragraphs[0]
    assert "(risk)" in paragraphs[4]
    assert {"pitman", "cca", "su", "lane", "cibersort"} <= set(cite.keys)
    assert all(key in references() for key in cite.keys)
