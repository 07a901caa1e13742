"""The section on the number of subtypes: the rule that chose it, and other criteria."""

from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.choice import CRITERIA, EXCESS, chosen_k, consensus_cdf, criteria_table
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import chosen_with_outcome, listing, plural, rule_of_k, settings_of

REFERENCES = {
    "rotation_cost": "Zelnik-Manor L, Perona P. Self-tuning spectral clustering. Adv Neural Inf "
    "Process Syst 2004;17:1601-1608.",
    "pac": "Senbabaoglu Y, Michailidis G, Li JZ. Critical limitations of consensus clustering in "
    "class discovery. Sci Rep 2014;4:6207. doi:10.1038/srep06207",
    "prediction": "Tibshirani R, Walther G. Cluster validation by prediction strength. J Comput "
    "Graph Stat 2005;14:511-528. doi:10.1198/106186005X59243",
}

#: Share of the bootstrap samples of the redraws that choose the same k, below which it is said.
SETTLED = 0.9

_CRITERIA = {
    "gap": "gain over the continuum in normalised cut",
    "gap_sd": "standard deviation of the gain",
    "eigengap": "eigengap",
    "eigengap_ratio": "eigengap, scaled as in snfpy",
    "rotation_cost": "rotation cost (smaller is better)",
    "silhouette": "mean silhouette",
    "normalised_cut": "normalised cut (rises with k)",
    "pac": "proportion of ambiguous clustering (smaller is better)",
    "cdf_area": "area under the consensus distribution",
    "cdf_area_gain": "growth of the area under the consensus distribution",
    "prediction_strength": "prediction strength",
    "prediction_strength_sd": "standard deviation of prediction strength",
    "silhouette_over_continuum": "silhouette above the continuum (SD)",
    "normalised_cut_over_continuum": "normalised cut above the continuum (SD)",
    "eigengap_over_continuum": "eigengap above the continuum (SD)",
    "smallest": "patients in the smallest subtype",
}


def other_numbers(results: RunResults) -> pd.Series:
    """Share of the redraws that choose each k, where the chosen k does not prevail."""
    table = results.subtypes.evidence.get("n_clusters", pd.DataFrame())
    if "chosen_share" not in table or table["chosen_share"].isna().all():
        return pd.Series(dtype=float)
    share = table["chosen_share"].dropna()
    settled = float(share[table["chosen"].reindex(share.index)].sum()) >= SETTLED
    return share.iloc[:0] if settled else share


def uncertain(results: RunResults) -> str:
    """Say which other numbers the redraws choose; empty where the chosen k prevails."""
    share = other_numbers(results)
    if share.empty:
        return ""
    k = len(results.subtypes.names)
    others = share.drop(k, errors="ignore")
    named = listing([f"{other} in {100 * s:.0f}%" for other, s in others.items()
                     if s > 1 - SETTLED] or ["another"])  # fmt: skip
    own = f"k = {k} in {100 * share.get(k, 0):.0f}% of redraws"
    return f"Number uncertain: {own}, {named}."


def caveats(results: RunResults) -> Iterator[str]:
    """Say that other redraws may choose another number."""
    if said := uncertain(results):
        yield said


def content(results: RunResults) -> Content:
    """Say how the number of subtypes was chosen, and show every criterion."""
    details = [_criteria(criteria_table(results.subtypes, results.assessment))]
    if results.subtypes.given:
        texts = (
            f"{len(results.subtypes.names)}: {rule_of_k(results)}.",
            "The criteria are those of the network's own cuts, not of the labels.",
        )
        return Content("How many subtypes?", texts, details=details)
    seen = chosen_with_outcome(results)
    looked = f"Survival was used to choose {seen}" if seen else "Survival was not used"
    return Content(
        "How many subtypes?",
        (
            f"{len(results.subtypes.names)}: {rule_of_k(results)}. {looked}.",
            "Every rule returns a number, even where there are no groups; the section on subtypes "
            "tests whether there are groups. Where criteria disagree, the number is uncertain.",
        ),
        details=details,
    )


def _criteria(table: pd.DataFrame) -> Table | None:
    """Criteria in rows, numbers of subtypes in columns."""
    if table.empty:
        return None
    chosen = chosen_k(table)
    heads = {k: f"k = {k} (chosen)" if chosen[k] else f"k = {k}" for k in table.index}
    known = [name for name in _CRITERIA if name in table]
    known += [name for name in table.columns if name not in known and name != "chosen"]
    criteria = [name for name in known if table[name].notna().any()]
    values = table[criteria].apply(pd.to_numeric, errors="coerce").astype(float)
    frame = values.T.rename(columns=heads)
    frame.insert(0, "criterion", [_CRITERIA.get(n, n.replace("_", " ")) for n in criteria])
    return make_table(
        frame, list(frame.columns), "Criteria for each number of subtypes.", file="n_clusters.tsv"
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Criteria, and the consensus of pairs of patients."""
    subtypes, assessment = results.subtypes, results.assessment
    table = criteria_table(subtypes, assessment)
    known = [name for name, *_ in (*CRITERIA, *EXCESS) if name in table]
    drawn = [name for name in known if table[name].notna().any()]
    spread = any(name in drawn and sd in table for name, *_, sd in CRITERIA if sd)
    excess = any(name in drawn for name, *_ in EXCESS)
    if len(table) > 1 and drawn:
        yield Plan(
            "choice_of_k",
            "Criteria for the number of subtypes k",
            ("" if subtypes.given else f"Diamond and band: the chosen k, {rule_of_k(results)}. ")
            + (
                "Only the gain over a continuum decides; the largest gain is not always chosen. "
                "Other criteria are for comparison, with the direction that is better. "
                if _decided_by_gap(results, drawn)
                else "Each panel shows one criterion, with the direction that is better. "
            )
            + ("Grey: one standard deviation. " if spread else "")
            + (
                "Above the continuum: excess of the real network over cohorts redrawn without "
                "groups; 0 is no better than a continuum. "
                if excess
                else ""
            )
            + "A flat curve favours no k.",
            f"Criteria for k from {min(table.index)} to {max(table.index)}, one panel each.",
            partial(plot.choice_of_k, subtypes, assessment),
        )
    consensus = assessment.consensus_cdf
    if len(consensus) and consensus["cdf"].notna().any():
        yield Plan(
            "consensus_cdf",
            "Consensus of pairs of patients",
            "Distribution of the share of resamples in which two patients are in one group; one "
            "line for each k. With distinct groups, the line is flat over the shaded part; its "
            "rise there is the proportion of ambiguous clustering.",
            "Cumulative distributions of consensus, "
            f"{plural(int(consensus['k'].nunique()), 'line')}.",
            partial(consensus_cdf, assessment),
        )


def _decided_by_gap(results: RunResults, drawn: Sequence[str]) -> bool:
    """Whether k was chosen by the gain over a continuum."""
    by_survival = settings_of(results, "subtypes").get("choose") == "survival"
    return "gap" in drawn and not results.subtypes.given and not by_survival


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the criteria reported, with their sources."""
    table = results.assessment.n_clusters
    named = (
        ("eigengap", "eigengap", "eigengap"),
        ("rotation_cost", "rotation cost", "rotation_cost"),
        ("silhouette", "mean silhouette", "silhouette"),
        ("pac", "proportion of ambiguous clustering (consensus above 0.1 and up to 0.9)", "pac"),
        ("prediction_strength", "prediction strength", "prediction"),
    )
    known = [
        f"{words} {cite(key)}"
        for name, words, key in named
        if name in table and table[name].notna().any()
    ]
    if len(known) < 2 or len(table) < 2:
        return
    text = f"Criteria reported for each number of subtypes: {', '.join(known)}."
    splits = results.assessment.params.get("n_splits")
    if splits and "prediction_strength" in table:
        text += (
            " For prediction strength, the patients were split into halves "
            f"{plural(splits, 'time')}, and each half was fused and clustered by itself."
        )
    yield text


SECTION = Section("choice", content, figures, methods, REFERENCES, caveats=caveats)
