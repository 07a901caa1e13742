"""Tables of gene names: current symbols, previous ones, aliases, Ensembl and Entrez identifiers."""

import csv
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.errors import StudyError
from omicsfuse.io.files.text import read_bytes
from omicsfuse.io.tables import MISSING_WORDS

#: Columns of a table of gene names beside ``symbol``; any of them will do.
NAME_COLUMNS = ("alias_symbol", "prev_symbol", "ensembl_gene_id", "entrez_id")


def read_gene_table(path: str | Path) -> pd.DataFrame:
    r"""Read a table of gene names, such as HGNC's complete set.

    Format: https://www.genenames.org/help/statistics-and-files (``hgnc_complete_set.txt``): one
    gene a row, several names of a cell separated by ``|``. Other tables need the column ``symbol``
    and at least one of ``NAME_COLUMNS``.

    Parameters
    ----------
    path : str or pathlib.Path
        TSV (or CSV, by its name), gzipped or not.

    Returns
    -------
    pandas.DataFrame
        One row a gene: column ``symbol`` and the ``NAME_COLUMNS`` of the file, as text, empty if
        missing; genes without a symbol are excluded.

    Raises
    ------
    StudyError
        If the file cannot be read, lacks ``symbol`` or all of the others, has a row of another
        length, or no gene.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_gene_table
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "hgnc.tsv"
    ...     _ = file.write_text("symbol\tprev_symbol\nMARCHF1\tMARCH1|RNF171\nEGFR\t\n")
    ...     read_gene_table(file).to_dict("list")
    {'symbol': ['MARCHF1', 'EGFR'], 'prev_symbol': ['MARCH1|RNF171', '']}
    """
    path = Path(path)
    separator = "," if path.name.removesuffix(".gz").lower().endswith(".csv") else "\t"
    lines = read_bytes(path, StudyError).decode("utf-8").split("\n")
    rows = list(csv.reader((line for line in lines if line.strip()), delimiter=separator))
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise StudyError(
                f"{path}: row {number} has {len(row)} fields and the header {len(header)}. "
                "The file may be truncated."
            )
    table = pd.DataFrame(rows[1:], columns=header, dtype=object)
    return check_gene_table(table, str(path))


def check_gene_table(table: pd.DataFrame, where: str = "table of gene names") -> pd.DataFrame:
    """Check a table of gene names, one gene a row, and keep what `read_gene_table` returns."""
    columns = [str(name) for name in table.columns]
    if "symbol" not in columns:
        raise StudyError(
            f'{where}: there is no column "symbol" (current symbols); the columns are '
            f"{listed(columns)}. {did_you_mean('symbol', columns)}."
        )
    others = [name for name in NAME_COLUMNS if name in columns]
    if not others:
        raise StudyError(
            f"{where}: found none of the columns {', '.join(NAME_COLUMNS)}; at least one is "
            f"needed. The columns are {listed(columns)}."
        )
    used = ["symbol", *others]
    twice = [name for name in used if columns.count(name) > 1]
    if twice:
        raise StudyError(f'{where}: column "{twice[0]}" occurs {columns.count(twice[0])} times.')
    table = table.set_axis(columns, axis=1)[used]
    table = pd.DataFrame({name: [_text(cell) for cell in table[name]] for name in used})
    if "entrez_id" in table:
        # Programs that take identifiers for numbers write 1956 as 1956.0.
        table["entrez_id"] = table["entrez_id"].str.removesuffix(".0")
    table = table[table["symbol"] != ""].reset_index(drop=True)
    if table.empty:
        raise StudyError(f"{where}: the table has no genes.")
    return table


def _text(cell: object) -> str:
    """Write a cell as text: a whole number without a point, nothing where nothing is known."""
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.0f}" if cell.is_integer() else str(cell)
    # A symbol may be a word for missing elsewhere, but none is "NA" among HGNC's.
    text = "" if cell is None or cell is pd.NA else str(cell).strip()
    return "" if text in MISSING_WORDS else text
