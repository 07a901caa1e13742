"""The section on clinical variables, technical variables, known labels, the altered genome."""

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
from omicsfuse.stats.levels import FDR

REFERENCES = {
    "noncentral": "Smithson M. Confidence Intervals. Thousand Oaks: Sage, 2003.",
    **alterations.REFERENCES,
    "tableone": "Pollard TJ, Johnson AEW, Raffa JD, Mark RG. tableone: an open source Python "
    "package for producing summary statistics for research papers. JAMIA Open 2018;1:26-31. "
    "doi:10.1093/jamiaopen/ooy012",
}

_AFTERWARDS = "Known labels were compared only after the subtypes had been found. "
_KNOWN = (
    "The adjusted Rand index (ARI) and normalised mutual information (NMI) are 1 for identical "
    "groupings; the ARI is about 0 for unrelated groupings."
)
_CIRCULAR = (
    "Agreement with a label that was derived from a fused layer (for example published expression "
    "subtypes) is partly circular: label and subtypes rest on the same data."
)
_NOTHING = "There is no clinical column to compare the subtypes with."
#: Variables that the answer names.
_NAMED = 4
_COLUMNS = ["variable", "role", "n", "missing", "test", "p", "fdr", "effect", "effect_interval"]
_COLUMNS += ["stands_out", "adjusted_rand_index", "normalised_mutual_information", "note"]
_EFFECT = (
    "Effect: epsilon squared for Kruskal-Wallis tests, Cramer's V for the other tests. With many "
    "categories V is biased upwards and may lie above its interval."
)


def summary(results: RunResults) -> list[str]:
    """Say which clinical variables differ, and how far the subtypes agree with known labels."""
    table = results.clinical[_families(results.clinical) == ""]
    if table.empty:
        return [_NOTHING]
    if len(results.subtypes.names) == 1:
        return ["All patients form one group: clinical variables cannot be compared."]
    agreement = table.get("adjusted_rand_index", pd.Series(math.nan, table.index))
    label = agreement.notna()
    return [
        _differing(table[~label], table[label]),
        *([_agreeing(table[label])] if label.any() else []),
    ]


def _differing(table: pd.DataFrame, labels: pd.DataFrame) -> str:
    """How many clinical variables but the known labels differ, and some of smallest p.

    The false discovery rate is over the labels too.
    """
    tested = table.dropna(subset=["p", "fdr"])
    if tested.empty:
        return "No clinical variable could be tested for a difference between subtypes."
    several = plural(len(tested), "clinical variable")
    beside = len(labels.dropna(subset=["p", "fdr"]))
    family = f" over these and {plural(beside, 'known label')}" if beside else ""
    found = tested[tested["fdr"] <= FDR].sort_values("p", kind="stable")
    if found.empty:
        return (
            f"There is no evidence that clinical variables differ between subtypes ({several} "
            f"tested, FDR{family} above {FDR:g})."
        )
    named = [f"{clean(name)} ({_effect(row)})" for name, row in found.head(_NAMED).iterrows()]
    rest = len(found) - len(named)
    named += [f"{rest} more"] if rest else []
    verb = "differs" if len(found) == 1 else "differ"
    return (
        f"{len(found)} of {several} {verb} between subtypes (FDR{family} at most {FDR:g}): "
        f"{listing(named)}."
    )


def _effect(row: pd.Series) -> str:
    """Effect of a variable and its FDR, those that are known."""
    effect = float(row["effect"])
    known = f"{clean(row['effect_name'])} {effect:.2f}" if math.isfinite(effect) else ""
    return ", ".join(filter(None, (known, format_p(float(row["fdr"]), "FDR"))))


def _agreeing(labels: pd.DataFrame) -> str:
    each = [
        f"{clean(name)} {float(row['adjusted_rand_index']):.2f} ({_effect(row)})".replace(" ()", "")
        for name, row in labels.iterrows()
    ]
    return (
        "Agreement with known labels (adjusted Rand index, 1 for identical groupings): "
        f"{listing(each)}."
    )


def _families(table: pd.DataFrame) -> pd.Series:
    """The family of each variable: technical, genome, or empty for clinical variables."""
    role = table["role"] if "role" in table else pd.Series("", table.index)
    return role.where(role.isin(["technical", "genome"]), "")


def content(results: RunResults) -> Content:
    """Compare subtypes with clinical columns, technical variables, known labels and alterations."""
    if not (_families(results.clinical) == "").any():
        texts = [_NOTHING]
    elif results.cohort.known_labels:
        texts = [f"{'' if results.subtypes.given else _AFTERWARDS}{_KNOWN}", _CIRCULAR]
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
    """Clinical variables, technical variables and the burden, a table for each family."""
    frame = results.clinical.rename_axis("variable").reset_index()
    if {"effect_ci_low", "effect_ci_high"} <= set(frame):
        frame = with_interval(frame, "effect", two_decimals)
    family = _families(frame)
    families = (
        (
            family == "",
            "Clinical variables by subtype. FDR: Benjamini-Hochberg over all variables listed. "
            f"{_EFFECT}",
        ),
        (
            family == "technical",
            "Technical variables by subtype. They describe how the data were made and should be "
            "unrelated to the subtypes. Tissue source site and tumour volume are taken from the "
            f"data themselves. FDR: Benjamini-Hochberg over this table. {_EFFECT}",
        ),
        (
            family == "genome",
            "Burden of alterations by subtype. The burden in fused layers describes the subtypes "
            "and is no evidence for them. Fraction of the genome: by the genes of the layer. "
            f"FDR: Benjamini-Hochberg over this table. {_EFFECT}",
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
            "Left: known groups. Right: subtypes. Heights and ribbons: numbers of patients."
            f"{_agreement(results, name)}",
            f"Flow of {plural(int(known.notna().sum()), 'patient')} from the groups of "
            f"{clean(name)} to the subtypes.",
            partial(plot.alluvial, subtypes, known, name=clean(name)),
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
        "with a known group)."
    )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Name the tests of clinical columns and of altered genes."""
    if len(results.clinical):
        tests = names_of_tests(results.clinical)
        yield (
            f"Clinical variables were compared between subtypes ({'; '.join(tests) or 'no test'}). "
            f"Effect sizes are Cramer's V and epsilon squared, with intervals from the noncentral "
            f"chi-square distribution {cite('noncentral')}. The false discovery rate {cite('fdr')} "
            "is over all clinical variables, separately over technical variables and over the "
            "burden of alterations."
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
