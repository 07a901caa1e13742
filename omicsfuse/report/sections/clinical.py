"""Section on clinical columns, how the data were made, known labels, and the altered genome."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.biology import EXPLAINED, MINIMUM_ALTERED, TABLE_ONE_NOTES, VOLUME
from omicsfuse.core.results import RunResults
from omicsfuse.io.table_one import printed_rows
from omicsfuse.plot.alterations_grid import (
    MOST_PATIENTS,
    ONE_LEVEL,
    SAME_PATIENTS,
    STAR,
    oncoprint_genes,
)
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section, file_name
from omicsfuse.report.tables import Cell, Table, make_table, with_interval
from omicsfuse.report.words import (
    drawn_of,
    listing,
    names_of_tests,
    plural,
    two_decimals,
)
from omicsfuse.stats.levels import FDR

REFERENCES = {
    "noncentral": "Smithson M. Confidence Intervals. Thousand Oaks: Sage, 2003.",
    "freeman": "Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit "
    "and other problems of significance. Biometrika 1951;38:141-149.",
    "tableone": "Pollard TJ, Johnson AEW, Raffa JD, Mark RG. tableone: an open source Python "
    "package for producing summary statistics for research papers. JAMIA Open 2018;1:26-31. "
    "doi:10.1093/jamiaopen/ooy012",
}

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
    """Say which technical variables the subtypes go together with, the strongest first."""
    table = _technical(results)
    if table.empty:
        return []
    confounding = table[table["fdr"] < FDR].sort_values(
        ["effect", "p"], ascending=[False, True], kind="stable"
    )
    return [_technical_sentence(results, str(name), row) for name, row in confounding.iterrows()]


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
    subtype, _, how = str(row["stands_out"]).partition(": ")
    stands = f" Most different: {clean(subtype)} ({clean(how)})." if how else ""
    what = "are to a large part explained by" if _explained(row) else "go together with"
    why = "They may tell how the data were made rather than what the tumours are."
    for layer in results.cohort.omics:
        if name == f"{VOLUME} ({layer})":
            fused = "was fused" if layer in results.fusion.per_layer else "was not fused"
            why = (
                f"Layer {clean(layer)}, which {fused}, holds the volume itself, and many radiomic "
                "features grow with it: the subtypes may be a roundabout measure of tumour size."
            )
    return f"The subtypes {what} {clean(name)}, a technical variable ({values}).{stands} {why}"


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
        "Clinical and molecular associations",
        (*texts, *_alteration_sentences(results)),
        tables=[*_association_tables(results), *crossed],
        details=[_table_one(results), _altered_genes(results)],
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
        differing = int((rows["fdr"] <= FDR).sum())
        parts.append(f"{differing:,} of {len(rows):,} {clean(alteration)} ({clean(layer)})")
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
    table = results.alterations
    if len(table):
        yield Plan(
            "oncoprint",
            "Altered genes",
            _oncoprint_caption(results),
            "Grid of altered genes over patients by subtype.",
            partial(plot.oncoprint, results.cohort, subtypes, table),
        )


def _oncoprint_caption(results: RunResults) -> str:
    """Say what the rows and the percentages are, with the marks that are drawn."""
    marks = set(oncoprint_genes(results.cohort, results.subtypes, results.alterations).values())
    rows = "Rows: genes most often mutated, amplified or deleted"
    if STAR in marks:
        rows = (
            "Rows: genes that differ between subtypes by mutations, amplifications or deletions "
            f"({STAR}: false discovery rate of at most {FDR:g}), and those most often altered in "
            "these ways"
        )
    any_change = ""
    if ONE_LEVEL in marks:
        rows += (
            "; last, up to a quarter, genes and arms that differ only by gains or losses of one "
            f"level ({ONE_LEVEL})"
        )
        any_change = f", in rows with {ONE_LEVEL} with any change"
    some = drawn_of(len(results.subtypes.labels), MOST_PATIENTS)
    return (
        f"Each column is a patient, by subtype. {rows}. Of genes altered in nearly the same "
        f"patients ({SAME_PATIENTS:.0%} or more in common) one is shown. Percentages: patients "
        f"with a mutation, amplification or deletion{any_change}, of those with any layer that "
        f"measures the gene. White: not measured.{some}"
    )


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
    if len(results.alterations) and results.alterations["p"].notna().any():
        tests = names_of_tests(results.alterations)
        yield (
            "Mutations and copy-number changes of each gene were compared with subtypes "
            f"({'; '.join(tests)}; Fisher's test of more than two subtypes as by Freeman and "
            f"Halton {cite('freeman')}), where at least {MINIMUM_ALTERED} patients had the "
            "alteration and as many had not; the false discovery rate is over the genes of a layer "
            "and a kind of alteration."
        )
    if len(results.table_one):
        yield f"Table 1 was made with tableone {cite('tableone')}."


SECTION = Section(
    "clinical",
    content,
    figures,
    methods,
    REFERENCES,
    summary,
    technical_caveats,
    on_subtypes=True,
    paragraph="biology",
)
