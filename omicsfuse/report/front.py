"""The first screen of a report: the status, five lines, three pictures, a line a subtype."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.core.time_to_event import endpoint_name
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.plot.small import known_label, small_heatmap, small_kaplan_meier, small_map
from omicsfuse.report.conclusion import (
    GIVEN,
    RESERVED,
    SUPPORTED,
    UNSUPPORTED,
    UNTESTED,
    associations,
    borderline_share,
    conclude,
    imaging_layers,
)
from omicsfuse.report.section import Plan
from omicsfuse.report.sections import data, layers
from omicsfuse.report.sections.clinical.technical import associated_variables, effect_text
from omicsfuse.report.sections.given_labels import shown_by_network
from omicsfuse.report.sections.survival.added_value import p_beyond
from omicsfuse.report.sections.survival.log_rank import (
    best_p,
    deciding_test,
    differs,
    overall_fdr,
)
from omicsfuse.report.sections.verification import replication
from omicsfuse.report.sections.verification.signatures import every_signature
from omicsfuse.report.subtype_lines import SubtypeLine, first_endpoint, subtype_lines
from omicsfuse.report.words import level_of_tests, listing, mean_jaccard, plural
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.p_values import on_its_side, p_text

#: Section that the pictures of the first screen belong to.
FRONT = "front"

#: Technical variables named at most that go with the subtypes without explaining them.
_MOST_ASSOCIATED = 1

#: Covariates named at most in the line on survival.
_MOST_COVARIATES = 3

#: Reservations that the line on stability tells.
_TOLD = ("unstable", "borderline")

#: What the badge says of each status, and the class that gives it a colour and a sign.
_BADGES = {
    SUPPORTED: ("Subtypes supported", "supported"),
    RESERVED: ("Subtypes supported, with reservations", "reserved"),
    UNSUPPORTED: ("Subtypes not supported", "unsupported"),
    UNTESTED: ("Subtypes not tested", "untested"),
    GIVEN: ("Given labels", "untested"),
}


@dataclass(frozen=True)
class Line:
    """One of the five lines: what it is about, what it says, the section that says more."""

    name: str
    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Front:
    """The first screen of a report but for its pictures."""

    badge: str
    kind: str
    facts: str
    layers: str
    lines: tuple[Line, ...]
    reservations: tuple[str, ...]
    subtypes: tuple[SubtypeLine, ...]
    endpoint: str = ""


def front(results: RunResults) -> Front:
    """Collect what the first screen says."""
    said = conclude(results)
    badge, kind = _BADGES[said.status]
    fused = list(results.fusion.per_layer) or list(results.prepared.layers)
    facts = f"{_who(results, fused)}, {plural(len(results.subtypes.names), 'subtype')}"
    lines = (
        Line("Groups", _groups(results), "tests"),
        Line("Labels", _labels(results), "labels"),
        Line("Stability", _stability(results), "stability"),
        Line("Survival", _survival(results), "survival"),
        Line("Images", _images(results), "layers"),
    )
    return Front(
        badge,
        kind,
        facts,
        listing(fused),
        tuple(line for line in lines if line.text),
        tuple(
            each.text
            for each in said.reservations
            if said.status == GIVEN or each.name not in _TOLD
        )
        + tuple(_associated(results)),
        tuple(subtype_lines(results)),
        "" if (first := first_endpoint(results)) is None else clean(endpoint_name(first.endpoint)),
    )


def _who(results: RunResults, fused: Sequence[str]) -> str:
    """Count patients and layers, and name what was excluded."""
    n, whole = len(results.subtypes.labels), data.n_patients(results)
    who = plural(n, "patient")
    if whole > n:
        who = f"{n} of {plural(whole, 'patient')} ({whole - n} excluded)"
    what = plural(len(fused), "layer")
    if dropped := data.dropped_layers(results):
        what = f"{len(fused)} of {plural(len(fused) + len(dropped), 'layer')}"
        what += f" ({listing(dropped)} excluded: no usable feature)"
    return f"{who}, {what}"


def _sentence(parts: Sequence[str]) -> str:
    """Join clauses as one sentence."""
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _groups(results: RunResults) -> str:
    assessment = results.assessment
    if len(results.subtypes.names) == 1:
        return "All patients form one group."
    shared, groups = assessment.p_shared, assessment.p_structure
    level = level_of_tests(assessment)
    parts = []
    if shared == shared:
        verb = "share structure" if shared <= level else "share no detectable structure"
        parts.append(f"layers {verb} ({format_p(shared)})")
    if groups == groups:
        what = "patients form groups" if groups <= level else "a continuum fits as well as groups"
        parts.append(f"{what} ({format_p(groups)})")
    carried = layers.carried_by(results)
    if not parts:
        parts = ["not tested", "clustering always returns groups"]
    return _sentence([*parts, carried] if carried else parts)


def _labels(results: RunResults) -> str:
    """Say how given labels lie in the network; empty of subtypes that were found in it."""
    if len(results.assessment.given_labels) == 0 or len(results.subtypes.names) == 1:
        return ""
    row = results.assessment.given_labels.iloc[0]
    said = "Shown" if shown_by_network(results) else "Not shown"
    return (
        f"{said} by the network ({format_p(float(row['p']))}); agreement with its own cut "
        f"{row['own_cut_agreement']:.2f} (adjusted Rand index)."
    )


def _stability(results: RunResults) -> str:
    mean = mean_jaccard(results)
    if mean != mean:
        return "Not assessed." if len(results.subtypes.names) > 1 else ""
    if results.subtypes.given:
        found = on_its_side(mean, COMES_BACK)
        return f"Labels found again in resampled networks with a mean Jaccard of {found}."
    jaccard = results.assessment.stability["jaccard_mean"].dropna()
    stable = [clean(name) for name in jaccard.index[jaccard >= COMES_BACK]]
    told = (
        "all subtypes stable"
        if len(stable) == len(jaccard)
        else f"{listing(stable)} stable"
        if stable
        else "no subtype stable"
    )
    share = borderline_share(results)
    border = f"; {100 * share:.0f}% of patients borderline" if share == share else ""
    return f"Mean Jaccard {on_its_side(mean, COMES_BACK)}: {told}{border}."


def _survival(results: RunResults) -> str:
    """Say of each endpoint whether the subtypes differ, and whether a signature replicates."""
    several = len(results.survival) > 1
    parts: dict[str, list[str]] = {"differs in ": [], "not in ": [], "not tested: ": []}
    beyond: list[float] = []
    for endpoint, comparison in results.survival.items():
        test = deciding_test(comparison)
        if test is None:
            continue
        name, p = clean(endpoint_name(endpoint)), best_p(test)
        name = name if name == clean(endpoint) else f"{name[:1].lower()}{name[1:]}"
        events = plural(int(test["events"]), "event")
        if p != p:
            parts["not tested: "].append(f"{name} ({events})")
            continue
        fdr = overall_fdr(test) if several else math.nan
        rate = format_p(p) if math.isnan(fdr) else f"FDR {p_text(fdr)}"
        found = differs(comparison, several=several)
        parts["differs in " if found else "not in "].append(f"{name} ({rate}, {events})")
        beyond += [p_beyond(comparison)] if found else []
    tested = [*parts["differs in "], *parts["not in "]]
    if len(tested) > 1:
        # Of several endpoints the first says what the numbers are.
        for head in ("differs in ", "not in "):
            parts[head] = [
                text if text == tested[0] else text.replace("(FDR ", "(").replace(" events)", ")")
                for text in parts[head]
            ]
    said = [f"{head}{listing(texts)}" for head, texts in parts.items() if texts]
    if not said:
        return "No endpoint."
    if not parts["differs in "]:
        said = [text.replace("not in ", "no difference shown in ", 1) for text in said]
    return _sentence([*said, *_beyond(results, beyond), *_replicated(results)])


def _beyond(results: RunResults, p_values: Sequence[float]) -> Iterator[str]:
    """Say what tests beyond the covariates give, of the endpoints that differ."""
    known = [p_text(p) for p in p_values if p == p]
    if not known:
        return
    names = [clean(name) for name in results.cohort.covariates]
    what = listing(names) if 0 < len(names) <= _MOST_COVARIATES else "covariates"
    yield (
        f"beyond {what} p = {listing(known)}"
        if len(known) > 1 or known[0][0].isdigit()
        else (f"beyond {what} p {known[0]}")
    )


def _replicated(results: RunResults) -> Iterator[str]:
    """Count the scores of gene signatures that replicate, by how the cohorts are related."""
    every = every_signature(results)
    what = "gene signature" if len(every) == 1 else "gene signatures"
    for each in replication.counted(every):
        tried, cohorts = plural(each["scores"], "score"), plural(each["cohorts"], "cohort")
        yield f"{what}: {each['replicate']} of {tried} replicate ({cohorts})"


def _images(results: RunResults) -> str:
    names = imaging_layers(results)
    table = results.assessment.layers
    said = []
    for name in names:
        p = float(table["p_adds"][name]) if "p_adds" in table and name in table.index else None
        if p is None or p != p:
            continue
        # One layer of several: corrected, as in the section on layers.
        fdr = float(table["fdr_adds"][name]) if "fdr_adds" in table else math.nan
        decides = p if math.isnan(fdr) else max(p, fdr)
        verb = (
            "shares structure with other layers"
            if decides <= SIGNIFICANCE
            else "shares no detectable structure"
        )
        copies = float(table["n_permutations"][name]) if "n_permutations" in table else math.nan
        floor = (
            f", the smallest possible with {copies:.0f} copies" if p * (copies + 1) < 1.001 else ""
        )
        rate = format_p(p) if decides == p else f"FDR {p_text(decides)}"
        said.append(f"{clean(name)} {verb} ({rate}{floor})")
    counts = associations(results)
    if counts is not None:
        found = counts["found"]
        text = f"{plural(found, 'molecular association')} in {counts['tests']:,} tests"
        scores = counts["with_scores"]
        if found and scores == found:
            text += ", all with scores"
        elif scores:
            text += f" ({scores} with scores)"
        if found and "after_adjustment" in counts:
            mapped = results.radiogenomics
            names = [] if mapped is None else list(mapped.params["adjusted_for"])
            what = f" for {names[0]}" if len(names) == 1 else ""
            text += f", {counts['after_adjustment']} after adjustment{what}"
        said.append(text)
    if not said:
        return "" if names else "No layer of images was fused."
    return _sentence(said)


def _associated(results: RunResults) -> list[str]:
    """Name technical variables that go with the subtypes but do not explain them."""
    every = associated_variables(results)
    rows, more = every.head(_MOST_ASSOCIATED), len(every) - _MOST_ASSOCIATED
    if rows.empty:
        return []
    named = [f"{clean(name)} ({effect_text(row)})" for name, row in rows.iterrows()]
    text = listing([*named, f"{more} more"] if more > 0 else named)
    return [f"Associated: {text}."]


def _kind(results: RunResults, known: pd.Series | None) -> str | None:
    """What the cohort decided of a known label's column."""
    types = results.cohort.variables.get("type", pd.Series(dtype=str))
    return None if known is None else types.get(known.name)


def pictures(results: RunResults) -> list[Plan]:
    """The three pictures of the first screen, of those that there are."""
    plans = []
    subtypes = results.subtypes
    curves = next((one for one in results.survival.values() if len(one.curves)), None)
    if curves is not None:
        plans.append(
            Plan(
                "front_survival",
                clean(endpoint_name(curves.endpoint)),
                "",
                f"Kaplan-Meier curves by subtype: {clean(endpoint_name(curves.endpoint))}.",
                partial(small_kaplan_meier, curves),
                section=FRONT,
            )
        )
    if len(results.embedding):
        known = known_label(results.cohort)
        beside = "" if known is None else f" and {clean(known.name)}"
        plans.append(
            Plan(
                "front_map",
                f"Map of the patients: subtypes{beside}",
                "",
                f"Scatter plot of the patients coloured by subtype{beside}.",
                partial(small_map, results.embedding, subtypes, known, _kind(results, known)),
                section=FRONT,
            )
        )
    # The layers named above the pictures; their other markers are in the section on biology.
    fused = results.markers
    if len(fused) and len(results.fusion.per_layer):
        fused = fused[fused["layer"].isin(list(results.fusion.per_layer))]
    if len(subtypes.names) > 1 and len(fused):
        plans.append(
            Plan(
                "front_markers",
                "Markers of smallest p in each fused layer",
                "",
                "Heatmap of the markers of smallest p of each subtype and fused layer.",
                partial(small_heatmap, fused, results.prepared, subtypes),
                section=FRONT,
            )
        )
    return plans
