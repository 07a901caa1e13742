"""Gene sets in GMT files: one set a line, name, description and genes between tabs."""

import re
from pathlib import Path

from omicsfuse.core.checks.tables import listed
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.io.files.text import read_bytes

#: What Enrichr writes after each gene.
_WEIGHT = re.compile(r",-?\d+(\.\d+)?$")


def read_gmt(path: str | Path, exclusions: list[Exclusion] | None = None) -> dict[str, list[str]]:
    r"""Read gene sets from a GMT file.

    Format: https://software.broadinstitute.org/cancer/software/gsea/wiki/index.php/Data_formats

    Parameters
    ----------
    path : str or pathlib.Path
        GMT file, gzipped or not.
    exclusions : list of Exclusion, optional
        Sets without genes are excluded and counted in it.

    Returns
    -------
    dict of str to list of str
        Genes of each set, each gene once, in the order of the file.

    Raises
    ------
    StudyError
        If the file cannot be read, a line is not a gene set, a set occurs twice, or there are no
        sets.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_gmt
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sets.gmt"
    ...     _ = file.write_text("HYPOXIA\tna\tVEGFA\tCA9\nEMPTY\tna\n")
    ...     read_gmt(file)
    {'HYPOXIA': ['VEGFA', 'CA9']}
    """
    path = Path(path)
    sets: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(read_bytes(path, StudyError).decode("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        name, *rest = [part.strip() for part in line.split("\t")]
        if not name or not rest:
            raise StudyError(
                f"{path}: line {number} is not a gene set: expected a name, a description and "
                f"genes, separated by tabs; found: {line[:60]}"
            )
        if name in sets:
            raise StudyError(
                f'{path}: gene set "{name}" occurs twice, in lines {lines[name]} and {number}. '
                "Rename or remove one of them."
            )
        lines[name] = number
        genes = [_WEIGHT.sub("", gene) for gene in rest[1:]]
        sets[name] = list(dict.fromkeys(gene for gene in genes if gene))
    empty = [name for name, genes in sets.items() if not genes]
    if empty and exclusions is not None:
        reason = f"gene sets of {path.name} without genes"
        exclusions.append(
            Exclusion("read", "gene_sets", "gene sets", len(empty), reason, tuple(empty[:5]))
        )
    if len(empty) == len(sets):
        raise StudyError(f"{path}: no gene set has genes (sets: {listed(sets)}).")
    return {name: genes for name, genes in sets.items() if genes}
