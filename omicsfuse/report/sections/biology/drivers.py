"""Tables of driver features, which distinguish each subtype from the other patients."""

import pandas as pd

from omicsfuse.core.kinds import analysis_of
from omicsfuse.core.results import RunResults
from omicsfuse.report.sections.biology.features import shares_text
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import told_apart, two_decimals

#: Features of a subtype that a table shows.
_MOST = 15
_COLUMNS = ["rank", "feature", "layer", "direction", "subtype_against_others", "effect"]
_COLUMNS += ["effect_interval", "fdr", "effect_name"]


def driver_tables(results: RunResults) -> tuple[Table, ...]:
    """Give each subtype a table of the features that distinguish it from the other patients.

    Two subtypes, which mirror each other, get one.
    """
    table = pd.DataFrame() if results.biology is None else results.biology.drivers
    if table.empty:
        return ()
    names = results.subtypes.names
    tables = []
    for name in told_apart(names):
        drivers = table[table["subtype"].astype(str) == name].sort_values("rank", kind="stable")
        drivers = drivers.assign(
            subtype_against_others=[_inside(results, row) for _, row in drivers.iterrows()]
        )
        drivers = with_interval(drivers, "effect", two_decimals)
        against = names[1] if len(names) == 2 else "all other patients"
        made = make_table(
            drivers,
            _COLUMNS,
            f"Features that distinguish {name} from {against}. Layers in turn, smallest p first. "
            "FDR: Benjamini-Hochberg over all features and subtypes of a layer. The effect measure "
            "depends on the layer.",
            most=_MOST,
            file="drivers.tsv",
        )
        if made is not None:
            tables.append(made)
    return tuple(tables)


def _inside(results: RunResults, row: pd.Series) -> str:
    """Both numbers in words: "mutated in 82% against 31%", "mean 7.10 against 4.90"."""
    layer = results.prepared.layers[str(row["layer"])]
    if analysis_of(layer).calls:
        values = layer.values  # noqa: PD011 - a field of ours
        if row["feature"] in values:
            subtype, raised = str(row["subtype"]), float(row["effect"]) > 0
            return shares_text(results, subtype, layer, str(row["feature"]), raised=raised)
    inside, outside = float(row["inside"]), float(row["outside"])
    if pd.isna(inside) or pd.isna(outside):
        return ""
    return f"{analysis_of(layer).average} {two_decimals(inside)} against {two_decimals(outside)}"
