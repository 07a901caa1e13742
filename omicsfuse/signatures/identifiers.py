"""Genes of a signature found in a cohort that may name them otherwise, and how each was found."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.io.gene_names import check_gene_table

#: Columns of a table of matches.
MATCH_COLUMNS = ["gene", "found_as", "how", "candidates"]

AMBIGUOUS = "ambiguous"
NOT_FOUND = "not found"

_ENSEMBL = re.compile(r"(ENS[A-Z]{0,5}G\d{11})(?:\.\d+)?", re.IGNORECASE)
#: Share of the names from which on they are of one kind.
_MOSTLY = 0.9
#: Kinds of symbols, the surest first.
_SYMBOLS = ("symbol", "previous symbol", "alias")
_WORDS = {"symbol": "gene symbols", "ensembl": "Ensembl genes", "entrez": "Entrez genes"}


def guess_namespace(names: Iterable[object]) -> str:
    """Kind of gene names, of at least 90%: symbol, ensembl or entrez; else mixed."""
    kinds = [_kind(str(name)) for name in names]
    for kind in ("ensembl", "entrez", "symbol"):
        if kinds and kinds.count(kind) >= _MOSTLY * len(kinds):
            return kind
    return "mixed" if kinds else "symbol"


def match_genes(
    wanted: Iterable[str],
    available: Iterable[str],
    *,
    aliases: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find genes among the names of a cohort: ``gene``, ``found_as``, ``how``, ``candidates``.

    In this order: exact, Ensembl version removed, written alike (but for case, ``.``, ``-``,
    ``_``), previous symbol, alias, another kind. A current symbol never stands for another gene;
    where two might be meant, the gene is ``"ambiguous"`` and not used.
    """
    genes = list(dict.fromkeys(str(gene) for gene in wanted))
    names = list(dict.fromkeys(str(name) for name in available))
    there = set(names)
    matches = {gene: _Match(gene, "exact") for gene in genes if gene in there}
    if not matches and aliases is None:
        _refuse_other_kind(genes, names)
    for how, key in (("Ensembl version removed", _unversioned), ("written alike", _alike)):
        by_key = _grouped(names, key)
        _claim(matches, genes, {g: (tuple(by_key.get(key(g), ())), how) for g in genes if key(g)})
    if aliases is not None:
        lookup = _Lookup(check_gene_table(aliases), names)
        left = [gene for gene in genes if gene not in matches]
        _claim(matches, genes, {gene: lookup.find(gene) for gene in left})
    none = _Match("", NOT_FOUND)
    rows = [(gene, *matches.get(gene, none)) for gene in genes]
    return pd.DataFrame(rows, columns=MATCH_COLUMNS).astype(object)


def rename_genes(table: pd.DataFrame, matches: pd.DataFrame) -> pd.DataFrame:
    """Name the genes of a cohort (patients x genes) as wanted; others keep their names."""
    used = matches[matches["found_as"] != ""]
    names = dict(zip(used["found_as"], used["gene"], strict=True))
    columns = [names.get(str(name), str(name)) for name in table.columns]
    return table.set_axis(pd.Index(columns, dtype=object, name=table.columns.name), axis=1)


def match_summary(matches: pd.DataFrame) -> str:
    """Say in words how many genes were found, and how.

    ``matches``: from `match_genes`. Up to five genes that are not used are named.
    """
    used = matches["found_as"] != ""
    ways = matches.loc[used, "how"].value_counts(sort=False)
    text = f"{int(used.sum())} of {len(matches)} genes found"
    if len(ways):
        text += ": " + ", ".join(f"{n} {how}" for how, n in ways.items())
    for how in (AMBIGUOUS, NOT_FOUND):
        left = matches.loc[matches["how"] == how, "gene"].tolist()
        if left:
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            text += f"; {how}: {', '.join(left[:5])}{more}"
    return text


class _Match(NamedTuple):
    """The name that a gene was found by, how, and the names that it might be."""

    found_as: str
    how: str
    candidates: str = ""


def _claim(
    matches: dict[str, _Match],
    genes: list[str],
    proposed: Mapping[str, tuple[tuple[str, ...], str]],
) -> None:
    """Take up what one way of matching proposes, unless a name is taken or claimed twice."""
    taken = {match.found_as for match in matches.values() if match.found_as}
    open_to = {}
    for gene, (names, how) in proposed.items():
        free = tuple(name for name in names if name not in taken)
        if gene not in matches and free:
            open_to[gene] = (free, how)
    claims = defaultdict(list)
    for gene, (names, _) in open_to.items():
        for name in names:
            claims[name].append(gene)
    for gene in genes:
        if gene not in open_to:
            continue
        names, how = open_to[gene]
        if len(names) == 1 and how != AMBIGUOUS and len(claims[names[0]]) == 1:
            matches[gene] = _Match(names[0], how)
        else:
            matches[gene] = _Match("", AMBIGUOUS, ", ".join(names))


class _Lookup:
    """Names of a cohort, by gene of a table of gene names."""

    def __init__(self, table: pd.DataFrame, names: list[str]) -> None:
        self._rows: dict[str, dict[str, list[int]]] = {}
        for kind, column in (
            ("symbol", "symbol"),
            ("previous symbol", "prev_symbol"),
            ("alias", "alias_symbol"),
            ("Ensembl", "ensembl_gene_id"),
            ("Entrez", "entrez_id"),
        ):
            rows = defaultdict(list)
            cells = list(table[column]) if column in table.columns else []
            for i, cell in enumerate(cells):
                for name in dict.fromkeys(part.strip() for part in cell.split("|")):
                    if name:
                        rows[name].append(i)
            self._rows[kind] = dict(rows)
        self._of_row: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for name in names:
            kind, rows_of = self._identify(name)
            for row in rows_of:
                # A name that may be one of two genes finds neither of them for certain.
                self._of_row[row].append((name, kind if len(rows_of) == 1 else AMBIGUOUS))

    def _identify(self, name: str) -> tuple[str, list[int]]:
        """Kind of a name, and the rows of the genes that it may stand for."""
        kinds: tuple[str, ...] = _SYMBOLS
        if _kind(name) == "ensembl":
            name, kinds = _unversioned(name), ("Ensembl",)
        elif _kind(name) == "entrez":
            kinds = ("Entrez",)
        for kind in kinds:
            rows = self._rows[kind].get(name)
            if rows:
                return kind, rows
        return "", []

    def find(self, gene: str) -> tuple[tuple[str, ...], str]:
        """Names of the cohort that stand for a gene, and how they were found."""
        given_as, rows = self._identify(gene)
        options = [(name, kind) for row in rows for name, kind in self._of_row[row]]
        if not options:
            return (), NOT_FOUND
        if len(rows) > 1:
            return tuple(dict.fromkeys(name for name, _ in options)), AMBIGUOUS
        order = ["symbol", "previous symbol", "alias", "Ensembl", "Entrez", AMBIGUOUS]
        best = min((kind for _, kind in options), key=order.index)
        names = tuple(dict.fromkeys(name for name, kind in options if kind == best))
        return names, AMBIGUOUS if best == AMBIGUOUS else _in_words(given_as, best)


def _in_words(given_as: str, there: str) -> str:
    """Name a match through the table by the kinds of both names."""
    if given_as in _SYMBOLS and there in _SYMBOLS:
        return max(given_as, there, key=_SYMBOLS.index)
    return f"{there} of {given_as}"


def _kind(name: str) -> str:
    if _ENSEMBL.fullmatch(name):
        return "ensembl"
    return "entrez" if name.isascii() and name.isdigit() else "symbol"


def _unversioned(name: str) -> str:
    """Ensembl gene without its version; empty for other names."""
    match = _ENSEMBL.fullmatch(name)
    return match.group(1).upper() if match else ""


def _alike(name: str) -> str:
    """What stays of a symbol if case and the marks within it do not count."""
    return re.sub(r"[._-]", "-", name.casefold()) if _kind(name) == "symbol" else ""


def _grouped(names: list[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return groups


def _refuse_other_kind(genes: list[str], names: list[str]) -> None:
    """Say that names are of different kinds, where they are and nothing can bridge it."""
    wanted, there = guess_namespace(genes), guess_namespace(names)
    if not genes or not names or wanted == there or "mixed" in (wanted, there):
        return
    column = {"ensembl": "ensembl_gene_id", "entrez": "entrez_id"}
    needed = " and ".join(column[kind] for kind in (wanted, there) if kind in column)
    raise SignatureError(
        f"the signature names its genes by {_WORDS[wanted]} (e.g. {genes[0]}) and the cohort "
        f"by {_WORDS[there]} (e.g. {names[0]}). Give a table with both, such as the HGNC "
        f"complete set (columns symbol and {needed}): read it with read_gene_table and pass "
        "it as aliases=."
    )
