"""Sections on the number of subtypes, and on who stays together when things are moved."""

import math

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.choice import chosen_k, criteria_table
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.numbers import clean, format_number
from omicsfuse.plot.settings import is_reported, setting_name
from omicsfuse.report.plans import FigureView
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import NOT_REPEATED, chosen_with_outcome, listing, mean_jaccard, plural

#: Agreement below which a setting is said to decide, and from which it is said not to matter
#: (moderate and good recovery in Steinley 2004, Psychol Methods 9:386).
DECIDES, HARMLESS = 0.65, 0.8

#: Borderline patients named on the page at most.
_MOST_NAMED = 60

_CRITERIA = {
    "gap": "gain over the continuum in normalised cut",
    "gap_sd": "standard deviation of that gain",
    "eigengap": "eigengap",
    "eigengap_ratio": "eigengap, scaled by what is left",
    "rotation_cost": "rotation cost (smaller is better)",
    "silhouette": "mean silhouette",
    "normalised_cut": "normalised cut (rises with k)",
    "pac": "proportion of ambiguous clustering (smaller is better)",
    "cdf_area": "area under the consensus distribution",
    "cdf_area_gain": "growth of that area",
    "prediction_strength": "prediction strength",
    "prediction_strength_sd": "standard deviation of prediction strength",
    "silhouette_over_continuum": "silhouette above the continuum (SD)",
    "normalised_cut_over_continuum": "normalised cut above the continuum (SD)",
    "eigengap_over_continuum": "eigengap above the continuum (SD)",
    "smallest": "patients in the smallest subtype",
}


def choice_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Say how the number of subtypes was chosen, and show every criterion."""
    rule = clean(results.subtypes.params.get("rule", "not stated")).rstrip(".")
    seen = chosen_with_outcome(results)
    looked = f"Chosen with survival: {seen}" if seen else "Survival was not looked at"
    texts = [
        f"{len(results.subtypes.names)} chosen: {rule}. {looked}.",
        "A number always comes back, also where there are no groups; whether there are any is "
        "asked by the tests above. Where criteria disagree, the data do not settle on a number.",
    ]
    return Section(
        "choice",
        "Choice of k",
        tuple(texts),
        figures=figures,
        details=present(_criteria(criteria_table(results.subtypes, results.assessment))),
    )


def _criteria(table: pd.DataFrame) -> Table | None:
    """Criteria in rows, numbers of subtypes in columns."""
    if table.empty:
        return None
    chosen = chosen_k(table)
    heads = {k: f"k = {k} (chosen)" if chosen[k] else f"k = {k}" for k in table.index}
    known = [name for name in _CRITERIA if name in table]
    known += [name for name in table.columns if name not in known and name != "chosen"]
    kept = [name for name in known if table[name].notna().any()]
    values = table[kept].apply(pd.to_numeric, errors="coerce").astype(float)
    frame = values.T.rename(columns=heads)
    frame.insert(0, "criterion", [_CRITERIA.get(n, n.replace("_", " ")) for n in kept])
    return make_table(frame, list(frame.columns), "Criteria for each number of subtypes.")


def stability_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Say how much of the subtypes comes back, who is borderline, and what settings do."""
    assessment = results.assessment
    stability = assessment.stability.rename_axis("subtype").reset_index()
    texts = [] if figures else ["Stability was not assessed for this run."]
    if not math.isnan(mean_jaccard(results)):
        share = assessment.params.get("resampled_share")
        drawn = f"{100 * float(share):.0f}% of the patients" if share else "some of the patients"
        texts.append(
            f"Each resample draws {drawn} without replacement, fuses them and cuts the network "
            f"again. As an aid for reading, a subtype with a mean Jaccard similarity of "
            f"{COMES_BACK} or more is said to come back; one whose similarity is 0.5 or less has "
            "dissolved in that resample. Subtypes of a continuum can come back too: stability "
            f"tests nothing. {NOT_REPEATED.capitalize()}."
        )
    border = borderline_sentence(results)
    if border:
        texts.append(
            f"{border} Core patients were together with the other members of their subtype in at "
            "least 80% of the resamples, with no other subtype more often, and have a silhouette "
            "above 0; all others are borderline."
        )
    moved = sensitivity_sentence(results)
    if moved:
        texts.append(moved)
    counts, names = _borderline(results)
    return Section(
        "stability",
        "Stability",
        tuple(texts),
        figures=figures,
        tables=present(counts),
        details=present(
            make_table(stability, list(stability.columns), "Stability of each subtype."),
            names,
            _moved(results),
        ),
    )


def borderline_sentence(results: RunResults) -> str:
    """Count the patients on the border of their subtype; empty where it was not assessed."""
    patients = results.assessment.patients
    if "membership" not in patients or len(results.subtypes.names) == 1:
        return ""
    count = int((patients["membership"] == "borderline").sum())
    verb = "is" if count == 1 else "are"
    return f"{count} of {plural(len(patients), 'patient')} {verb} borderline."


def _borderline(results: RunResults) -> tuple[Table | None, Table | None]:
    """Core and borderline patients by subtype, and the borderline ones by name."""
    patients = results.assessment.patients
    if "membership" not in patients or len(results.subtypes.names) == 1:
        return None, None
    sizes = patients["subtype"].value_counts()
    frame = pd.DataFrame({"patients": sizes.reindex(results.subtypes.names)})
    for kind in ("core", "borderline"):
        members = patients.loc[patients["membership"] == kind, "subtype"]
        frame[kind] = members.value_counts().reindex(frame.index).fillna(0).astype(int)
    frame["share borderline"] = [
        f"{100 * few / all_:.0f}%" if all_ else ""
        for few, all_ in zip(frame["borderline"], frame["patients"], strict=True)
    ]
    counts = make_table(
        frame.rename_axis("subtype").reset_index(),
        ["subtype", *frame.columns],
        "Core and borderline patients. subtypes.tsv names all.",
    )
    border = patients[patients["membership"] == "borderline"]
    named = border.sort_values("co_clustering", kind="stable").rename_axis("patient").reset_index()
    names = make_table(
        named,
        ["patient", "subtype", "co_clustering", "silhouette", "confidence"],
        "Borderline patients, least settled first. Co-clustering: share of the resamples together "
        "with the other members of the subtype.",
        most=_MOST_NAMED,
        folded=True,
    )
    return counts, names


def sensitivity_sentence(results: RunResults) -> str:
    """Say which settings the result hangs on; empty where none was moved.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    str
        One sentence, or two where the number of subtypes moves as well.
    """
    table = results.assessment.sensitivity
    if table.empty or len(results.subtypes.names) == 1:
        return ""
    reported = table["note"].map(is_reported)
    moved = table[~reported & table["agreement"].notna()]
    if moved.empty:
        return ""
    lowest = moved.loc[moved.groupby("setting", sort=False)["agreement"].idxmin()]
    worst = lowest.sort_values("agreement", kind="stable")
    decisive = worst[worst["agreement"] < DECIDES]
    between = worst[(worst["agreement"] >= DECIDES) & (worst["agreement"] < HARMLESS)]
    if len(decisive):
        text = f"The subtypes hang on {_each(decisive)}"
        if len(between):
            text += f", and move somewhat with {_each(between)}"
    elif len(between):
        text = f"The subtypes move somewhat with {_each(between)}"
    else:
        first = worst.iloc[0]
        text = (
            "The subtypes hang on no setting: whichever is moved, agreement stays at "
            f"{float(first['agreement']):.2f} or more (lowest: {_each(worst.head(1))}"
        )
    rest = len(worst) - len(decisive) - len(between)
    if (len(decisive) or len(between)) and rest:
        other = "the other setting" if rest == 1 else f"the other {rest} settings"
        text += f"; with {other} agreement stays at {HARMLESS} or more"
    text += " (adjusted Rand index)." if not text.count("(lowest") else "; adjusted Rand index)."
    return text + _draw_alone(table[reported]) + _other_numbers(table, reported)


def _each(rows: pd.DataFrame) -> str:
    """Name settings with the value at which agreement is lowest."""
    return listing(
        [
            f"{setting_name(str(row['setting']))} ({float(row['agreement']):.2f} at {row['value']})"
            for _, row in rows.iterrows()
        ]
    )


def _draw_alone(rows: pd.DataFrame) -> str:
    """Of large cohorts, what the draw of patients does by itself."""
    own = rows["agreement"].dropna()
    if own.empty or own.min() > 0.995:
        return ""
    return (
        " Only some of the patients were drawn for this: with nothing moved, agreement is "
        f"{own.min():.2f}, which is what the others are to be compared with."
    )


def _other_numbers(table: pd.DataFrame, reported: pd.Series) -> str:
    """How often the rule would have chosen another number of subtypes."""
    own = table.loc[reported, "n_clusters"].dropna()
    others = table.loc[~reported, "n_clusters"].dropna()
    if own.empty or others.empty:
        return ""
    different = int((others != own.iloc[0]).sum())
    if not different:
        return " The automatic rule chooses the same number throughout."
    return (
        f" The automatic rule chooses another number of subtypes than {int(own.iloc[0])} under "
        f"{different} of {plural(len(others), 'other setting')}."
    )


def _moved(results: RunResults) -> Table | None:
    """Every value of every setting that was tried."""
    table = results.assessment.sensitivity
    if table.empty:
        return None
    frame = table.assign(
        setting=[setting_name(str(name)) for name in table["setting"]],
        agreement=[_two(value) for value in table["agreement"]],
        agreement_auto=[_two(value) for value in table["agreement_auto"]],
        n_clusters=["" if pd.isna(k) else format_number(float(k)) for k in table["n_clusters"]],
    )
    return make_table(
        frame,
        ["setting", "value", "agreement", "n_clusters", "agreement_auto", "note"],
        "Other settings, one moved at a time. Agreement: adjusted Rand index with as many groups; "
        "then the number that the automatic rule chooses, and the agreement with that many.",
        folded=True,
    )


def _two(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"
