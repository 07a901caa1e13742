"""The section on stability: recovery of the subtypes in resamples, and borderline patients."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.evidence import consensus_matrix
from omicsfuse.plot.network import MOST_DRAWN
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections import sensitivity
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import listing, mean_jaccard, plural

REFERENCES = {
    "stability": "Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal "
    "2007;52:258-271. doi:10.1016/j.csda.2006.11.025",
    "consensus": "Monti S, Tamayo P, Mesirov J, Golub T. Consensus clustering: a resampling-based "
    "method for class discovery and visualization of gene expression microarray data. Mach Learn "
    "2003;52:91-118. doi:10.1023/A:1023949509487",
}

#: What was not repeated in the resamples.
_NOT_REPEATED = (
    "the number of subtypes was fixed and preprocessing was not re-fitted in the resamples"
)
#: What stability says of labels that were given.
_OF_LABELS = (
    "This measures how well these layers recover the labels, not how stable the method is that "
    "made them."
)
#: Share of borderline patients above which it is a reservation.
MANY_BORDERLINE = 0.5
#: Borderline patients named on the page at most.
_MOST_NAMED = 60


def summary(results: RunResults) -> list[str]:
    """Say whether the subtypes are recovered in resampled patients."""
    mean = mean_jaccard(results)
    if math.isnan(mean):
        return ["Stability was not assessed."] if len(results.subtypes.names) > 1 else []
    jaccard, weak = results.assessment.stability["jaccard_mean"], _weak(results)
    if results.subtypes.given:
        said = (
            "The network of resampled patients, cut into as many groups, finds the labels with a "
            f"mean Jaccard similarity of {mean:.2f} (lowest {jaccard.min():.2f}, "
            f"{clean(jaccard.idxmin())}). {_OF_LABELS} {borderline_sentence(results)}"
        )
        return [said.strip()]
    stable = [name for name in jaccard.dropna().index if name not in weak]
    if not weak:
        verdict = "Yes: all subtypes are stable when patients are resampled"
    elif not stable:
        verdict = "No: no subtype is stable when patients are resampled"
    else:
        be, be_not = ("is" if len(some) == 1 else "are" for some in (stable, weak))
        verdict = (
            f"In part: when patients are resampled, {listing(stable)} {be} stable, and "
            f"{listing(weak)} {be_not} not"
        )
    said = (
        f"{verdict} (mean Jaccard similarity {mean:.2f}; lowest {jaccard.min():.2f}, "
        f"{clean(jaccard.idxmin())}; stable: {COMES_BACK} or more). {borderline_sentence(results)}"
    )
    return [said.strip()]


def _weak(results: RunResults) -> list[object]:
    """Subtypes that are not stable."""
    jaccard = results.assessment.stability["jaccard_mean"]
    return list(jaccard.index[jaccard < COMES_BACK])


def caveats(results: RunResults) -> Iterator[str]:
    """One group only, no stability known, settings that decide the subtypes."""
    mean = mean_jaccard(results)
    if len(results.subtypes.names) == 1:
        yield "There is only one group: subtypes cannot be compared."
    elif math.isnan(mean):
        yield "Without stability, the subtypes are provisional."
    yield from sensitivity.caveats(results)


def membership(results: RunResults) -> pd.Series:
    """Whether each patient is a core member or borderline; empty where it was not assessed."""
    patients = results.assessment.patients
    if "membership" not in patients or len(results.subtypes.names) == 1:
        return pd.Series(dtype=str)
    return patients["membership"]


def content(results: RunResults) -> Content:
    """Say how stability is measured, who is borderline, and which settings matter."""
    assessment = results.assessment
    stability = assessment.stability.rename_axis("subtype").reset_index()
    texts = [] if any(figures(results)) else ["Stability was not assessed for this run."]
    if not math.isnan(mean_jaccard(results)):
        share = assessment.params.get("resampled_share")
        drawn = f"{100 * float(share):.0f}% of the patients" if share else "some of the patients"
        texts.append(
            f"Each resample draws {drawn} without replacement, fuses them and cuts the network "
            f"again. By convention, a subtype with a mean Jaccard similarity of {COMES_BACK} or "
            "more is called stable; with a similarity of 0.5 or less it has dissolved in that "
            "resample. Subtypes of a continuum can be stable too: stability does not show that "
            f"groups exist. {_NOT_REPEATED.capitalize()}."
        )
    if borderline_sentence(results):
        texts.append(
            "Core patients were grouped with the other members of their subtype in at least 80% of "
            "the resamples, were grouped with no other subtype more often, and have a silhouette "
            "above 0. All others are borderline."
        )
    texts += sensitivity.sentences(results)
    counts, names = _borderline_tables(results)
    return Content(
        "Are the subtypes stable?",
        tuple(texts),
        tables=[counts],
        details=[
            make_table(
                stability,
                list(stability.columns),
                "Stability of each subtype.",
                file="stability.tsv",
            ),
            names,
            sensitivity.settings_table(results),
        ],
    )


def borderline_sentence(results: RunResults) -> str:
    """Count the patients on the border of their subtype; empty where it was not assessed."""
    members = membership(results)
    if members.empty:
        return ""
    count = int((members == "borderline").sum())
    verb = "is" if count == 1 else "are"
    return f"{count} of {plural(len(members), 'patient')} {verb} borderline."


def _borderline_tables(results: RunResults) -> tuple[Table | None, Table | None]:
    """Core and borderline patients by subtype, and the borderline ones by name."""
    members = membership(results)
    if members.empty:
        return None, None
    patients = results.assessment.patients
    sizes = patients["subtype"].value_counts()
    frame = pd.DataFrame({"patients": sizes.reindex(results.subtypes.names)})
    for kind in ("core", "borderline"):
        counted = patients.loc[members == kind, "subtype"].value_counts()
        frame[kind] = counted.reindex(frame.index).fillna(0).astype(int)
    frame["share borderline"] = [
        f"{100 * few / all_:.0f}%" if all_ else ""
        for few, all_ in zip(frame["borderline"], frame["patients"], strict=True)
    ]
    counts = make_table(
        frame.rename_axis("subtype").reset_index(),
        ["subtype", *frame.columns],
        "Core and borderline patients. subtypes.tsv lists all patients.",
        file="subtypes.tsv",
    )
    border = patients[members == "borderline"]
    named = border.sort_values("co_clustering", kind="stable").rename_axis("patient").reset_index()
    names = make_table(
        named,
        ["patient", "subtype", "co_clustering", "silhouette", "confidence"],
        "Borderline patients, lowest co-clustering first. Co-clustering: share of the resamples in "
        "one group with the other members of the subtype.",
        most=_MOST_NAMED,
        file="subtypes.tsv",
    )
    return counts, names


def figures(results: RunResults) -> Iterator[Plan]:
    """Jaccard similarity, consensus of patients, other settings."""
    subtypes, assessment = results.subtypes, results.assessment
    if len(assessment.stability) and assessment.stability["jaccard_mean"].notna().any():
        yield Plan(
            "stability",
            "Recovery of each subtype in resamples",
            "Mean and standard deviation of the Jaccard similarity with the best match in "
            f"resampled patients. Dashed: {COMES_BACK}, the threshold for stable. Dissolved: share "
            "of the resamples with a similarity of 0.5 or less.",
            "Bars of the mean Jaccard similarity of each subtype.",
            partial(plot.stability, assessment),
        )
    if len(assessment.consensus):
        n, all_ = len(assessment.consensus), len(subtypes.labels)
        most = min(n, MOST_DRAWN)
        few = f" {most:,} of {all_:,} patients are drawn." if most < all_ else ""
        marks = (
            " Ticks at the right are borderline patients."
            if "membership" in assessment.patients
            else ""
        )
        yield Plan(
            "consensus_matrix",
            "Co-clustering of patients",
            "Share of the resamples in which each pair of patients is in one group (yellow: "
            "always; dark blue: never). Patients are ordered by subtype (coloured bars), and "
            "within it by similarity of their co-clustering. Distinct subtypes are clean yellow "
            f"blocks.{marks}{few}",
            f"Heatmap of the consensus of {plural(n, 'patient')}, ordered by subtype.",
            partial(consensus_matrix, assessment, subtypes),
            image=True,
        )
    yield from sensitivity.figures(results)


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe resampling, and the rule for core members."""
    assessment = results.assessment
    resamples = assessment.params.get("n_resamples")
    if not resamples or len(results.subtypes.names) == 1:
        return
    share = assessment.params.get("resampled_share")
    each = f" of {100 * float(share):.0f}% of the patients" if share else ""
    text = (
        "Stability was measured by the Jaccard similarity of each subtype with its best match in "
        f"{resamples:,} resamples{each}, drawn without replacement, which were fused and clustered "
        f"again {cite('stability')}. A subtype with a similarity of 0.5 or less has dissolved. "
        f"{_NOT_REPEATED.capitalize()}."
    )
    if len(assessment.consensus):
        text += (
            " The consensus of two patients is the share of their common resamples in which they "
            f"were in one group {cite('consensus')}."
        )
    if "membership" in assessment.patients:
        text += (
            " Core members were grouped with the other members of their subtype in at least 80% of "
            "these resamples, were grouped with no other subtype more often, and have a silhouette "
            "above 0; all others are borderline."
        )
    yield text


SECTION = Section("stability", content, figures, methods, REFERENCES, summary, caveats)
