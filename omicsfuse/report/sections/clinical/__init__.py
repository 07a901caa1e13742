"""The section on clinical columns, technical variables, known labels, and the altered genome."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.biology.table_one import NOTES as TABLE_ONE_NOTES
from omicsfuse.core.results import RunResults
from omicsfuse.io.table_one import printed_rows
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section, file_name
from omicsfuse.report.sections.clinical import alterations, technical
from omicsfuse.report.tables import Cell, Table, make_table, with_interval
from omicsfuse.report.words import listing, names_of_tests, plural, two_decimals

REFERENCES = {
    "noncentral": "Smithson M. Confidence Intervals. Thousand Oaks: Sage, 2003.",
    **alterations.REFERENCES,
    "tableone": "Pollard TJ, Johnson AEW, Raffa JD, Mark RG. tableone: an open source Python "
    "package for producing summary statistics for research papers. JAMIA Open 2018;1:26-31. "
    "doi:10.1093/jamiaopen/ooy012",
}

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


def summary(results: RunResults) -> list[str]:
    """Say how far the subtypes agree with known labels."""
    if "adjusted_rand_index" not in results.clinical or len(results.subtypes.names) == 1:
        return []
    known = results.clinical.dropna(subset=["adjusted_rand_index"])
    if known.empty:
        return []
    each = []
    for name, row in known.iterrows():
        text = f"{clean(name)} {float(row['adjusted_rand_index']):.2f}"
        p, effect = float(row["p"]), float(row["effect"])
        if math.isfinite(p) and math.isfinite(effect):
            text += f" (association: {clean(row['effect_name'])} {effect:.2f}, {format_p(p)})"
        each.append(text)
    return [f"Agreement with known labels (adjusted Rand index, 1 is identical): {listing(each)}."]


def content(results: RunResults) -> Content:
    """Compare subtypes with clinical columns, technical variables, known labels and alterations."""
    role = results.clinical.get("role", pd.Series("", results.clinical.index))
    if not (~role.isin(["technical", "genome"])).any():
        texts = ["There is no clinical column to compare the subtypes with."]
    elif results.cohort.known_labels:
        texts = [_KNOWN, _CIRCULAR]
    else:
        texts = []
    crossed = [_known_label(results, name) for name in results.cohort.known_labels]
    return Content(
        "Which clinical and technical variables differ?",
        (*texts, *alterations.sentences(results)),
        tables=[*_association_tables(results), *crossed],
        details=[_table_one(results), alterations.genes_table(results)],
    )


def _association_tables(results: RunResults) -> list[Table | None]:
    """Clinical columns, technical variables and the burden, each family in a table of its own."""
    frame = results.clinical.rename_axis("variable").reset_index()
    if {"effect_ci_low", "effect_ci_high"} <= set(frame):
        frame = with_interval(frame, "effect", two_decimals)
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
        make_table(
            frame[rows],
            [name for name in _COLUMNS if name not in without],
            caption,
            file="clinical.tsv",
        )
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
    return make_table(
        frame,
        list(frame.columns),
        f"Patients of each subtype by {clean(name)}.",
        file="subtypes.tsv",
    )


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
    return Table(
        "Table 1.",
        (Cell("variable"), *(Cell(clean(name), number=True) for name in headings)),
        body,
        TABLE_ONE_NOTES,
        file="table1.docx",
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Flows from each known label that some patient has, and the oncoprint."""
    clinical, subtypes = results.cohort.clinical, results.subtypes
    for number, name in enumerate(results.cohort.known_labels, start=1):
        if clinical is None or name not in clinical or len(subtypes.names) == 1:
            continue
        known = clinical[name].reindex(subtypes.labels.index)
        if not known.notna().any():
            continue
        yield Plan(
            file_name("known_label", str(number), name),
            f"{clean(name)} and the subtypes",
            "Known groups at the left, subtypes at the right, as high as their number of patients; "
            f"ribbons are the patients in common.{_agreement(results, name)}",
            f"Flow of {plural(int(known.notna().sum()), 'patient')} from the groups of "
            f"{clean(name)} to the subtypes.",
            partial(plot.alluvial, subtypes, known, clean(name)),
        )
    yield from alterations.figures(results)


def _agreement(results: RunResults, name: str) -> str:
    """Adjusted Rand index and normalised mutual information, as a sentence."""
    table = results.clinical
    if name not in table.index or "adjusted_rand_index" not in table:
        return ""
    rand, mutual = (
        float(table[column][name])
        for column in ("adjusted_rand_index", "normalised_mutual_information")
    )
    if rand != rand:
        return ""
    return (
        f" Adjusted Rand index {rand:.2f}, normalised mutual information {mutual:.2f} (patients "
        "whose group is known)."
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the tests of clinical columns and of altered genes."""
    if len(results.clinical):
        tests = names_of_tests(results.clinical)
        yield (
            f"Clinical columns were compared with subtypes ({'; '.join(tests) or 'no test'}); "
            f"effect sizes are Cramer's V and epsilon squared, with intervals from the noncentral "
            f"chi-square distribution {cite('noncentral')}; the false discovery rate {cite('fdr')} "
            "is over all clinical columns, and apart for technical variables and for the burden of "
            "alterations."
        )
    yield from alterations.methods(results, cite)
    if len(results.table_one):
        yield f"Table 1 was made with tableone {cite('tableone')}."


SECTION = Section(
    "clinical",
    content,
    figures,
    methods,
    REFERENCES,
    summary,
    technical.caveats,
    on_subtypes=True,
    paragraph="biology",
)
