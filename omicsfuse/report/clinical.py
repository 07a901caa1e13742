"""Section on clinical columns, how the data were made, known labels, and the altered genome."""

import math

import pandas as pd

from omicsfuse.biology import EXPLAINED, TABLE_ONE_NOTES, VOLUME
from omicsfuse.core.results import RunResults
from omicsfuse.io.table_one import printed_rows
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.plans import FigureView
from omicsfuse.report.tables import Cell, Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing
from omicsfuse.stats.levels import FDR

#: Genes of a layer and an alteration in the table of altered genes; two whose shares are nearer
#: than this in every subtype are taken for neighbours, and the first stands for both.
_MOST_GENES, _SAME_SHARE = 5, 0.08
#: Rows of Table 1 from which on it is folded.
_LONG = 40

_KNOWN = (
    "Known labels (if any) were looked at only after the subtypes were found. ARI (adjusted "
    "Rand index) and NMI (normalised mutual information) are 1 for identical groupings; ARI is "
    "about 0 for unrelated ones."
)
_CIRCULAR = (
    "A label or column derived from a fused layer itself, as published expression subtypes are "
    "where expression was fused, agrees with the subtypes partly because both rest on the same "
    "data: such agreement is partly circular."
)
_COLUMNS = ["variable", "role", "n", "missing", "test", "p", "fdr", "effect", "effect_interval"]
_COLUMNS += ["stands_out", "adjusted_rand_index", "normalised_mutual_information", "note"]
_EFFECT = (
    "Effect: epsilon squared for Kruskal-Wallis, Cramer's V for the others; with many categories V "
    "is biased upwards and may lie above its interval."
)


def technical_caveats(results: RunResults) -> list[str]:
    """Say which technical variables the subtypes go together with, the strongest first.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One sentence or two for each with a false discovery rate below ``FDR``.
    """
    table = _technical(results)
    if table.empty:
        return []
    found = table[table["fdr"] < FDR].sort_values(
        ["effect", "p"], ascending=[False, True], kind="stable"
    )
    return [_technical_sentence(results, str(name), row) for name, row in found.iterrows()]


def explaining_variables(results: RunResults) -> list[str]:
    """Name the technical variables that the subtypes are explained by, the strongest first.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        Those with a false discovery rate below ``FDR`` and an effect of at least
        ``EXPLAINED`` that is within its interval.
    """
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
    subtype, _, how = str(row["stands_out"]).partition(": ")
    stands = f" Most different: {clean(subtype)} ({clean(how)})." if how else ""
    what = "are to a large part explained by" if _explained(row) else "go together with"
    text = (
        f"The subtypes {what} {clean(name)}, a technical variable ({values}).{stands} They may "
        "tell how the data were made rather than what the tumours are."
    )
    if name.startswith(VOLUME):
        layer = name.removeprefix(f"{VOLUME} (").removesuffix(")")
        fused = "was fused" if layer in results.fusion.per_layer else "was not fused"
        text = text.replace(
            "They may tell how the data were made rather than what the tumours are.",
            f"Layer {clean(layer)}, which {fused}, holds the volume itself, and many radiomic "
            "features grow with it: the subtypes may be a roundabout measure of tumour size.",
        )
    return text


def clinical_section(results: RunResults, figures: tuple[FigureView, ...] = ()) -> Section:
    """Compare subtypes with clinical columns, technical variables, known labels and alterations."""
    title = "Clinical and molecular associations"
    role = results.clinical.get("role", pd.Series("", results.clinical.index))
    if not (~role.isin(["technical", "genome"])).any():
        texts = ["There is no clinical column to compare the subtypes with."]
    elif results.cohort.known_labels:
        texts = [_KNOWN, _CIRCULAR]
    else:
        texts = []
    crossed = [_known_label(results, name) for name in results.cohort.known_labels]
    return Section(
        "clinical",
        title,
        (*texts, *_alteration_sentences(results)),
        figures=figures,
        tables=present(*_association_tables(results), *crossed),
        details=present(_table_one(results), _altered_genes(results)),
    )


def _association_tables(results: RunResults) -> list[Table | None]:
    """Clinical columns, technical variables and the burden, each family in a table of its own."""
    frame = results.clinical.rename_axis("variable").reset_index()
    if {"effect_ci_low", "effect_ci_high"} <= set(frame):
        frame = with_interval(
            frame, "effect_ci_low", "effect_ci_high", "effect_interval", lambda x: f"{x:.2f}"
        )
    role = frame["role"] if "role" in frame else pd.Series("", frame.index)
    families = (
        (
            ~role.isin(["technical", "genome"]),
            "Clinical columns against subtypes. FDR: Benjamini-Hochberg over all columns listed. "
            f"{_EFFECT}",
        ),
        (
            role == "technical",
            "Technical variables against subtypes. How the data were made, which subtypes should "
            "have nothing to do with; tissue source site and tumour volume are taken from the data "
            f"themselves. FDR: Benjamini-Hochberg over this table. {_EFFECT}",
        ),
        (
            role == "genome",
            "Burden of alterations against subtypes. From layers that were fused it describes the "
            "subtypes and is no evidence for them; the fraction of the genome is by the genes of "
            f"the layer. FDR: Benjamini-Hochberg over this table. {_EFFECT}",
        ),
    )
    if "stands_out" in frame:
        frame = frame.assign(stands_out=[shorten(text, 30) for text in frame["stands_out"]])
    # The note of a burden says where it is from, which the caption does.
    left_out: tuple[set[str], ...] = (set(), {"role"}, {"role", "note"})
    return [
        make_table(frame[rows], [name for name in _COLUMNS if name not in without], caption)
        for without, (rows, caption) in zip(left_out, families, strict=True)
    ]


def _known_label(results: RunResults, name: str) -> Table | None:
    """Count the patients of each subtype by a known label."""
    clinical = results.cohort.clinical
    if clinical is None or name not in clinical:
        return None
    labels = results.subtypes.labels
    known = clinical[name].reindex(labels.index)
    counts = pd.crosstab(labels, known.astype(object).where(known.notna(), "not known"))
    levels = sorted((level for level in counts if level != "not known"), key=str)
    levels += ["not known"] if "not known" in counts else []
    counts = counts.reindex(index=results.subtypes.names)[levels]
    frame = counts.rename(columns=clean).reset_index(names="subtype")
    return make_table(frame, list(frame.columns), f"Patients of each subtype by {clean(name)}.")


def _table_one(results: RunResults) -> Table | None:
    """Table 1 as the files have it."""
    if results.table_one.empty:
        return None
    headings, rows = printed_rows(results.table_one)
    if not rows:
        return None
    body = tuple(
        (
            Cell(clean(row.label), indented=row.level),
            *(Cell(clean(cell), number=True) for cell in row.cells),
        )
        for row in rows
    )
    files = "Also in table1.csv, table1.html and table1.docx."
    return Table(
        f"Table 1. {files}",
        (Cell("variable"), *(Cell(clean(name), number=True) for name in headings)),
        body,
        TABLE_ONE_NOTES,
        folded=len(rows) > _LONG,
    )


def _alteration_sentences(results: RunResults) -> list[str]:
    """Say how many genes differ, family by family, and what that is worth."""
    table = results.alterations
    tested = table.dropna(subset=["p"]) if len(table) else table
    if tested.empty:
        return ["No gene was altered in enough patients to be tested."] if len(table) else []
    parts = []
    for (layer, alteration), rows in tested.groupby(["layer", "alteration"], sort=False):
        found = int((rows["fdr"] <= FDR).sum())
        parts.append(f"{found:,} of {len(rows):,} {clean(alteration)} ({clean(layer)})")
    fused = [name for name in dict.fromkeys(tested["layer"]) if name in results.fusion.per_layer]
    text = (
        f"Genes that differ between subtypes with a false discovery rate of at most {FDR}, of "
        f"those tested: {listing(parts)}. Neighbouring genes change their copy number together and "
        "are not separate findings."
    )
    if fused:
        noun = "Layer" if len(fused) == 1 else "Layers"
        text += (
            f" {noun} {listing(fused)} {'was' if len(fused) == 1 else 'were'} fused: there the "
            "p-values describe the subtypes and are no evidence that they exist."
        )
    return [text]


def _altered_genes(results: RunResults) -> Table | None:
    """The altered genes with the smallest false discovery rates."""
    table = results.alterations
    if table.empty:
        return None
    shares = [str(name) for name in table if str(name).startswith("share_")]
    rows: list[int] = []
    for _, family in table.dropna(subset=["p"]).groupby(["layer", "alteration"], sort=False):
        rows += _apart(family.sort_values(["p", "gene"], kind="stable"), shares)
    best = table.loc[rows]
    percent = {
        name: [f"{100 * x:.0f}%" if math.isfinite(x) else "-" for x in best[name]]
        for name in shares
    }
    named = {name: name.removeprefix("share_") for name in shares}
    frame = best.assign(**percent).rename(columns=named)
    columns = ["gene", "alteration", "layer", "n", "n_altered", *named.values()]
    caption = (
        f"Altered genes by subtype. Share of each subtype's patients who have it; up to "
        f"{_MOST_GENES} genes of each layer and kind of alteration, smallest p first, neighbours "
        "with nearly the same shares once; alterations.tsv has them all. FDR: Benjamini-Hochberg "
        "over the genes tested of one layer and one kind of alteration."
    )
    return make_table(frame, [*columns, "test", "effect", "p", "fdr"], caption)


def _apart(family: pd.DataFrame, shares: list[str]) -> list[int]:
    """Rows of the first genes whose shares are not those of one before."""
    taken: list[int] = []
    values = family[shares].fillna(0)
    for row in family.index:
        near = (values.loc[taken] - values.loc[row]).abs().max(axis=1)
        if not (near < _SAME_SHARE).any():
            taken.append(row)
        if len(taken) == _MOST_GENES:
            break
    return taken
