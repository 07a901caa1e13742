"""Figures of the evidence: whether there are groups, how many, how stable, from which layers."""

from collections.abc import Iterator

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.choice import CRITERIA, EXCESS, criteria_table
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.gains import gain_panels
from omicsfuse.plot.layers import layer_columns
from omicsfuse.report.plans import Plan
from omicsfuse.report.words import plural

#: What a caption says of each panel, where it is drawn.
_DRAWN_AS = {
    "shared": "Patients permuted within layers: layers share nothing.",
    "structure": "Continuum without groups: the cohort made anew with the same shared variation.",
}
_GAINS = {
    "shared": "Shares structure: whether groups found in the layer alone are borne out by the "
    "others, and theirs by it; the gain over copies of the layer with patients permuted, which are "
    "at the dashed line. Filled: p at most 0.05.",
    "held_out": "Helps to tell a layer held out: whether the layer helps to find groups that show "
    "in another one; the gain over the same copies.",
    "agreement": "Agreement: adjusted Rand index with the subtypes of the layer alone, and of all "
    "layers but this one.",
}
_AGREEMENT = {
    "agreement_alone": "Layer alone: adjusted Rand index between the subtypes and the groups of "
    "the layer (1: the layer tells the subtypes by itself; 0: no better than chance).",
    "agreement_without": "Without the layer: the same for all layers but this one (low: the "
    "subtypes hang on the layer).",
    "silhouette": "Mean silhouette: how clearly the subtypes show in the layer's own network.",
}


def evidence_plans(results: RunResults) -> Iterator[Plan]:
    """List the figures that the assessment allows, in the order of the page.

    Parameters
    ----------
    results : RunResults
        The run.

    Yields
    ------
    Plan
        One for each figure there is anything to show in.
    """
    yield from _choice(results)
    yield from _stability(results)
    yield from _layers(results)


def _choice(results: RunResults) -> Iterator[Plan]:
    subtypes, assessment = results.subtypes, results.assessment
    if len(assessment.tests):
        ks = sorted(assessment.tests["k"].unique())
        kinds = set(assessment.tests["test"])
        yield Plan(
            "structure_tests",
            "tests",
            "The real network against cohorts without groups",
            "Line with dots: the real network. Dashed line and band: mean of the draws and two "
            "standard deviations. "
            + " ".join(text for test, text in _DRAWN_AS.items() if test in kinds),
            f"Real network and draws for k from {ks[0]} to {ks[-1]}.",
            lambda: plot.structure_tests(assessment),
        )
    table = criteria_table(subtypes, assessment)
    known = [name for name, *_ in (*CRITERIA, *EXCESS) if name in table]
    drawn = [name for name in known if table[name].notna().any()]
    spread = any(name in drawn and sd in table for name, *_, sd in CRITERIA if sd)
    excess = any(name in drawn for name, *_ in EXCESS)
    if len(table) > 1 and table[known].notna().any(axis=None):
        yield Plan(
            "choice_of_k",
            "choice",
            "Criteria for the number of subtypes k",
            "Each panel is one criterion and says whether larger or smaller is better; the chosen "
            "k is marked by a diamond and a band. "
            + ("Grey: one standard deviation. " if spread else "")
            + (
                "Above the continuum: how far the real network is above cohorts made anew without "
                "groups, where 0 is no better than a continuum. "
                if excess
                else ""
            )
            + "A flat curve means that the data prefer no k.",
            f"Criteria for k from {min(table.index)} to {max(table.index)}, one panel each.",
            lambda: plot.choice_of_k(subtypes, assessment),
        )
    if len(assessment.consensus_cdf) and assessment.consensus_cdf["cdf"].notna().any():
        yield Plan(
            "consensus_cdf",
            "choice",
            "Consensus of pairs of patients",
            "Distribution of the share of resamples in which two patients are in one group, one "
            "line for each k. Where groups are clear the line is flat over the shaded part; what "
            "it rises there is the proportion of ambiguous clustering.",
            f"Cumulative distributions of consensus, {plural(_lines(results), 'line')}.",
            lambda: plot.consensus_cdf(assessment),
        )


def _lines(results: RunResults) -> int:
    return int(results.assessment.consensus_cdf["k"].nunique())


def _stability(results: RunResults) -> Iterator[Plan]:
    subtypes, assessment = results.subtypes, results.assessment
    if len(assessment.stability) and assessment.stability["jaccard_mean"].notna().any():
        yield Plan(
            "stability",
            "stability",
            "How much of each subtype is found again",
            "Mean and standard deviation of the Jaccard similarity with the best match in "
            f"resampled patients. Dashed: {COMES_BACK}, an aid for reading. Dissolved: share of "
            "the resamples with a similarity of 0.5 or less.",
            "Bars of the mean Jaccard similarity of each subtype.",
            lambda: plot.stability(assessment),
        )
    if len(assessment.consensus):
        n, all_ = len(assessment.consensus), len(subtypes.labels)
        most = min(n, plot.MOST_DRAWN)
        few = f" Of {all_:,} patients {most:,} are drawn." if most < all_ else ""
        marks = (
            " Ticks at the right are borderline patients."
            if "membership" in assessment.patients
            else ""
        )
        yield Plan(
            "consensus_matrix",
            "stability",
            "Who stays together",
            "Share of the resamples in which each pair of patients is in one group (yellow: "
            "always; dark blue: never). Patients are ordered by subtype (coloured bars), and "
            "within it so that those often together are next to each other. Clear subtypes are "
            f"clean yellow blocks.{marks}{few}",
            f"Heatmap of the consensus of {plural(n, 'patient')}, ordered by subtype.",
            lambda: plot.consensus_matrix(assessment, subtypes),
            image=True,
        )
    if len(assessment.sensitivity) and assessment.sensitivity["agreement"].notna().any():
        yield Plan(
            "sensitivity",
            "stability",
            "Other settings",
            "One setting is moved at a time, and all is fused and cut again into as many groups. "
            "In each cell the value, and the adjusted Rand index with the subtypes (1: the same; "
            "0: no more alike than by chance). Framed: the value reported.",
            "Agreement with the subtypes under other settings, a cell for each value.",
            lambda: plot.sensitivity(assessment),
        )


def _layers(results: RunResults) -> Iterator[Plan]:
    assessment = results.assessment
    layers, groups = assessment.layers, assessment.feature_groups
    if "shared_gain" in layers and layers["shared_gain"].notna().any():
        yield Plan(
            "layer_gains",
            "layers",
            "What each layer brings",
            " ".join(text for name, text in _GAINS.items() if name in gain_panels(layers)),
            f"Gains with intervals and agreement of {plural(len(layers), 'layer')}.",
            lambda: plot.layer_gains(assessment),
        )
    elif layer_columns(layers):
        yield Plan(
            "layer_contributions",
            "layers",
            "What each layer brings",
            " ".join(text for name, text in _AGREEMENT.items() if name in layer_columns(layers)),
            "Dots of the agreement of each layer with the subtypes.",
            lambda: plot.layer_contributions(assessment),
        )
    table = assessment.subtype_layers
    if len(table) and (table["ratio"] > 0).any():
        yield Plan(
            "subtype_layers",
            "layers",
            "Which layers hold each subtype together",
            "Mean affinity between members over mean affinity to other patients, in each layer's "
            "own network: 1 where the layer knows nothing of the subtype. The colours end at 1/4 "
            "and 4 in every report. Compare subtypes within a layer; between layers with care, as "
            "some networks are steeper than others.",
            "Table of coloured cells, a row for each layer and a column for each subtype.",
            lambda: plot.subtype_layers(assessment),
        )
    if len(groups) and groups["shared_gain"].notna().any():
        some = len(groups) > plot.gains.MOST_GROUPS
        yield Plan(
            "feature_groups",
            "layers",
            "Groups of features",
            "Gain of each group of features (number of features in brackets) over copies in which "
            "its patients are permuted, the rest of its layer kept. The dashed line is where such "
            "copies are; below it the group disturbs what its layer shares with the others."
            + (" The table has the groups that are not drawn." if some else ""),
            f"Gains with intervals of {plural(len(groups), 'group')} of features.",
            lambda: plot.feature_groups(assessment),
        )
