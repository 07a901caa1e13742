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

#: Percentile among random gene sets below which a signature tells no more than they do.
PERCENTILE = 95.0
CONTROL = "negative control"

_COLUMNS = ["signature", "cohort", "endpoint", "comparison", "n", "events", "genes", "hr"]
_COLUMNS += ["hr_interval", "chi2", "p", "fdr", "p_one_sided", "concordance"]
_COLUMNS += ["random_null_percentile", "permuted_null_percentile", "note"]


def survival_sentences(verification: Verification) -> Iterator[str]:
    """Say for each cohort whether survival differs between those assigned to subtypes."""
    table = verification.table
    for cohort, rows in table.groupby("cohort", sort=False) if len(table) else ():
        first = rows.iloc[0]
        genes = f"{int(first['genes_found'])} of {int(first['genes_total'])} signature genes"
        assigned = rows[rows["contrast"] == ASSIGNED]
        parts = [_assigned(row, verification) for _, row in assigned.iterrows()]
        yield (
            f"In the external cohort {clean(cohort)} ({genes} found) "
            f"{'; '.join(parts) or 'survival was not tested'}."
        )


def _assigned(row: pd.Series, verification: Verification) -> str:
    """The test between assigned subtypes of one cohort and endpoint."""
    counts = f"{plural(int(row['n']), 'patient')}, {plural(int(row['events']), 'event')}"
    p, endpoint = float(row["p"]), clean(row["endpoint"])
    if math.isnan(p):
        why = clean(row.get("note", "") or "no p-value")
        return f"survival ({endpoint}) was not tested ({why}; {counts})"
    shown = (
        "differs between assigned subtypes"
        if p < SIGNIFICANCE
        else "shows no evidence of a difference between assigned subtypes"
    )
    test = log_rank_name(verification.survival.get(f"{row['cohort']}: {row['endpoint']}"))
    return f"survival ({endpoint}) {shown} ({test}, {format_p(p)}; {counts})"


def null_sentences(tests: pd.DataFrame) -> list[str]:
    """Say how each signature does against random gene sets, cohort by cohort."""
    if "random_null_percentile" not in tests:
        return []
    known = tests[tests["random_null_percentile"].notna() & ~_is_control(tests)]
    sentences = []
    for (signature, cohort), rows in known.groupby(["signature", "cohort"], sort=False):
        above = rows[rows["random_null_percentile"] >= PERCENTILE]
        best = rows.sort_values("random_null_percentile", kind="stable").iloc[-1]
        said = (
            f"{listing([_named(row) for _, row in above.iterrows()])} "
            f"{'goes' if len(above) == 1 else 'go'} with survival more than "
            f"{PERCENTILE:.0f}% of random gene sets do"
            if len(above)
            else f"no score goes with survival more than {PERCENTILE:.0f}% of random gene sets do "
            f"(best: {_named(best)})"
        )
        tried = f" ({plural(len(rows), 'score and endpoint', 'scores and endpoints')} tried)"
        sentences.append(
            f"Against random gene sets of the same size, signature {clean(signature)} in "
            f"{clean(cohort)}: {said}{tried if len(rows) > 1 else ''}."
        )
    return sentences


def _is_control(tests: pd.DataFrame) -> pd.Series:
    """Whether each row is of a cohort in which nothing should be found."""
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
            "Its genes were scaled by its own means and spreads (scaling cohort): nothing fitted "
            "to the discovery cohort but the signature was carried over."
        )
    if "reference" in used:
        texts.append(
            "Its genes were scaled by the means and spreads of the discovery cohort (scaling "
            "reference), which is right only for values made in the same way."
        )
    if "none" in used:
        texts.append("Its genes were ranked within each patient (scaling none).")
    return " ".join(texts)


def relations(tests: pd.DataFrame) -> Iterator[str]:
    """Say which cohorts are, or look like, the study that the signature is from."""
    for cohort, rows in tests[~_is_control(tests)].groupby("cohort", sort=False):
        same = set(rows["same_study"].astype(str)) if "same_study" in rows else set()
        if "yes" in same:
            yield (
                f"{clean(cohort)} is of the same study as the discovery cohort: other patients, "
                "but not independent validation."
            )
        elif "by name" in same:
            yield (
                f"{clean(cohort)} is by its name of the same study as the discovery cohort: if so, "
                "this is not independent validation."
            )


def caveats(tests: pd.DataFrame) -> Iterator[str]:
    """Significance that random genes match, and findings where nothing should be found."""
    control = _is_control(tests)
    matched = (tests["p"] < SIGNIFICANCE) & (tests["random_null_percentile"] < PERCENTILE)
    for _, row in tests[matched & ~control].iterrows():
        yield (
            f"In {clean(row['cohort'])} ({clean(row['endpoint'])}), {clean(row['comparison'])} has "
            f"{format_p(float(row['p']))}, but {100 - float(row['random_null_percentile']):.0f}% "
            "of random gene sets of the same size do as well or better."
        )
    for _, row in tests[control & (tests["fdr"] < FDR)].iterrows():
        yield (
            f"In the negative control {clean(row['cohort'])} ({clean(row['endpoint'])}), "
            f"{clean(row['comparison'])} goes with survival (FDR {float(row['fdr']):.2g}): what "
            "the signature shows may not be of this disease."
        )


def tests_table(
    tests: pd.DataFrame, names: set[str], several: bool, *, control: bool
) -> Table | None:
    """Lay out the tests in other cohorts, or those in cohorts where nothing should be found."""
    frame = tests[_is_control(tests) == control] if len(tests) else tests
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
        "Negative controls: cohorts in which the signature should say nothing. A small p or a "
        "high percentile here is a warning about those above. "
        if control
        else "The locked signature in other cohorts. "
    )
    columns = _COLUMNS if several else _COLUMNS[1:]
    if not control and "role" in frame and frame["role"].nunique() > 1:
        columns = [*columns[:2], "role", *columns[2:]]
    return make_table(
        frame,
        columns,
        f"{explained}p: of the Wald test for hazard ratios; of the "
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
            "How strongly random gene sets of the same size, scored and tested in the same way, go "
            "with survival (histogram), and the signature (line). "
            + (
                "Ticks below: signatures derived in the same way from shuffled targets. "
                if (verification.null["kind"] == "permuted").any()
                else ""
            )
            + "A line within the histogram is what random genes would show.",
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
            "Hazard ratios of each cohort, larger squares weigh more, and their means of fixed and "
            "of random effects (diamonds).",
            "Forest plot of a meta-analysis across cohorts.",
            partial(plot.meta_forest, verification),
        )
        if (verification.meta["left_out"].astype(str) != "").any():
            yield Plan(
                stem("leave_one_out"),
                "Without each cohort in turn",
                "Means over the cohorts, and without each of them: a mean that hangs on one cohort "
                "moves when that one is left out.",
                "Forest plot of means without each cohort in turn.",
                partial(leave_one_out_forest, verification),
            )
    controls = table[_is_control(table)] if len(table) else table.reindex(columns=["cohort"])
    places = {f"{row['cohort']}: {row['endpoint']}" for _, row in controls.iterrows()}
    for number, (place, comparison) in enumerate(verification.survival.items(), start=1):
        if place in places or not len(comparison.curves):
            continue
        groups = "assigned subtypes" if not name else f"high and low {clean(name)}"
        parts = ["verification", name, str(number), place]
        yield Plan(
            file_name(*(part for part in parts if part)),
            f"Survival of the {groups}, {clean(place)}",
            f"Kaplan-Meier curves.{both_tests(comparison)}",
            f"Kaplan-Meier curves of {groups}, {clean(place)}.",
            partial(plot.kaplan_meier, comparison, title=place),
        )


def _ratios(table: pd.DataFrame) -> str:
    """Say which hazard ratios there are: alone, adjusted, above the cut-point."""
    table = table.reindex(columns=["adjusted_for", "cut_point"])
    adjusted = (table["adjusted_for"].fillna("") != "").any()
    text = "Hazard ratios of each score (per standard deviation)"
    text += ", alone and adjusted for the covariates of the cohort" if adjusted else ""
    cut = table["cut_point"].notna().any()
    return f"{text}{', and of patients above the locked cut-point' if cut else ''}."
