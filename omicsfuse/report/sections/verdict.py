"""Whether there are subtypes: the two tests, and their consequence for other sections."""

import math
from collections.abc import Iterator
from functools import partial

from omicsfuse.core.results import NOT_TESTED, VERDICTS, Assessment, RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.evidence import DRAWS, structure_tests, tested_statistic
from omicsfuse.plot.numbers import format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import make_table
from omicsfuse.report.words import level_of_tests, mean_jaccard, n_draws

REFERENCES = {
    "rotation": "Langsrud O. Rotation tests. Stat Comput 2005;15:53-60. "
    "doi:10.1007/s11222-005-4789-5",
    "one mode": "Silverman BW. Using kernel density estimates to investigate multimodality. J R "
    "Stat Soc B 1981;43:97-99. doi:10.1111/j.2517-6161.1981.tb01155.x",
}

#: What a caption says of each panel, where it is drawn.
_DRAWN_AS = {
    "shared": "Patients permuted within layers: layers share nothing.",
    "structure": "Continuum without groups: the cohort redrawn with the same shared variation.",
}

#: What the second verdict means where a single layer was fused; a first clause, then sentences.
_ONE_LAYER = (
    "No evidence of groups in the one layer: a continuum with the same variation divides as "
    "clearly",
    "The borders between the subtypes are largely arbitrary.",
)
_MEANINGS = {
    VERDICTS[0]: (
        "Yes: the layers share structure, and patients form groups more clearly than in cohorts "
        "redrawn without groups",
    ),
    VERDICTS[1]: (
        "No evidence of groups: the layers share structure, but a continuum with the same shared "
        "variation divides as clearly",
        "The borders between the subtypes are largely arbitrary; small or faint groups may have "
        "been missed.",
    ),
    VERDICTS[2]: (
        "No evidence: the layers share no more than layers whose patients were permuted",
        "The subtypes may reflect single layers or chance.",
    ),
    NOT_TESTED: (
        "Not tested in this run",
        "Clustering always returns groups, even from noise.",
    ),
}


def answer(results: RunResults) -> str:
    """Say whether there are subtypes, with both p-values."""
    assessment = results.assessment
    words = assessment.verdict if assessment.verdict in _MEANINGS else NOT_TESTED
    first, *others = _MEANINGS[words]
    if math.isnan(assessment.p_shared) and words == VERDICTS[1]:
        first, *others = _ONE_LAYER
    if results.subtypes.given:
        others.append("The tests look at the network of the labelled patients, not at the labels.")
    told = p_values(assessment)
    return " ".join([f"{first}{f' ({told})' if told else ''}.", *others])


def p_values(assessment: Assessment) -> str:
    """Write both p-values for a sentence."""
    parts = [
        format_p(assessment.p_shared, "shared structure: p"),
        format_p(assessment.p_structure, "groups: p"),
    ]
    return "; ".join(part for part in parts if part)


def how_tested(results: RunResults) -> list[str]:
    """Say how both tests were made, and what limits them."""
    assessment = results.assessment
    draws, words = n_draws(assessment), assessment.verdict
    count = f"{draws:,} times" if draws else "repeatedly"
    said = []
    if not math.isnan(assessment.p_shared):
        said.append(
            f"Shared structure: patients were permuted within each layer, {count}. Each layer "
            "keeps its own structure; the structure shared by the layers is lost."
        )
    said.append(
        f"Groups: the cohort was redrawn {count} as a continuum with the same shared variation and "
        "no groups."
    )
    if draws:
        said.append(
            f"A test is significant where p is at most {level_of_tests(assessment):g}. "
            f"With {draws:,} draws, no p-value can be below {1 / (draws + 1):.2g}."
        )
    if results.subtypes.given:
        return said
    if words == VERDICTS[0] and len(results.subtypes.names) == 1:
        said.append("One subtype was chosen or requested, so the network was not cut.")
    elif words == VERDICTS[0] and mean_jaccard(results) < COMES_BACK:
        said.append(
            "The tests concern groups in general, not these subtypes, which are unstable when "
            "patients are resampled."
        )
    if words == VERDICTS[2] and assessment.p_structure <= level_of_tests(assessment):
        said.append(
            "The network divides into groups, but so do networks of layers that share nothing: one "
            "layer may form the groups by itself."
        )
    return said


def exploratory_mark(results: RunResults) -> str:
    """Mark of sections that take the subtypes for granted; empty where the tests support them."""
    if results.subtypes.given or results.assessment.supported:
        return ""
    if len(results.subtypes.names) == 1:
        return ""
    if results.assessment.verdict in VERDICTS:
        return "Exploratory: subtypes are not supported by the tests."
    return "Exploratory: the existence of subtypes was not tested."


def summary(results: RunResults) -> list[str]:
    """Say what the tests say; nothing where there is one group only."""
    return [] if len(results.subtypes.names) == 1 else [answer(results)]


def content(results: RunResults) -> Content | None:
    """Show the real network beside the draws; nothing where there were no tests."""
    tests = results.assessment.tests
    if tests.empty:
        return None
    statistic = tested_statistic(tests)
    rows = tests[tests["statistic"] == statistic]
    frame = rows.assign(draws=[DRAWS.get(str(kind), str(kind)) for kind in rows["test"]])
    columns = ["draws", "k", "observed", "null_mean", "null_sd", "excess", "n_draws"]
    name = statistic.replace("_", " ")
    text = (
        f"The statistic is the {name} of the groups at each k, in the real network and in every "
        "draw. It is standardised for each k, and its maximum over k is compared, so that the test "
        "includes the choice of k. The tests concern the whole network, not a single k or a single "
        "subtype."
    )
    table = make_table(
        frame,
        columns,
        f"The real network and the draws ({name}). Excess: standard deviations above the mean of "
        "the draws. structure.tsv gives the other statistics.",
        file="structure.tsv",
    )
    return Content("Are there subtypes?", (*how_tested(results), text), details=[table])


def figures(results: RunResults) -> Iterator[Plan]:
    """The real network and the draws at each k."""
    assessment = results.assessment
    if assessment.tests.empty:
        return
    ks, kinds = sorted(assessment.tests["k"].unique()), set(assessment.tests["test"])
    yield Plan(
        "structure_tests",
        "The real network and cohorts without groups",
        "Line with dots: the real network. Dashed line and band: mean of the draws and two "
        "standard deviations. "
        + " ".join(text for test, text in _DRAWN_AS.items() if test in kinds),
        f"Real network and draws for k from {ks[0]} to {ks[-1]}.",
        partial(structure_tests, assessment),
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe both tests."""
    assessment = results.assessment
    tests = assessment.tests
    if tests.empty:
        return
    draws = n_draws(assessment)
    text = "Two tests examined whether there are subtypes. "
    if "shared" in set(tests["test"]):
        text += (
            f"For shared structure, patients were permuted within every layer ({draws:,} draws): "
            "each layer keeps its own structure, shared structure is lost, and the test is exact "
            "where layers are independent. "
        )
    yield text + (
        "For groups, the cohort was redrawn as a continuum with the same shared variation. "
        "Features were transformed to normal scores. The patients of all layers were multiplied by "
        "the same random orthogonal matrix, which keeps correlations within and across layers and "
        f"removes groups (for normal data, a rotation test {cite('rotation')}). Each feature then "
        "regained its own values by rank. "
        f"On components larger than chance, patients were drawn ({draws:,} draws) from their own "
        "coordinates, smoothed just enough for a single mode "
        f"{cite('one mode')}: even and skewed continua remain, groups do not. "
        f"In every draw the whole network was made and cut again. The statistic is the "
        f"{tested_statistic(tests).replace('_', ' ')} {cite('silhouette')} at each k, standardised "
        "over the draws and the real network together, and its maximum over k. "
        "P-values count the real network as one of the draws "
        f"{cite('permutation')}. Subtypes are called supported where both p-values are at most "
        f"{level_of_tests(assessment):g}."
    )


SECTION = Section("tests", content, figures, methods, REFERENCES, summary)
