from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.signatures.identifiers import (
    MATCH_COLUMNS,
    guess_namespace,
    match_genes,
    match_summary,
    rename_genes,
)

TABLE = pd.DataFrame(
    [
        # Symbols, identifiers and their history as in HGNC, but for the last three rows.
        ("MARCHF1", "RNF171|MARCH-I", "MARCH1", "ENSG00000145416", "55016"),
        ("MTARC1", "", "MOSC1|MARC1", "ENSG00000186205", "64757"),
        ("EGFR", "ERBB1|ERRP", "ERBB", "ENSG00000146648", "1956"),
        ("TP53", "p53|LFS1", "", "ENSG00000141510", "7157"),
        ("ONE", "SHARED|TWO", "", "ENSG00000000001", "1"),
        ("TWO", "SHARED", "", "ENSG00000000002", "2"),
        ("THREE", "", "OLD3|OLDER3", "ENSG00000000003", "3"),
    ],
    columns=["symbol", "alias_symbol", "prev_symbol", "ensembl_gene_id", "entrez_id"],
)


def how(wanted: list[str], available: list[str], aliases: pd.DataFrame | None = TABLE) -> list:
    found = match_genes(wanted, available, aliases=aliases)
    assert list(found.columns) == MATCH_COLUMNS
    assert found["gene"].tolist() == wanted
    return found[["found_as", "how"]].to_numpy().tolist()


def test_written_alike_and_exact_first() -> None:
    available = ["A1BG.AS1", "egfr", "HLA_DRA", "TP53"]
    assert how(["A1BG-AS1", "EGFR", "HLA-DRA", "TP53"], available, None) == [
        ["A1BG.AS1", "written alike"],
        ["egfr", "written alike"],
        ["HLA_DRA", "written alike"],
        ["TP53", "exact"],
    ]
    # An exact name is not taken from its gene, and marks are not left out altogether.
    assert how(["C1orf1", "C1ORF1"], ["C1ORF1"], None) == [["", "not found"], ["C1ORF1", "exact"]]
    assert how(["NKX2-1", "A"], ["NKX21", "A"], None)[0] == ["", "not found"]


def test_two_names_alike_are_ambiguous_and_listed() -> None:
    found = match_genes(["A-B", "C"], ["A.B", "A_B", "C"])
    assert found.loc[0].tolist() == ["A-B", "", "ambiguous", "A.B, A_B"]
    found = match_genes(["A-B", "A_B", "C"], ["A.B", "C"])
    assert found["how"].tolist() == ["ambiguous", "ambiguous", "exact"]
    assert list(rename_genes(pd.DataFrame(columns=["A.B", "C"]), found).columns) == ["A.B", "C"]


def test_ensembl_versions() -> None:
    wanted = ["ENSG00000146648.18", "ENSG00000141510"]
    assert how(wanted, ["ENSG00000146648.3", "ENSG00000141510"], None) == [
        ["ENSG00000146648.3", "Ensembl version removed"],
        ["ENSG00000141510", "exact"],
    ]
    twice = ["ENSG00000146648.3", "ENSG00000146648.4", "ENSG00000141510"]
    assert how(wanted, twice, None)[0] == ["", "ambiguous"]


def test_symbols_through_the_table() -> None:
    assert how(["MARCHF1"], ["MARCH1"]) == [["MARCH1", "previous symbol"]]
    assert how(["MARCH1"], ["MARCHF1"]) == [["MARCHF1", "previous symbol"]]
    assert how(["p53"], ["TP53"]) == [["TP53", "alias"]]
    assert how(["TP53"], ["LFS1"]) == [["LFS1", "alias"]]
    assert how(["ERBB1"], ["ERBB"]) == [["ERBB", "alias"]]
    assert how(["MARCH1"], ["MARC1"]) == [["", "not found"]]
    assert how(["UNKNOWN"], ["EGFR"]) == [["", "not found"]]


def test_a_current_symbol_never_stands_for_another_gene() -> None:
    # TWO is an alias of ONE, and a gene of its own.
    assert how(["ONE"], ["TWO"]) == [["", "not found"]]
    assert how(["TWO"], ["ONE"]) == [["", "not found"]]
    assert how(["TWO", "ONE"], ["TWO"]) == [["TWO", "exact"], ["", "not found"]]


def test_what_may_be_two_genes_is_ambiguous() -> None:
    assert how(["SHARED"], ["ONE"]) == [["", "ambiguous"]]
    assert how(["ONE"], ["SHARED"]) == [["", "ambiguous"]]
    found = match_genes(["THREE"], ["OLD3", "OLDER3"], aliases=TABLE)
    assert found.loc[0].tolist() == ["THREE", "", "ambiguous", "OLD3, OLDER3"]
    # Two old names of one gene, wanted both: neither is used.
    assert how(["OLD3", "OLDER3"], ["THREE"]) == [["", "ambiguous"], ["", "ambiguous"]]
    # The surer kind of name is taken where there are two.
    assert how(["EGFR"], ["ERBB", "ERBB1"]) == [["ERBB", "previous symbol"]]


def test_between_kinds_of_names() -> None:
    assert how(["EGFR", "TP53"], ["ENSG00000146648.18", "ENSG00000141510.2"]) == [
        ["ENSG00000146648.18", "Ensembl of symbol"],
        ["ENSG00000141510.2", "Ensembl of symbol"],
    ]
    assert how(["ENSG00000146648.18"], ["ERBB"]) == [["ERBB", "previous symbol of Ensembl"]]
    assert how(["ENSG00000146648"], ["EGFR"]) == [["EGFR", "symbol of Ensembl"]]
    assert how(["1956"], ["EGFR"]) == [["EGFR", "symbol of Entrez"]]
    assert how(["1956"], ["ENSG00000146648"]) == [["ENSG00000146648", "Ensembl of Entrez"]]
    assert how(["ERBB1"], ["1956"]) == [["1956", "Entrez of alias"]]


def test_other_kinds_of_names_without_a_table_are_refused() -> None:
    message = r"by gene symbols \(e.g. EGFR\).*by Ensembl genes \(e.g. ENSG.*symbol and ensembl_gen"
    with pytest.raises(SignatureError, match=message):
        match_genes(["EGFR"], ["ENSG00000146648"])
    with pytest.raises(SignatureError, match="columns symbol and entrez_id and ensembl_gene_id"):
        match_genes(["1956"], ["ENSG00000146648"])
    assert how(["EGFR"], ["OTHER"], None) == [["", "not found"]]
    assert how(["EGFR"], [], None) == [["", "not found"]]
    assert match_genes([], ["EGFR"]).empty
    with pytest.raises(StudyError, match='no column "symbol"'):
        match_genes(["EGFR"], ["TP53"], aliases=pd.DataFrame({"gene": ["EGFR"]}))


def test_namespaces() -> None:
    assert guess_namespace([]) == "symbol"
    assert guess_namespace(["ENSG00000146648.18"] * 9 + ["EGFR"]) == "ensembl"
    assert guess_namespace(["ENSMUSG00000020122", "ENSMUSG00000059552"]) == "ensembl"
    assert guess_namespace(["ENSG00000146648"] * 8 + ["EGFR"] * 2) == "mixed"
    assert guess_namespace([1956, 7157]) == "entrez"


def test_summary_in_words() -> None:
    found = match_genes(
        ["EGFR", "TP53", "MARCHF1", "p53-like", "SHARED", "A", "B", "C", "D", "E", "F"],
        ["EGFR", "TP53", "MARCH1", "ONE"],
        aliases=TABLE,
    )
    assert match_summary(found) == (
        "3 of 11 genes found: 2 exact, 1 previous symbol; ambiguous: SHARED; "
        "not found: p53-like, A, B, C, D and 2 more"
    )
    assert match_summary(match_genes([], [])) == "0 of 0 genes found"


NAMES = st.lists(
    st.sampled_from(
        [
            *TABLE["symbol"],
            *("SHARED", "OLD3", "OLDER3", "MARCH1", "MARC1", "p53", "P53", "egfr"),
            *("A.B", "A-B", "a_b", "1956", "7157"),
            *("ENSG00000146648", "ENSG00000146648.2", "ENSG00000141510.7"),
        ]
    ),
    unique=True,
)


@settings(max_examples=150, deadline=None)
@given(NAMES, NAMES)
def test_no_name_is_used_twice_and_order_does_not_matter(wanted: list, available: list) -> None:
    found = match_genes(wanted, available, aliases=TABLE)
    used = found.loc[found["found_as"] != "", "found_as"]
    assert used.is_unique
    assert set(used) <= set(available)
    assert set(found.loc[found["how"] == "exact", "gene"]) == set(wanted) & set(available)
    assert ((found["how"] == "ambiguous") == (found["candidates"] != "")).all()
    turned = match_genes(wanted[::-1], available[::-1], aliases=TABLE).iloc[::-1]
    assert turned["found_as"].tolist() == found["found_as"].tolist()
    assert turned["how"].tolist() == found["how"].tolist()
    table = pd.DataFrame(columns=pd.Index(available, dtype=object))
    assert rename_genes(table, found).columns.is_unique


def test_points_of_a_real_microarray(real_data: Path) -> None:
    header = pd.read_csv(
        real_data / "external_glioma_vital" / "expression.tsv.gz", sep="\t", index_col=0, nrows=0
    ).columns
    found = match_genes(["A1BG-AS1", "A2M-AS1", "EGFR", "HLA-DRA", "NKX2-1"], header)
    assert found["found_as"].tolist() == ["A1BG.AS1", "A2M.AS1", "EGFR", "HLA.DRA", "NKX2.1"]
    assert match_summary(found) == "5 of 5 genes found: 4 written alike, 1 exact"
