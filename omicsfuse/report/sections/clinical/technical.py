"""Technical variables: whether the subtypes tell how the data were made."""

import math

import pandas as pd

from omicsfuse.biology.technical import EXPLAINED
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.stats.levels import FDR


def caveats(results: RunResults) -> list[str]:
    """Say which technical variables the subtypes go together with, the strongest first."""
    table = _technical(results)
    if table.empty:
        return []
    confounding = table[table["fdr"] < FDR].sort_values(
        ["effect", "p"], ascending=[False, True], kind="stable"
    )
    return [_technical_sentence(results, str(name), row) for name, row in confounding.iterrows()]


def associated_variables(results: RunResults) -> pd.DataFrame:
    """Rows of technical variables that go with the subtypes without explaining them."""
    table = _technical(results)
    if table.empty:
        return table
    chosen = [bool(row["fdr"] < FDR) and not _explained(row) for _, row in table.iterrows()]
    return table[chosen].sort_values("effect", ascending=False, kind="stable")


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
    return bool(row["fdr"] < FDR and strong)


def _technical_sentence(results: RunResults, name: str, row: pd.Series) -> str:
    low, high = float(row["effect_ci_low"]), float(row["effect_ci_high"])
    interval = f", 95% CI {low:.2f} to {high:.2f}" if math.isfinite(low) else ""
    effect = f"{clean(row['effect_name'])} {float(row['effect']):.2f}{interval}"
    values = f"{effect}; {format_p(float(row['fdr']), 'FDR')}"
    if row["effect"] > high:
        values += "; with so many categories V is biased upwards, its interval is not"
    subtype, how, layer = row["most_different"], row["how"], row["volume_of"]
    stands = f" Most different: {clean(subtype)} ({clean(how)})." if how else ""
    relation = "are to a large part explained by" if _explained(row) else "go together with"
    why = "They may tell how the data were made rather than what the tumours are."
    if layer:
        fused = "was fused" if layer in results.fusion.per_layer else "was not fused"
        why = (
            f"Layer {clean(layer)}, which {fused}, holds the volume itself, and many radiomic "
            "features grow with it: the subtypes may be a roundabout measure of tumour size."
        )
    return f"The subtypes {relation} {clean(name)}, a technical variable ({values}).{stands} {why}"
