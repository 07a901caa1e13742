"""Somatic mutations in MAF files, as a table of patients x genes with 0 and 1.

Format: https://docs.gdc.cancer.gov/Data/File_Formats/MAF_Format/
"""

import csv
import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.identifiers import resolve_identifiers
from omicsfuse.io.files.delimited import plain_plan
from omicsfuse.io.files.dialect import fields
from omicsfuse.io.files.opening import ANNOTATED, PARQUET, plain_name
from omicsfuse.io.files.text import Reading, open_text
from omicsfuse.io.layouts.folders import sample_files
from omicsfuse.io.sequenced import sequenced_list

GENE, CLASS, SAMPLE = "Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode"
#: Reads of the tumour with the mutation, without it, and all.
MUTANT, REFERENCE, DEPTH = "t_alt_count", "t_ref_count", "t_depth"

#: Classes that do not change the protein; variants of these do not count as mutations by default.
SILENT_CLASSES = (
    "Silent",
    "Intron",
    "3'UTR",
    "5'UTR",
    "3'Flank",
    "5'Flank",
    "IGR",
    "RNA",
    "lincRNA",
    "Splice_Region",
    "Targeted_Region",
)

#: Columns of the same meaning in mutation tables of UCSC Xena, where all three are there.
_OF_XENA = {GENE: "gene", CLASS: "effect", SAMPLE: "sample"}
#: Consequences as Ensembl names them (Xena hub of the GDC): those that do not change the protein.
_SILENT_CONSEQUENCES = (
    "synonymous_variant",
    "stop_retained_variant",
    "start_retained_variant",
    "intron_variant",
    "3_prime_UTR_variant",
    "5_prime_UTR_variant",
    "upstream_gene_variant",
    "downstream_gene_variant",
    "intergenic_variant",
    "non_coding_transcript_exon_variant",
    "non_coding_transcript_variant",
    "NMD_transcript_variant",
    "mature_miRNA_variant",
    "splice_region_variant",
    "splice_polypyrimidine_tract_variant",
    "splice_donor_region_variant",
    "splice_donor_5th_base_variant",
    "incomplete_terminal_codon_variant",
    "coding_sequence_variant",
    "regulatory_region_variant",
    "TF_binding_site_variant",
)
_CONSEQUENCES = (
    "missense_variant",
    "stop_gained",
    "stop_lost",
    "start_lost",
    "frameshift_variant",
    "inframe_insertion",
    "inframe_deletion",
    "splice_acceptor_variant",
    "splice_donor_variant",
    "protein_altering_variant",
    "transcript_ablation",
)

#: Classes that change the protein.
NON_SILENT_CLASSES = (
    "Missense_Mutation",
    "Nonsense_Mutation",
    "Nonstop_Mutation",
    "Frame_Shift_Del",
    "Frame_Shift_Ins",
    "In_Frame_Del",
    "In_Frame_Ins",
    "Splice_Site",
    "Translation_Start_Site",
    "De_novo_Start_InFrame",
    "De_novo_Start_OutOfFrame",
    "Start_Codon_SNP",
    "Start_Codon_Del",
    "Start_Codon_Ins",
    "Stop_Codon_Del",
    "Stop_Codon_Ins",
)


def read_maf(
    path: str | Path,
    silent: bool = False,
    *,
    sequenced: Sequence[str] | Path | None = None,
    exclusions: list[Exclusion] | None = None,
    layer: str = "mutation",
) -> pd.DataFrame:
    r"""Read a MAF file into a table of mutated genes.

    Variants of ``SILENT_CLASSES`` are not counted by default. Every patient of the file stays in
    the table, with zeros if all variants are silent. A MAF has no patients without variants: name
    them in ``sequenced``.

    A TCGA patient with several samples has one of them, by the rule of ``resolve_identifiers``.

    Parameters
    ----------
    path : str or pathlib.Path
        MAF file, packed or not, with columns ``Hugo_Symbol``, ``Variant_Classification`` and
        ``Tumor_Sample_Barcode``; others are ignored, as are lines that begin with ``#``.
    silent : bool
        Whether to count silent variants too.
    sequenced : sequence of str or pathlib.Path, optional
        Patients or samples that were sequenced, or a file with their names: a case list of
        cBioPortal, or names between lines, tabs, commas, semicolons or spaces.
    exclusions : list of Exclusion, optional
        Exclusions are appended to it.
    layer : str
        Name of the layer, for the exclusions.

    Returns
    -------
    pandas.DataFrame
        Patients (sorted) x genes with at least one mutation (sorted), 0.0 or 1.0. A cohort read
        from a manifest keeps the read counts of a MAF too (``Layer.variants``).

    Raises
    ------
    CohortError
        If the file cannot be read, lacks a column, has rows without a sample, or has no variant to
        count.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_maf
    >>> import tempfile
    >>> rows = ["Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode",
    ...         "TP53\tMissense_Mutation\tP1", "TTN\tSilent\tP2"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "cohort.maf"
    ...     _ = file.write_text("\n".join(rows))
    ...     read_maf(file, sequenced=["P3"]).to_dict()
    {'TP53': {'P1': 1.0, 'P2': 0.0, 'P3': 0.0}}
    """
    counted = [] if exclusions is None else exclusions
    return read_mutations(path, silent, sequenced=sequenced, exclusions=counted, layer=layer)[0]


def read_mutations(
    path: str | Path,
    silent: bool,
    *,
    sequenced: Sequence[str] | Path | None,
    exclusions: list[Exclusion],
    layer: str,
    reading: Reading | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Read a MAF as `read_maf` does; beside it read counts (``Layer.variants``), if it has them."""
    path = Path(path)
    reading = reading or Reading()
    variants = (
        _of_folder(path, exclusions, layer, reading)
        if path.is_dir()
        else _read_variants(path, reading)
    )
    if not len(variants):
        raise CohortError(f"{path.name}: the MAF has a header but no variants.")
    nameless = variants[SAMPLE].eq("")
    if nameless.any():
        raise CohortError(
            f"{path.name}: {count(int(nameless.sum()), 'variant')} without a sample: column "
            f'"{SAMPLE}" is empty, first in variant {int(np.flatnonzero(nameless)[0]) + 1}. '
            "Name each sample, or remove the rows."
        )
    samples = variants[SAMPLE].drop_duplicates().tolist()
    resolved = resolve_identifiers(samples, layer)
    exclusions += resolved.exclusions
    patient_of = {samples[i]: p for i, p in zip(resolved.positions, resolved.patients, strict=True)}
    variants = variants[variants[SAMPLE].isin(list(patient_of))]
    others = resolve_identifiers(sequenced_list(sequenced), layer).patients
    patients = sorted({*patient_of.values(), *others})

    counted = _counted(variants, silent, path, exclusions, layer)
    if counted.empty:
        raise CohortError(
            f"{path.name}: no variant counts as a mutation; classes found: "
            f"{listed(variants[CLASS].unique(), 8)}. Set silent = true to count silent variants."
        )
    genes = sorted(set(counted[GENE]))
    values = np.zeros((len(patients), len(genes)))
    row_of = {patient: i for i, patient in enumerate(patients)}
    column_of = {gene: j for j, gene in enumerate(genes)}
    values[
        [row_of[patient_of[sample]] for sample in counted[SAMPLE]],
        [column_of[gene] for gene in counted[GENE]],
    ] = 1.0
    table = pd.DataFrame(values, index=pd.Index(patients, name="patient"), columns=genes)
    return table, _read_counts(variants, patient_of, exclusions, layer)


def _read_counts(
    variants: pd.DataFrame, patient_of: dict[str, str], exclusions: list[Exclusion], layer: str
) -> pd.DataFrame | None:
    """Reads with the mutation and all reads of every variant, silent ones included."""
    if MUTANT not in variants or not {DEPTH, REFERENCE} & set(variants):
        return None
    text = variants.reindex(columns=[MUTANT, REFERENCE, DEPTH])
    reads = {name: pd.to_numeric(text[name], errors="coerce") for name in text}
    depth = reads[DEPTH].fillna(reads[MUTANT] + reads[REFERENCE])
    known = reads[MUTANT].notna() & depth.notna()
    possible = (reads[MUTANT] >= 0) & (depth > 0) & (reads[MUTANT] <= depth)
    if (known & ~possible).any():
        reason = f"{MUTANT} negative or above {DEPTH}: no allele fraction"
        exclusions.append(
            Exclusion("read", layer, "variants", int((known & ~possible).sum()), reason)
        )
    patient = variants[SAMPLE].map(patient_of)
    table = pd.DataFrame({"patient": patient, MUTANT: reads[MUTANT], DEPTH: depth})
    table = table[possible].sort_values(["patient", MUTANT, DEPTH], kind="stable")
    return table.reset_index(drop=True) if len(table) else None


def is_maf(path: Path, reading: Reading | None = None) -> bool:
    """Whether a text file is meant as a MAF: by its name, or two of a MAF's three columns.

    Of a folder the first file tells.
    """
    if path.is_dir():
        return is_maf(sample_files(path)[0].path, reading)
    if plain_name(path.name).endswith((*ANNOTATED, *PARQUET)):
        return False
    text = open_text(path, reading)
    plan = plain_plan(text, reading or Reading())
    names = {name.strip().lower() for name in fields(text.lines[plan.header], plan.separator)}
    present = sum(column.lower() in names for column in (GENE, CLASS, SAMPLE))
    of_xena = set(_OF_XENA.values()) <= names
    return present >= 2 or of_xena or text.name.endswith(".maf")


def _of_folder(
    folder: Path, exclusions: list[Exclusion], layer: str, reading: Reading
) -> pd.DataFrame:
    """Variants of a file a sample, as the GDC gives them; files without variants are counted."""
    tables, empty = [], []
    for file in sample_files(folder):
        table = _read_variants(file.path, reading)
        if len(table):
            tables.append(table)
        else:
            empty.append(file.path.name)
    if not tables:
        raise CohortError(f"{folder}: none of its {len(empty)} files holds a variant.")
    if empty:
        reason = "MAF files without a variant, which do not tell their sample: name it in sequenced"
        exclusions.append(Exclusion("read", layer, "files", len(empty), reason, tuple(empty[:5])))
    return pd.concat(tables, ignore_index=True)


def _read_variants(path: Path, reading: Reading) -> pd.DataFrame:
    """Read the three columns, as text, and those of read counts that are there."""
    text = open_text(path, reading)
    plan = plain_plan(text, reading)
    header = [name.strip() for name in fields(text.lines[plan.header], plan.separator)]
    lowered = [name.lower() for name in header]
    if set(_OF_XENA.values()) <= set(lowered) and GENE.lower() not in lowered:
        of_maf = {name: column.lower() for column, name in _OF_XENA.items()}
        lowered = [of_maf.get(name, name) for name in lowered]
    missing = [column for column in (GENE, CLASS, SAMPLE) if column.lower() not in lowered]
    if missing:
        is_or_are = "is" if len(missing) == 1 else "are"
        raise CohortError(
            f'{path.name}: a MAF needs the columns "{GENE}", "{CLASS}" and "{SAMPLE}"; '
            f"{listed(missing)} {is_or_are} missing; {did_you_mean(missing[0], header)}. Rename "
            f"the {'column' if len(missing) == 1 else 'columns'}"
            ', or, if the file is a table of 0 and 1, set format = "table" for the layer.'
        )
    lines = text.content.split(b"\n")[plan.header + 1 :]
    body = b"\n".join(line for line in lines if line.strip() and not line.startswith(b"#"))
    wanted = (GENE, CLASS, SAMPLE, MUTANT, REFERENCE, DEPTH)
    positions = {lowered.index(name.lower()): name for name in wanted if name.lower() in lowered}
    if not body:
        return pd.DataFrame(columns=list(positions.values()), dtype=str)
    tabs = plan.separator == "\t"
    try:
        table = pd.read_csv(
            io.BytesIO(body),
            sep=plan.separator,
            header=None,
            names=list(range(len(header))),
            usecols=list(positions),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            # Tabs never stand in cells of a MAF, and lone quotes do: 5" and 3'.
            quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        )
    except (ValueError, pd.errors.ParserWarning) as fault:  # ParserError is a ValueError
        raise CohortError(f"{path.name}: the MAF cannot be read: {fault}") from None
    table = table.rename(columns=positions)
    return table.apply(lambda column: column.str.strip())


def _counted(
    variants: pd.DataFrame, silent: bool, path: Path, exclusions: list[Exclusion], layer: str
) -> pd.DataFrame:
    """Variants that count as mutations; the others are counted as exclusions."""
    nameless = variants[GENE].isin(["", ".", "Unknown"])
    silent_ones = {name.lower() for name in (*SILENT_CLASSES, *_SILENT_CONSEQUENCES)}
    known = silent_ones | {name.lower() for name in (*NON_SILENT_CLASSES, *_CONSEQUENCES)}
    # Several consequences of a variant stand in one cell: missense_variant;splice_region_variant.
    parts = {name: set(re.split(r"[;&,]\s*", name.lower())) for name in variants[CLASS].unique()}
    quiet = variants[CLASS].isin([name for name in parts if parts[name] <= silent_ones])
    strange = sorted(name for name in parts if not parts[name] <= known)
    if strange and not silent:
        warnings.warn(
            f"{path.name}: unknown variant classes {listed(strange)} are counted as mutations.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    if silent:
        quiet = pd.Series(False, index=variants.index)
    for rows, reason in (
        (nameless, "variants without a gene"),
        (quiet & ~nameless, "silent variants"),
    ):
        if rows.any():
            examples = tuple(sorted(set(variants.loc[rows, CLASS])))[:5]
            exclusions.append(
                Exclusion("read", layer, "variants", int(rows.sum()), reason, examples)
            )
    return variants[~nameless & ~quiet]
