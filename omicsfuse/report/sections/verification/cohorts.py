"""The locked signatures in other cohorts: tests, random gene sets, controls, relations."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import ASSIGNED, PER_SD, Verification
from omicsfuse.plot.meta import leave_one_out_forest
from omicsfuse.plot.numbers import clean, format_number, format_p, format_ratio
from omicsfuse.plot.random_null import random_null_figure
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.sections.survival.log_rank import both_tests, log_rank_name
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

#: Percentile among random gene sets below which a signature is no better than they are.
PERCENTILE = 95.0
CONTROL = "negative control"

_COLUMNS = ["signature", "cohort", "endpoint", "comparison", "n", "events", "genes", "hr"]
_COLUMNS += ["hr_interval", "chi2", "p", "fdr", "p_one_sided", "concordance"]
_COLUMNS += ["random_null_percentile", "permuted_null_percentile", "note"]


def survival_sentences(verification: Verification) -> Iterator[str]:
    """Say for each cohort whether survival differs between assigned subtypes; controls apart."""
    table = verification.table
    table = table[~is_control(table)] if len(table) else table
    for cohort, rows in table.groupby("cohort", sort=False) if len(table) else ():
        first = rows.iloc[0]
        genes = f"{int(first['genes_found'])} of {int(first['genes_total'])} signature genes found"
        told: dict[str, list[str]] = {}
        for _, row in rows[rows["contrast"] == ASSIGNED].iterrows():
            verdict, endpoint = _assigned(row, verification)
            told.setdefault(verdict, []).append(endpoint)
        parts = [f"{verdict} for {listing(names)}" for verdict, names in told.items()]
        yield f"In {clean(cohort)} ({genes}), {'; '.join(parts) or 'survival was not tested'}."


def _assigned(row: pd.Series, verification: Verification) -> tuple[str, str]:
    """Verdict on the assigned subtypes of one cohort and endpoint, and the endpoint's test."""
    scored = n_scored(verification, str(row["cohort"]), str(row["endpoint"]))
    of = f"assigned of {scored:,} patients" if scored > row["n"] else ""
    patients = f"{int(row['n']):,} {of}" if of else plural(int(row["n"]), "patient")
    counts = f"{patients}, {plural(int(row['events']), 'event')}"
    p, endpoint = float(row["p"]), clean(row["endpoint"])
    if math.isnan(p):
        why = clean(row.get("note", "") or "no p-value")
        return "survival was not tested", f"{endpoint} ({why}; {counts})"
    shown = (
        "survival differs between assigned subtypes"
        if p <= SIGNIFICANCE
        else "there is no evidence of a difference in survival between assigned subtypes"
    )
    test = log_rank_name(verification.survival.get(f"{row['cohort']}: {row['endpoint']}"))
    return shown, f"{endpoint} ({test}, {format_p(p)}; {counts})"


def n_scored(verification: Verification, cohort: str, endpoint: str) -> int:
    """Patients of a cohort whose scores were tested, whether or not they were assigned."""
    table = verification.table
    rows = table[(table["cohort"] == cohort) & (table["endpoint"] == endpoint)]
    scored = rows[rows["contrast"] == PER_SD]["n"]
    return int(scored.max()) if len(scored) else 0


def null_sentences(tests: pd.DataFrame) -> list[str]:
    """Say how each signature does against random gene sets, cohort by cohort."""
    if "random_null_percentile" not in tests:
        return []
    known = tests[tests["random_null_percentile"].notna() & ~is_control(tests)]
    sentences = []
    for (signature, cohort), rows in known.groupby(["signature", "cohort"], sort=False):
        above = rows[rows["random_null_percentile"] >= PERCENTILE]
        best = rows.sort_values("random_null_percentile", kind="stable").iloc[-1]
        said = (
            listing([_named(row) for _, row in above.iterrows()])
            if len(above)
            else f"none (highest: {_named(best)})"
        )
        sentences.append(
            f"Signature {clean(signature)} in {clean(cohort)}, percentile {PERCENTILE:.0f} or "
            f"more: {said}; {plural(len(rows), 'score-endpoint pair')} tested."
        )
    return sentences


def is_control(tests: pd.DataFrame) -> pd.Series:
    """Whether each row is of a negative control."""
    return tests["role"] == CONTROL if "role" in tests else pd.Series(False, index=tests.index)


def _named(row: pd.Series) -> str:
    # What is said of a score goes without its unit.
    score = f"{row['score']} score" if row["contrast"] == PER_SD else row["comparison"]
    percentile = format_number(float(row["random_null_percentile"]))
    return f"{score} for {row['endpoint']} (percentile {percentile})"


def scaling_sentences(tests: pd.DataFrame) -> str:
    """Say how genes were brought to one scale."""
    used = set(tests["scaling"].astype(str)) if "scaling" in tests else {"cohort"}
    texts = []
    if used & {"cohort", ""}:
        texts.append(
            "Its genes were scaled by its own means and spreads (scaling cohort); only the "
            "signature was carried over from the discovery cohort."
        )
    if "reference" in used:
        texts.append(
            "Its genes were scaled by the means and spreads of the discovery cohort (scaling "
            "reference), which is valid only for values measured in the same way."
        )
    if "none" in used:
        texts.append("Its genes were ranked within each patient (scaling none).")
    return " ".join(texts)


def relations(tests: pd.DataFrame) -> Iterator[str]:
    """Say which cohorts are, or seem to be, of the study that the signature is from."""
    for cohort, rows in tests[~is_control(tests)].groupby("cohort", sort=False):
        same = set(rows["same_study"].astype(str)) if "same_study" in rows else set()
        if "yes" in same:
            yield (
                f"{clean(cohort)} is of the same study as the discovery cohort: other patients, "
                "but not independent validation."
            )
        elif "by name" in same:
            yield (
                f"By its name, {clean(cohort)} is of the same study as the discovery cohort: if "
                "so, this is not independent validation."
            )


def caveats(tests: pd.DataFrame) -> Iterator[str]:
    """Significant scores that random genes match, and significant scores in negative controls."""
    control = is_control(tests)
    matched = (tests["p"] <= SIGNIFICANCE) & (tests["random_null_percentile"] < PERCENTILE)
    for _, row in tests[matched & ~control].iterrows():
        yield (
            f"In {clean(row['cohort'])} ({clean(row['endpoint'])}), {clean(row['comparison'])} has "
            f"{format_p(float(row['p']))}, but {100 - float(row['random_null_percentile']):.0f}% "
            "of random gene sets of the same size do as well or better."
        )
    for _, row in tests[control & (tests["fdr"] <= FDR)].iterrows():
        yield (
            f"In the negative control {clean(row['cohort'])} ({clean(row['endpoint'])}), "
            f"{clean(row['comparison'])} is associated with survival (FDR "
            f"{float(row['fdr']):.2g}): the signature may not be specific to this disease."
        )


def tests_table(
    tests: pd.DataFrame, names: set[str], several: bool, *, control: bool
) -> Table | None:
    """Lay out the tests in other cohorts, or those in negative controls."""
    frame = tests[is_control(tests) == control] if len(tests) else tests
    if frame.empty:
        return None
    frame = with_interval(frame, "hr", format_ratio)
    frame = frame.assign(
        genes=[
            f"{int(n_found)} of {int(total)}"
            for n_found, total in zip(frame["genes_found"], frame["genes_total"], strict=True)
        ]
    )
    explained = (
        "Negative controls. No association is expected in these cohorts; a small p or a high "
        "percentile here casts doubt on the other cohorts. "
        if control
        else "The locked signature in other cohorts. "
    )
    columns = _COLUMNS if several else _COLUMNS[1:]
    if not control and "role" in frame and frame["role"].nunique() > 1:
        columns = [*columns[:2], "role", *columns[2:]]
    return make_table(
        frame,
        columns,
        f"{explained}p is from the Wald test for hazard ratios and from the "
        f"{' or the '.join(sorted(names)) or 'log-rank test'} for assigned subtypes. FDR: "
        "Benjamini-Hochberg over all rows of the table.",
        file="verification.tsv",
    )


def figures(verification: Verification, name: str, signature: str) -> Iterator[Plan]:
    """Figures of one signature; ``name`` becomes part of the files, empty for the first."""
    table = verification.table
    title = f"{signature[0].upper()}{signature[1:]}"

    def stem(figure: str) -> str:
        return file_name(figure, name) if name else figure

    if (verification.null["kind"] == "random").any():
        yield Plan(
            stem("random_null"),
            f"Random gene sets against {signature}",
            "Association with survival of random gene sets of the same size, scored and tested "
            "alike (histogram), and of the signature (line). "
            + (
                "Ticks below: signatures derived in the same way from shuffled targets. "
                if (verification.null["kind"] == "permuted").any()
                else ""
            )
            + "A line within the histogram is no better than random genes.",
            "Histograms of the score test of random gene sets with that of the signature.",
            partial(random_null_figure, verification),
        )
    if len(table) and table["hr"].notna().any():
        yield Plan(
            stem("verification_forest"),
            f"{title} in other cohorts",
            _ratios(table[table["hr"].notna()]),
            "Forest plot of hazard ratios in external cohorts.",
            partial(plot.verification_forest, verification),
        )
    if len(verification.meta):
        yield Plan(
            stem("meta_analysis"),
            f"{title} across cohorts",
            "Hazard ratios of each cohort (larger squares have more weight) and their fixed-effect "
            "and random-effects means (diamonds).",
            "Forest plot of a meta-analysis across cohorts.",
            partial(plot.meta_forest, verification),
        )
        if (verification.meta["left_out"].astype(str) != "").any():
            yield Plan(
                stem("leave_one_out"),
                "Without each cohort in turn",
                "Mean over the cohorts, and without each cohort in turn. A mean that depends on "
                "one cohort changes without it.",
                "Forest plot of means without each cohort in turn.",
                partial(leave_one_out_forest, verification),
            )
    controls = table[is_control(table)] if len(table) else table.reindex(columns=["cohort"])
    places = {f"{row['cohort']}: {row['endpoint']}" for _, row in controls.iterrows()}
    for number, (place, comparison) in enumerate(verification.survival.items(), start=1):
        if place in places or not len(comparison.curves):
            continue
        groups = "assigned subtypes" if not name else f"patients with high and low {clean(name)}"
        parts = ["verification", name, str(number), place]
        yield Plan(
            file_name(*(part for part in parts if part)),
            f"Survival of the {groups}, {clean(place)}",
            f"Kaplan-Meier curves.{_unassigned(verification, place)}{both_tests(comparison)}",
            f"Kaplan-Meier curves of {groups}, {clean(place)}.",
            partial(plot.kaplan_meier, comparison, title=place),
        )


def _unassigned(verification: Verification, place: str) -> str:
    """Say how many of the scored patients the curves are of, as a sentence with a space before."""
    table = verification.table
    places = table["cohort"].astype(str) + ": " + table["endpoint"].astype(str)
    assigned = table[(places == place) & (table["contrast"] == ASSIGNED)]
    for _, row in assigned.iterrows():
        scored = n_scored(verification, str(row["cohort"]), str(row["endpoint"]))
        if scored > row["n"]:
            return f" Assigned: {int(row['n']):,} of {scored:,} patients."
    return ""


def _ratios(table: pd.DataFrame) -> str:
    """Say which hazard ratios there are: unadjusted, adjusted, above the cut-point."""
    table = table.reindex(columns=["adjusted_for", "cut_point"])
    adjusted = (table["adjusted_for"].fillna("") != "").any()
    text = "Hazard ratios of each score (per standard deviation)"
    text += ", unadjusted and adjusted for the covariates of the cohort" if adjusted else ""
    cut = table["cut_point"].notna().any()
    return f"{text}{', and of patients above the locked cut-point' if cut else ''}."
