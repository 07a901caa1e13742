"""Other settings of fusion and clustering: part of the section on stability.

Its methods and caveats come after those of the layers.
"""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_number
from omicsfuse.plot.settings import sensitivity, setting_name
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Plan, Section
from omicsfuse.report.tables import Table, make_table
from omicsfuse.report.words import listing, plural, two_decimals

REFERENCES = {
    "recovery": "Steinley D. Properties of the Hubert-Arabie adjusted Rand index. Psychol Methods "
    "2004;9:386-396. doi:10.1037/1082-989X.9.3.386",
}

#: Agreement below which the subtypes depend on a setting, and from which they do not
#: (moderate and good recovery in Steinley).
DECIDES, HARMLESS = 0.65, 0.8
#: From this agreement on, drawing patients changes nothing by itself.
_SAME = 0.995


def _tried(results: RunResults) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows as reported, and rows with another setting; both empty where there is one group."""
    table = results.assessment.sensitivity
    if table.empty or len(results.subtypes.names) == 1:
        return table.iloc[:0], table.iloc[:0]
    reported = table["reported"]
    return table[reported], table[~reported]


def caveats(results: RunResults) -> Iterator[str]:
    """Name settings that the subtypes depend on."""
    _, moved = _tried(results)
    if moved.empty or results.subtypes.given:
        return
    decisive = moved.loc[moved["agreement"] < DECIDES, "setting"]
    names = [setting_name(str(name)) for name in dict.fromkeys(decisive)]
    if names:
        many = "1 setting" if len(names) == 1 else f"{len(names)} settings"
        yield (
            f"The subtypes depend on {many} ({listing(names)}): another value gives other subtypes "
            f"(adjusted Rand index below {DECIDES})."
        )


def sentences(results: RunResults) -> list[str]:
    """Say which settings the result depends on; nothing where none was changed."""
    reported, others = _tried(results)
    moved = others.dropna(subset=["agreement"]) if len(others) else others
    if moved.empty:
        return []
    if results.subtypes.given:
        low, high = moved["agreement"].min(), moved["agreement"].max()
        return [
            "With other settings, one changed at a time, the network cut into as many groups "
            f"agrees with the given labels at an adjusted Rand index of {low:.2f} to {high:.2f} "
            f"(as reported: {reported['agreement'].iloc[0]:.2f})."
        ]
    lowest = moved.loc[moved.groupby("setting", sort=False)["agreement"].idxmin()]
    worst = lowest.sort_values("agreement", kind="stable")
    decisive = worst[worst["agreement"] < DECIDES]
    between = worst[(worst["agreement"] >= DECIDES) & (worst["agreement"] < HARMLESS)]
    rest = len(worst) - len(decisive) - len(between)
    if decisive.empty and between.empty:
        text = (
            "The subtypes depend on none of the settings that were changed; the largest effect is "
            f"that of {_each(worst.head(1))}."
        )
    else:
        if between.empty:
            text = f"The subtypes depend on {_each(decisive)}"
        elif decisive.empty:
            text = f"The subtypes change somewhat with {_each(between)}"
        else:
            change = f"change somewhat with {_each(between)}"
            text = f"The subtypes depend on {_each(decisive)} and {change}"
        if rest:
            other = "the other setting" if rest == 1 else f"the other {rest} settings"
            text += f"; with {other} the index is {HARMLESS} or more"
        text += "."
    return [text + _draw_alone(reported) + _other_numbers(reported, others)]


def _each(rows: pd.DataFrame) -> str:
    """Name settings with the value at which agreement is lowest."""
    return listing(
        [
            f"{setting_name(str(row['setting']))} (adjusted Rand index "
            f"{float(row['agreement']):.2f} at {row['value']})"
            for _, row in rows.iterrows()
        ]
    )


def _draw_alone(reported: pd.DataFrame) -> str:
    """Of large cohorts, the effect of the draw of patients by itself."""
    agreement = reported["agreement"].dropna()
    if agreement.empty or agreement.min() > _SAME:
        return ""
    return (
        " Only some of the patients were drawn: with no setting changed, the adjusted Rand index "
        f"is {agreement.min():.2f}, the reference for the other values."
    )


def _other_numbers(reported: pd.DataFrame, others: pd.DataFrame) -> str:
    """How often the rule would have chosen another number of subtypes."""
    usual, elsewhere = reported["n_clusters"].dropna(), others["n_clusters"].dropna()
    if usual.empty or elsewhere.empty:
        return ""
    different = int((elsewhere != usual.iloc[0]).sum())
    if not different:
        return " The automatic rule chooses the same number of subtypes under every setting."
    return (
        f" The automatic rule chooses another number of subtypes than {int(usual.iloc[0])} under "
        f"{different} of {plural(len(elsewhere), 'other setting')}."
    )


def settings_table(results: RunResults) -> Table | None:
    """Every value of every setting that was tried."""
    table = results.assessment.sensitivity
    if table.empty:
        return None
    frame = table.assign(
        setting=[setting_name(str(name)) for name in table["setting"]],
        agreement=[two_decimals(value) for value in table["agreement"]],
        agreement_auto=[two_decimals(value) for value in table["agreement_auto"]],
        n_clusters=["" if pd.isna(k) else format_number(float(k)) for k in table["n_clusters"]],
    )
    return make_table(
        frame,
        ["setting", "value", "agreement", "n_clusters", "agreement_auto", "note"],
        "Other settings, one changed at a time. Agreement: adjusted Rand index with the subtypes, "
        "for the same number of groups. k by the rule: number chosen by the automatic rule.",
        file="sensitivity.tsv",
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Agreement under each value of each setting."""
    assessment = results.assessment
    if len(assessment.sensitivity) and assessment.sensitivity["agreement"].notna().any():
        yield Plan(
            "sensitivity",
            "Other settings",
            "One setting is changed at a time; fusion and clustering are repeated with the same "
            "number of groups. Each cell gives the value and the adjusted Rand index with the "
            "subtypes (1: identical; 0: as by chance). Framed: the value used.",
            "Agreement with the subtypes under other settings, a cell for each value.",
            partial(sensitivity, assessment),
        )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say how many settings were changed, and how agreement is read."""
    table = results.assessment.sensitivity
    if table.empty or len(results.subtypes.names) == 1:
        return
    count = table["setting"].map(clean).nunique()
    yield (
        f"Sensitivity: {plural(count, 'setting')} of fusion and clustering were changed one at a "
        "time, and the groups were compared with the subtypes by the adjusted Rand index; "
        f"agreement below {DECIDES} is called poor, from {HARMLESS} good {cite('recovery')}."
    )


SECTION = Section("sensitivity", methods=methods, references=REFERENCES)
