"""Stability of the rankings of features by an imaging model."""

from omicsfuse.core.results import Interpretation
from omicsfuse.plot.numbers import format_number
from omicsfuse.report.tables import Table, make_table, with_interval


def sentences(model: Interpretation) -> list[str]:
    """Say how well the rankings of genes in two halves of the patients agree."""
    rows = model.stability
    if len(rows):
        rows = rows[rows["layer"] == model.params.get("gene_layer")]
    if len(rows) != 1 or not rows["split_half"].notna().all():
        return []
    row = rows.iloc[0]
    return [
        f"The rankings of genes in two halves of the patients have a rank correlation of "
        f"{row['split_half']:.2f} (95% of divisions: {row['split_half_low']:.2f} to "
        f"{row['split_half_high']:.2f}; 0 without any association)."
    ]


def table(model: Interpretation) -> Table | None:
    """Stability of the ranking of each layer."""
    if model.stability.empty:
        return None
    rows = with_interval(model.stability, "", format_number)
    rows = with_interval(rows, "split_half", format_number, "95% of halves")
    columns = ["layer", "contrast", "n_resamples", "rank_correlation", "interval", "split_half"]
    return make_table(
        rows,
        [*columns, "95% of halves"],
        "Stability of the rankings. Rank correlation of subsamples of 80% with all patients (about "
        "0.9 by chance, as they share patients), and of two halves, which share no patient (about "
        "0 by chance).",
        file="interpretation_stability.tsv",
    )
