"""Whether there are subtypes: what the two tests say, and what follows for the rest."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from omicsfuse.core.results import NOT_TESTED, VERDICTS, Assessment, RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.evidence import DRAWS, structure_tests, tested_statistic
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.clinical.technical import explaining_variables
from omicsfuse.report.tables import make_table
from omicsfuse.report.words import mean_jaccard
from omicsfuse.stats.levels import SIGNIFICANCE

REFERENCES = {
    "rotation": "Langsrud O. Rotation tests. Stat Comput 2005;15:53-60. "
    "doi:10.1007/s11222-005-4789-5",
    "one mode": "Silverman BW. Using kernel density estimates to investigate multimodality. J R "
    "Stat Soc B 1981;43:97-99. doi:10.1111/j.2517-6161.1981.tb01155.x",
}

#: What a caption says of each panel, where it is drawn.
_DRAWN_AS = {
    "shared": "Patients permuted within layers: layers share nothing.",
    "structure": "Continuum without groups: the cohort made anew with the same shared variation.",
}

#: Class of the badge for each verdict; the style sheet gives it a colour, a border and a sign.
_KINDS = dict(zip(VERDICTS, ("supported", "continuum", "nothing"), strict=True))

#: What the second verdict means where a single layer was fused.
_ONE_LAYER = (
    "With one layer there is nothing to share, and no evidence that patients come in groups: a "
    "continuum with the same variation is cut as clearly. Where the subtypes below divide it is "
    "then largely arbitrary."
)
_MEANINGS = {
    VERDICTS[0]: (
        "The layers have structure in common, and it comes in groups: the real network falls into "
        "groups more clearly than cohorts made from the same data without any."
    ),
    VERDICTS[1]: (
        "The layers vary together, but there is no evidence that patients come in groups: a "
        "continuum with the same shared variation is cut as clearly. Where the subtypes below "
        "divide it is then largely arbitrary. Small or faint groups may have been missed."
    ),
    VERDICTS[2]: (
        "There is no evidence that the layers have anything in common: layers whose patients were "
        "shuffled look alike. The subtypes below then rest on single layers or on chance."
    ),
    NOT_TESTED: (
        "Whether there are subtypes at all was not tested in this run. Clustering always returns "
        "groups, also from noise."
    ),
}


@dataclass(frozen=True)
class TestWords:
    """One test in words: what it asks, how, what came out."""

    question: str
    how: str
    p: str
    answer: str


@dataclass(frozen=True)
class VerdictView:
    """The verdict as the page shows it: class of the badge, words, meaning, tests, remarks."""

    kind: str
    words: str
    meaning: str
    tests: tuple[TestWords, ...] = ()
    remarks: tuple[str, ...] = ()


def verdict_view(results: RunResults) -> VerdictView:
    """Put the verdict and the tests it rests on in words."""
    assessment = results.assessment
    words = assessment.verdict if assessment.verdict in _MEANINGS else NOT_TESTED
    kind = _KINDS.get(words, "untested")
    if words == NOT_TESTED:
        return VerdictView(kind, words, _MEANINGS[words])
    level = _level(assessment)
    draws = n_draws(assessment)
    count = f"{draws:,} times" if draws else "again and again"
    shared, groups = assessment.p_shared, assessment.p_structure
    tests = (
        TestWords(
            "Do the layers share anything?",
            "With one layer there is nothing to share."
            if math.isnan(shared)
            else f"Patients were permuted within each layer, {count}: each layer keeps its own "
            "structure, and what layers share is broken.",
            format_p(shared),
            "not asked: one layer" if math.isnan(shared) else _answer(shared, level),
        ),
        TestWords(
            "Does it come in groups?",
            f"The cohort was made anew {count} as a continuum with the same shared variation and "
            "no groups.",
            format_p(groups),
            "not tested" if math.isnan(groups) else _answer(groups, level),
        ),
    )
    remarks = [
        f"The subtypes are to a large part explained by {clean(name)}, a technical variable."
        for name in explaining_variables(results)
    ]
    if draws:
        remarks.append(
            f"A test says yes where p is at most {level:g}. With {draws:,} draws no p-value can be "
            f"below {1 / (draws + 1):.2g}."
        )
    unstable = mean_jaccard(results) < COMES_BACK
    if words == VERDICTS[0] and len(results.subtypes.names) == 1:
        remarks.append("Yet the patients were left whole: one subtype was chosen or asked for.")
    elif words == VERDICTS[0] and unstable:
        remarks.append(
            "The tests ask whether there are groups, not whether these subtypes are the right "
            "ones: they do not come back reliably when patients are resampled."
        )
    if words == VERDICTS[2] and groups <= level:
        remarks.append(
            "The network does fall into groups, but layers that share nothing do so as well: one "
            "layer may make them by itself."
        )
    meaning = _MEANINGS[words]
    if math.isnan(shared) and words == VERDICTS[1]:
        meaning = _ONE_LAYER
    return VerdictView(kind, words, meaning, tests, tuple(remarks))


def _level(assessment: Assessment) -> float:
    return float(assessment.params.get("level", SIGNIFICANCE))


def n_draws(assessment: Assessment) -> int:
    """Draws of each kind that the tests rest on; 0 where it is not known."""
    if "n_draws" in assessment.tests and len(assessment.tests):
        return int(assessment.tests["n_draws"].max())
    return int(assessment.params.get("n_draws", 0))


def _answer(p: float, level: float) -> str:
    return "yes" if p <= level else "no evidence"


def p_values(assessment: Assessment) -> str:
    """Write both p-values for a sentence."""
    parts = [
        format_p(assessment.p_shared, "shared structure p"),
        format_p(assessment.p_structure, "groups p"),
    ]
    return ", ".join(part for part in parts if part)


def verdict_sentence(results: RunResults) -> str:
    """Say in the summary what the tests say, and what it means for all that follows."""
    assessment = results.assessment
    told = p_values(assessment)
    values = f" ({told})" if told else ""
    if assessment.supported:
        return f"The tests support subtypes in these data{values}."
    if assessment.verdict not in _KINDS:
        return "Whether there are subtypes was not tested; what follows about them is exploratory."
    return (
        f"The tests do not support subtypes: {assessment.verdict}{values}. What follows on "
        "survival, clinical columns, biology, the signature and other cohorts is exploratory."
    )


def exploratory_mark(results: RunResults) -> str:
    """Mark of sections that take the subtypes for granted; empty where the tests support them."""
    if results.assessment.supported or len(results.subtypes.names) == 1:
        return ""
    if results.assessment.verdict in _KINDS:
        return "Exploratory: subtypes are not supported by the tests."
    return "Exploratory: whether there are subtypes was not tested."


def summary(results: RunResults) -> list[str]:
    """Say what the tests say; nothing where there is one group only."""
    return [] if len(results.subtypes.names) == 1 else [verdict_sentence(results)]


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
        "draw alike; each k is standardised, and the largest value over k is compared, so that "
        "choosing k is part of the test. The tests ask about the network as a whole, not about the "
        "k chosen or about single subtypes."
    )
    table = make_table(
        frame,
        columns,
        f"The real network and the draws ({name}). Excess: standard deviations above the mean of "
        "the draws. structure.tsv has the other statistics too.",
        folded=True,
    )
    return Content("Whether there are subtypes", (text,), details=[table])


def figures(results: RunResults) -> Iterator[Plan]:
    """The real network and the draws at each k."""
    assessment = results.assessment
    if assessment.tests.empty:
        return
    ks, kinds = sorted(assessment.tests["k"].unique()), set(assessment.tests["test"])
    yield Plan(
        "structure_tests",
        "The real network against cohorts without groups",
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
    text = "Whether there are subtypes was asked by two tests. "
    if "shared" in set(tests["test"]):
        text += (
            f"For shared structure, patients were permuted within every layer ({draws:,} draws): "
            "each layer keeps its own structure and what layers share is lost, so that the test is "
            "exact where layers are independent. "
        )
    yield text + (
        "For groups, the cohort was made anew as a continuum with the same shared variation: "
        "features were brought to normal scores, the patients of all layers were multiplied by "
        "one and the same random orthogonal matrix, which keeps correlations within and across "
        f"layers and mixes groups away (for normal data a rotation test {cite('rotation')}), and "
        "each feature got its own values back by rank. "
        f"On components larger than chance, patients were drawn ({draws:,} draws) from their own "
        "coordinates, smoothed just so much that these have a single mode "
        f"{cite('one mode')}: even and skewed continua stay, groups do not. "
        f"In every draw the whole network was made and cut again. The statistic is the "
        f"{tested_statistic(tests).replace('_', ' ')} {cite('silhouette')} at each k, standardised "
        "over the draws and the real network together, and its maximum over k. "
        "P-values count the real network as one of the draws "
        f"{cite('permutation')}. Subtypes are called supported where both p-values are at most "
        f"{_level(assessment):g}."
    )


SECTION = Section("tests", content, figures, methods, REFERENCES, summary)
