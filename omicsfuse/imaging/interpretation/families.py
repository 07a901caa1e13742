"""Families of tests: false discovery rates, what vanishes once adjusted, and what n can show."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.kinds import image_families
from omicsfuse.stats.detectable import detectable_correlation
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Columns of ``Interpretation.associations``, and of ``Interpretation.families``.
ASSOCIATIONS = [
    *("layer", "kind", "feature", "n", "effect", "effect_ci_low", "effect_ci_high"),
    *("effect_name", "test", "p", "fdr", "adjusted_for", "adjusted_effect", "adjusted_ci_low"),
    *("adjusted_ci_high", "adjusted_p", "adjusted_fdr", "vanishes", "stability", "adjusted_n"),
    "contrast",
]
FAMILIES = [
    *("layer", "kind", "n", "tests", "found", "smallest_fdr", "adjusted_found", "kept", "note"),
    *("adjusted_n", "smallest_p", "detectable"),
]
#: What is said of radiomic features: a model of images is made of the like.
DESCRIPTION = "description only: imaging models are built from these features"


def family_table(parts: Sequence[pd.DataFrame], adjusted_for: Sequence[str]) -> pd.DataFrame:
    """Comparisons of all layers in one table ``ASSOCIATIONS``, each layer a family, by p within."""
    tables = []
    for part in parts:
        table = part.reindex(columns=ASSOCIATIONS)
        table = table[table["p"].notna()]
        if table.empty:
            continue
        names = [str(name) for name in table.columns]
        numbers = [c for c in names if "ci_" in c or c.endswith(("effect", "p", "fdr"))]
        table = table.astype(dict.fromkeys([*numbers, "stability"], "float64"))
        table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
        table["adjusted_fdr"] = benjamini_hochberg(table["adjusted_p"].to_numpy())
        table["adjusted_for"] = np.where(table["adjusted_p"].notna(), ", ".join(adjusted_for), "")
        table["vanishes"] = (table["fdr"] <= FDR) & (table["adjusted_fdr"] > FDR)
        table["adjusted_n"] = table["adjusted_n"].fillna(0).astype("int64")
        table["_strength"] = -table["effect"].abs()
        order = ["p", "_strength", "feature", "contrast"]
        tables.append(table.sort_values(order, kind="stable")[ASSOCIATIONS])
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in ASSOCIATIONS})
    return pd.concat(tables, ignore_index=True)


def families_of(associations: pd.DataFrame, notes: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Count each family's tests, findings, those left once adjusted, and what is detectable."""
    rows = []
    seen = set()
    for names, table in associations.groupby(["layer", "kind"], sort=False):
        layer, kind = (str(name) for name in names)
        seen.add((layer, kind))
        significant = table["fdr"] <= FDR
        adjusted = table["adjusted_fdr"] <= FDR
        n = int(table["n"].max())
        note = notes.get((layer, kind), "")
        if kind in image_families():
            note = "; ".join(filter(None, [DESCRIPTION, note]))
        rows.append(
            {
                "layer": layer,
                "kind": kind,
                "n": n,
                "tests": len(table),
                "found": int(significant.sum()),
                "smallest_fdr": float(table["fdr"].min()),
                "adjusted_found": int(adjusted.sum()),
                "kept": int((significant & adjusted).sum()),
                "note": note,
                "adjusted_n": int(table["adjusted_n"].max()),
                "smallest_p": float(table["p"].min()),
                "detectable": detectable_correlation(n, len(table)),
            }
        )
    for (layer, kind), note in notes.items():
        if (layer, kind) not in seen:
            rows.append(
                {
                    "layer": layer,
                    "kind": kind,
                    "note": note,
                    "n": 0,
                    "tests": 0,
                    "found": 0,
                    "adjusted_found": 0,
                    "kept": 0,
                    "adjusted_n": 0,
                }
            )
    return pd.DataFrame(rows, columns=FAMILIES)
