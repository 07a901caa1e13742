"""Tables of what tells a subtype: driver features, and what marks a known label."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.portrait_words import layers_to_tell, share_text
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Points
from omicsfuse.report.words import listing, plural

#: Features of a subtype, and of a label in a layer, that a table shows.
_MOST_DRIVERS, _MOST_LABEL = 15, 10
#: Features of a label that a sentence names.
_NAMED = 2
#: How the summary of a share begins; what follows is what the patients are.
_SHARE = "share of patients "
_COLUMNS = ["rank", "feature", "layer", "direction", "inside_against_outside", "effect"]
_COLUMNS += ["effect_interval", "fdr", "effect_name"]
_LABEL_COLUMNS = ["level", "subtype", "layer", "feature", "label_effect", "label_fdr"]
_LABEL_COLUMNS += ["subtype_effect", "subtype_fdr", "agrees", "effect_name"]


def driver_tables(results: RunResults) -> tuple[Table, ...]:
    """Give each subtype a table of the features that tell it from the other patients.

    Two subtypes, which mirror each other, get one.

    Parameters
    ----------
    results : RunResults
        The run; its ``biology.drivers`` are shown.

    Returns
    -------
    tuple of Table
        None where no drivers were computed.
    """
    table = pd.DataFrame() if results.biology is None else results.biology.drivers
    if table.empty:
        return ()
    names = results.subtypes.names
    tables = []
    for name in names[:1] if len(names) == 2 else names:
        own = table[table["subtype"].astype(str) == name].sort_values("rank", kind="stable")
        own = own.assign(
            inside_against_outside=[_inside(results, row) for _, row in own.iterrows()]
        )
        own = with_interval(own, "effect_ci_low", "effect_ci_high", "effect_interval", _two)
        against = names[1] if len(names) == 2 else "all other patients"
        made = make_table(
            own,
            _COLUMNS,
            f"Features that tell {name} from {against}. The layers in turn, smallest p first; "
            f"inside against outside: patients in {name} and the others. FDR: Benjamini-Hochberg "
            "over all features and subtypes of a layer. The effect's measure follows the layer.",
            most=_MOST_DRIVERS,
            folded=len(names) > 4,
        )
        if made is not None:
            tables.append(made)
    return tuple(tables)


def _inside(results: RunResults, row: pd.Series) -> str:
    """Both numbers in words: "mutated in 82% against 31%", "mean 7.10 against 4.90"."""
    layer = results.prepared.layers.get(str(row["layer"]))
    if layer is not None and layer.scale == "gistic":
        values = layer.values  # noqa: PD011 - a field of ours
        if row["feature"] in values:
            subtype, raised = str(row["subtype"]), float(row["effect"]) > 0
            text = share_text(results, subtype, layer, str(row["feature"]), raised=raised)
            return text.partition(" is ")[2]
    inside, outside = float(row["inside"]), float(row["outside"])
    said = clean(row["summary"]).partition(" (")[0]
    if pd.isna(inside) or pd.isna(outside):
        return ""
    if said.startswith(_SHARE):
        way = said.removeprefix(_SHARE)
        return f"{way} in {100 * inside:.0f}% against {100 * outside:.0f}%"
    return f"{said} {_two(inside)} against {_two(outside)}"


def _two(value: float) -> str:
    return f"{value:.2f}"


def label_table(results: RunResults) -> Table | None:
    """Show what marks a known label beside what marks the subtype that holds its patients."""
    table = _label_markers(results)
    if table.empty:
        return None
    shown = table[table["rank"] <= _MOST_LABEL]
    shown = shown.assign(
        level=[f"{a} = {b}" for a, b in zip(shown["label"], shown["level"], strict=True)],
        agrees=["yes" if value else "no" for value in shown["agrees"]],
    )
    return make_table(
        shown,
        _LABEL_COLUMNS,
        "What marks a known label, and whether it marks the subtype that holds most of its "
        f"patients. Up to {_MOST_LABEL} features of a layer, smallest p first; effect of the level "
        "against all other patients whose label is known, and of the subtype against all others. "
        "Agrees: the subtype's FDR is at most 0.05, in the same direction.",
    )


def label_marker_sentences(results: RunResults) -> list[str]:
    """Say of each known label how much of what marks it marks the subtype that holds it.

    Parameters
    ----------
    results : RunResults
        The run; its ``biology.label_markers`` are read.

    Returns
    -------
    list of str
        One sentence or two for each concentrated level, then one on how to read them; none where
        nothing was computed.
    """
    table = _label_markers(results)
    if table.empty:
        return []
    sentences: list[str] = []
    for (label, level, subtype), rows in table.groupby(["label", "level", "subtype"], sort=False):
        n, both = int(rows["n_level"].iloc[0]), int(rows["n_both"].iloc[0])
        parts = []
        for layer in [name for name in layers_to_tell(results) if name in set(rows["layer"])]:
            own = rows[rows["layer"] == layer]
            agreeing = own[own["agrees"]]
            text = f"{clean(layer)} {len(agreeing)} of {len(own)}"
            if len(agreeing):
                text += f" ({'; '.join(_both(row) for _, row in _largest(agreeing).iterrows())})"
            parts.append(text)
        missing = [x for x in layers_to_tell(results) if x not in set(rows["layer"])]
        none = [f"Nothing marks it in {listing(missing)}."] if missing else []
        top, here = int(rows["rank"].max()), clean(subtype)
        lead = (
            f"{clean(label)} = {clean(level)} ({plural(n, 'patient')}, {both} of them in "
            f"{here}): of the features that mark it most (up to {top} a layer, FDR at most 0.05), "
            f"so many mark {here} in the same direction (in brackets the largest effects of the "
            f"label and of {here}):"
        )
        sentences.append(Points(lead, [*(f"{part}." for part in parts), *none]))
    sentences.append(
        "Level and subtype share most of their patients, so that agreement is to be expected: it "
        "shows which part of a known group's biology a subtype carries, and is no test of the "
        "subtypes. A label that was itself made from such data agrees all the more."
    )
    return sentences


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the largest effects of each direction: raised, then lowered."""
    ordered = rows.assign(_size=-rows["label_effect"].abs(), _lower=rows["label_effect"] < 0)
    ordered = ordered.sort_values(["_lower", "_size", "feature"], kind="stable")
    return ordered.groupby("_lower", sort=False).head(_NAMED)


def _both(row: pd.Series) -> str:
    """A feature with both effects: of the label, and of the subtype."""
    # An odds ratio without end: a group in which all, or none, have it.
    label, own = (
        f"{row[key]:+.2f}"
        if np.isfinite(row[key])
        else ("raised" if row[key] > 0 else "lowered") + " without limit"
        for key in ("label_effect", "subtype_effect")
    )
    return (
        f"{shorten(row['feature'], 32)} {label} and "
        f"{own}, {format_p(float(row['subtype_fdr']), 'FDR')}"
    )


def _label_markers(results: RunResults) -> pd.DataFrame:
    return pd.DataFrame() if results.biology is None else results.biology.label_markers
