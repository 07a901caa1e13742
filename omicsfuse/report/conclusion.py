"""What a run comes to: one status that weighs all reservations, and the numbers it rests on."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy.stats import beta

from omicsfuse.assessment.assess import BUDGETS
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import NOT_TESTED, Assessment, RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.sections import choice, data, given_labels
from omicsfuse.report.sections.clinical.technical import effect_text, explaining_variables
from omicsfuse.report.sections.network import FOLLOWS_MISSING
from omicsfuse.report.sections.stability import MANY_BORDERLINE, membership
from omicsfuse.report.sections.survival.added_value import p_beyond
from omicsfuse.report.sections.survival.log_rank import (
    best_p,
    deciding_test,
    differs,
    overall_fdr,
)
from omicsfuse.report.sections.verification import replication
from omicsfuse.report.sections.verification.signatures import every_signature
from omicsfuse.report.words import (
    chosen_with_outcome,
    level_of_tests,
    listing,
    mean_jaccard,
    n_draws,
)
from omicsfuse.stats.p_values import on_its_side, permutation_p

SUPPORTED, RESERVED = "supported", "supported, with reservations"
UNSUPPORTED, UNTESTED = "not supported", "not tested"
#: Status of labels that were given: the tests are of the network, not of the labels.
GIVEN = "given labels"


@dataclass(frozen=True)
class Reservation:
    """A reason to doubt the subtypes: a name for programs, and a short sentence.

    ``times``: how many times as long tests take that would settle it; 0 where none would.
    """

    name: str
    text: str
    times: float = 0


@dataclass(frozen=True)
class Conclusion:
    """The status of the subtypes, what the tests say, and every reservation."""

    status: str
    verdict: str
    reservations: tuple[Reservation, ...]


def conclude(results: RunResults) -> Conclusion:
    """Weigh the tests and all reservations into one status."""
    assessment = results.assessment
    reservations = tuple(_reservations(results))
    if results.subtypes.given:
        status = GIVEN
    elif assessment.verdict == NOT_TESTED:
        status = UNTESTED
    elif not assessment.supported or len(results.subtypes.names) == 1:
        status = UNSUPPORTED
    else:
        status = RESERVED if reservations else SUPPORTED
    return Conclusion(status, assessment.verdict, reservations)


def _reservations(results: RunResults) -> Iterator[Reservation]:
    """All reasons to doubt, the most serious first."""
    if len(results.subtypes.names) == 1:
        return
    seen = chosen_with_outcome(results)
    if seen:
        yield Reservation("chosen_with_outcome", f"Survival was used to choose {seen}.")
    explaining = explaining_variables(results)
    if explaining:
        verb = "explains" if len(explaining) == 1 else "explain"
        measured = effect_text(results.clinical.loc[explaining[:1]].iloc[0])
        names = listing([clean(name) for name in explaining])
        yield Reservation(
            "technical_variable",
            f"{names[:1].upper()}{names[1:]} {verb} much of the subtypes ({measured}).",
        )
    agreement = results.assessment.params.get("missingness_agreement")
    if agreement is not None and agreement > FOLLOWS_MISSING:
        yield Reservation(
            "missing_layers",
            "The subtypes follow which layers were measured (AMI "
            f"{on_its_side(agreement, FOLLOWS_MISSING, at_most=True)}).",
        )
    if results.subtypes.given:
        yield from _of_labels(results)
    yield from _of_stability(results)
    if said := choice.uncertain(results):
        yield Reservation("number_of_subtypes", said)
    if results.assessment.supported:
        yield from _of_draws(results.assessment)


def _of_labels(results: RunResults) -> Iterator[Reservation]:
    """What the network says against given labels."""
    if given_labels.shown_by_network(results) is False:
        yield Reservation("labels_in_network", "The network does not show the labels.")
    if apart := given_labels.closer_to_others(results):
        text = f"Patients of {listing(apart)} lie closer to other labels (silhouette below 0)."
        yield Reservation("labels_overlap", text)


def _of_stability(results: RunResults) -> Iterator[Reservation]:
    mean, members = mean_jaccard(results), membership(results)
    if mean < COMES_BACK:
        found = f"mean Jaccard {on_its_side(mean, COMES_BACK)}"
        yield Reservation(
            "unstable",
            f"The network recovers the labels poorly ({found})."
            if results.subtypes.given
            else f"The subtypes are unstable ({found}).",
        )
    share = borderline_share(results)
    if share > MANY_BORDERLINE:
        n = int((members == "borderline").sum())
        yield Reservation("borderline", f"{n} of {len(members)} patients are borderline members.")


def borderline_share(results: RunResults) -> float:
    """Share of the patients who are borderline members; NaN where it was not assessed."""
    return float((membership(results) == "borderline").mean())


def _of_draws(assessment: Assessment) -> Iterator[Reservation]:
    """P-values whose number of draws does not settle on which side of the level they are."""
    draws, level = n_draws(assessment), level_of_tests(assessment)
    p = max((p for p in (assessment.p_shared, assessment.p_structure) if p == p), default=math.nan)
    if not draws or math.isnan(p) or _largest(p, draws) <= level:
        return
    floor = 1 / (draws + 1)
    what = (
        f"{format_p(p)} is the smallest possible with {draws} draws"
        if p <= floor * (1 + 1e-9)
        else f"{format_p(p)} rests on {draws} draws"
    )
    more = [(name, size.n_draws) for name, size in BUDGETS.items() if size.n_draws > draws]
    advice, times = "", 0.0
    if more:
        name, count = more[0]
        times = count / draws
        advice = f'; budget = "{name}" can settle it (assessment {count / draws:.0f} times as long)'
    yield Reservation("draws", f"{what}{advice}.", times)


def _largest(p: float, draws: int) -> float:
    """Upper bound (95%) of the exact p-value of which ``p`` is an estimate from so many draws."""
    reached = round(p * (draws + 1)) - 1
    return 1.0 if reached >= draws else float(beta.ppf(0.95, reached + 1, draws - reached))


def imaging_layers(results: RunResults) -> list[str]:
    """Names of the fused layers of images."""
    prepared = results.prepared.layers
    fused = list(results.fusion.per_layer) or list(prepared)
    return [name for name in fused if name in prepared and kind_of(prepared[name]).image]


def summary_record(results: RunResults) -> dict[str, Any]:
    """Collect ``summary.json``: the status, the reservations and the headline numbers.

    Parameters
    ----------
    results : RunResults
        Result of ``omicsfuse.run``.

    Returns
    -------
    dict
        Content of ``summary.json``; ``docs/report.md`` explains each key.
    """
    said, assessment = conclude(results), results.assessment
    sizes = results.subtypes.labels.value_counts()
    stability = assessment.stability
    jaccard = stability["jaccard_mean"] if "jaccard_mean" in stability else pd.Series(dtype=float)
    survival = []
    for endpoint, comparison in results.survival.items():
        test = deciding_test(comparison)
        if test is None:
            continue
        survival.append(
            {
                "endpoint": endpoint,
                "n": int(test["n"]),
                "events": int(test["events"]),
                "p": best_p(test),
                "fdr": overall_fdr(test),
                "differs": differs(comparison, several=len(results.survival) > 1),
                "p_beyond_covariates": p_beyond(comparison),
            }
        )
    return {
        "name": results.name,
        "cohort": results.cohort.name,
        "status": said.status,
        "verdict": said.verdict,
        "reservations": [{"name": each.name, "text": each.text} for each in said.reservations],
        "n_patients": len(results.subtypes.labels),
        "n_excluded": data.n_patients(results) - len(results.subtypes.labels),
        "layers": list(results.fusion.per_layer) or list(results.prepared.layers),
        "layers_excluded": data.dropped_layers(results),
        "layer_agreement": _agreement(assessment.layers),
        "n_clusters": len(results.subtypes.names),
        "label_names": results.subtypes.label_names,
        "sizes": {name: int(sizes[name]) for name in results.subtypes.names},
        "p_shared": assessment.p_shared,
        "p_structure": assessment.p_structure,
        "n_draws": n_draws(assessment),
        "budget": assessment.params.get("budget"),
        "jaccard_mean": mean_jaccard(results),
        "jaccard_by_subtype": {str(name): float(value) for name, value in jaccard.items()},
        "borderline_share": borderline_share(results),
        "survival": survival,
        "covariates": list(results.cohort.covariates),
        "replication": replication.counted(every_signature(results)),
        "known_labels": _known_labels(results),
        "imaging": [
            {"layer": name, **_adding(assessment.layers, name)} for name in imaging_layers(results)
        ],
        "associations": associations(results),
        "warnings": len(results.warnings),
    }


def _known_labels(results: RunResults) -> list[dict[str, Any]]:
    table = results.clinical
    if "adjusted_rand_index" not in table:
        return []
    return [
        {"label": str(name), "adjusted_rand_index": float(value)}
        for name, value in table["adjusted_rand_index"].dropna().items()
    ]


def _adding(layers: pd.DataFrame, name: str) -> dict[str, float]:
    columns = {"shared_gain": "gain", "p_adds": "p", "fdr_adds": "fdr",
               "n_permutations": "n_permutations"}  # fmt: skip
    if name not in layers.index:
        return {}
    known = {key: float(layers[column][name]) for column, key in columns.items()
             if column in layers}  # fmt: skip
    if math.isfinite(known.get("n_permutations", math.nan)):
        known["n_permutations"] = int(known["n_permutations"])
        known["p_floor"] = permutation_p(0, int(known["n_permutations"]))
    return known


def associations(results: RunResults) -> dict[str, int] | None:
    """Count the associations of images with molecules; after adjustment where there was one."""
    mapped = results.radiogenomics
    if mapped is None or mapped.families.empty:
        return None
    families = mapped.families
    counts = {name: int(families[name].sum()) for name in ("tests", "found")}
    # What is no layer is a score of many features: of a gene set, or of cells.
    scores = ~families["layer"].isin(results.prepared.layers)
    counts["with_scores"] = int(families.loc[scores, "found"].sum())
    if mapped.params.get("adjusted_for"):
        counts["after_adjustment"] = int(mapped.families["kept"].sum())
    return counts


def _agreement(layers: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Agreement of each layer alone, and of the others without it, with the subtypes."""
    columns = {"agreement_alone": "alone", "agreement_without": "without"}
    return {
        str(name): {key: float(layers[column][name]) for column, key in columns.items()
                    if column in layers}
        for name in layers.index
    }  # fmt: skip
