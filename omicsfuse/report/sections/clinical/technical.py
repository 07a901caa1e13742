"""Technical variables: whether the subtypes tell how the data were made."""

import math
from collections.abc import Iterator

import pandas as pd

from omicsfuse.biology.technical import EXPLAINED
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.words import listing
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.p_values import on_its_side


def caveats(results: RunResults) -> Iterator[str]:
    """Say which technical variables are associated with the subtypes, the strongest first."""
    table = _technical(results)
    if table.empty:
        return
    found = table[table["fdr"] <= FDR].sort_values(
        ["effect", "p"], ascending=[False, True], kind="stable"
    )
    if found.empty:
        return
    for explains, relation in (
        (True, "are to a large part explained by"),
        (False, "are associated with"),
    ):
        alike = found[[_explained(row) == explains for _, row in found.iterrows()]]
        measured = alike["volume_of"].fillna("") != ""
        if len(rows := alike[~measured]):
            yield (
                f"The subtypes {relation} {_named(rows)}: they may reflect how the data were made "
                "rather than the biology of the tumours."
            )
        for layer, rows in alike[measured].groupby("volume_of", sort=False):
            fused = "was fused" if layer in results.fusion.per_layer else "was not fused"
            yield (
                f"The subtypes {relation} {_named(rows)}. Layer {clean(layer)}, which {fused}, "
                "contains the volume, and many radiomic features grow with it: the subtypes may "
                "partly measure tumour size."
            )


def associated_variables(results: RunResults) -> pd.DataFrame:
    """Rows of technical variables that are associated with the subtypes without explaining them.

    What subtypes may be a roundabout measure of comes first: volume and purity of the tumour.
    """
    table = _technical(results)
    if table.empty:
        return table
    chosen = [bool(row["fdr"] <= FDR) and not _explained(row) for _, row in table.iterrows()]
    found = table[chosen].sort_values("effect", ascending=False, kind="stable")
    volume = found["volume_of"].fillna("") != ""
    purity = found.index.astype(str).str.contains("purity", case=False)
    return pd.concat([found[volume], found[purity & ~volume], found[~purity & ~volume]])


def explaining_variables(results: RunResults) -> list[str]:
    """Name the technical variables that the subtypes are explained by, the strongest first."""
    table = _technical(results)
    if table.empty:
        return []
    rows = table[[_explained(row) for _, row in table.iterrows()]]
    return [str(name) for name in rows.sort_values("effect", ascending=False, kind="stable").index]


def _technical(results: RunResults) -> pd.DataFrame:
    table = results.clinical
    return table[table["role"] == "technical"] if "role" in table else table.iloc[:0]


def _explained(row: pd.Series) -> bool:
    # With many categories V is biased upwards: its interval, which is not, must reach so far too.
    strong = row["effect"] >= EXPLAINED and row["effect_ci_high"] >= EXPLAINED
    return bool(row["fdr"] <= FDR and strong)


def effect_text(row: pd.Series) -> str:
    """Write the effect with its name; its digits say on which side of ``EXPLAINED`` it is."""
    return f"{clean(row['effect_name'])} {on_its_side(float(row['effect']), EXPLAINED)}"


def _named(rows: pd.DataFrame) -> str:
    """Technical variables with their effects, and the subtype that differs most."""
    named = listing([_in_words(str(name), row) for name, row in rows.iterrows()])
    noun = "the technical variable" if len(rows) == 1 else "the technical variables"
    return f"{noun} {named}"


def _in_words(name: str, row: pd.Series) -> str:
    low, high = float(row["effect_ci_low"]), float(row["effect_ci_high"])
    interval = f", 95% CI {low:.2f} to {on_its_side(high, EXPLAINED)}" if math.isfinite(low) else ""
    values = f"{effect_text(row)}{interval}, "
    values += format_p(float(row["fdr"]), "FDR")
    if row["effect"] > high:
        values += "; with many categories V is biased upwards, the interval is not"
    subtype, how = row["most_different"], row["how"]
    return f"{name} ({values}{f'; {clean(subtype)}: {clean(how)}' if how else ''})"
