import gzip
from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.io import read_gene_table
from omicsfuse.io.gene_names import check_gene_table

HGNC = (
    "hgnc_id\tsymbol\tname\tlocus_group\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id\n"
    'HGNC:26077\tMARCHF1\tmembrane "ring" finger\tprotein-coding gene\t"RNF171|MARCH-I"\tMARCH1'
    "\t55016\tENSG00000145416\n"
    "HGNC:26189\tMTARC1\tmitochondrial\tprotein-coding gene\t\tMOSC1|MARC1\t64757"
    "\tENSG00000186205\n"
)


def test_columns_of_hgnc(tmp_path: Path) -> None:
    for name, content in (("h.txt", HGNC.encode()), ("h.tsv.gz", gzip.compress(HGNC.encode()))):
        path = tmp_path / name
        path.write_bytes(content)
        table = read_gene_table(path)
        assert table.loc[0].to_dict() == {
            "symbol": "MARCHF1",
            "alias_symbol": "RNF171|MARCH-I",
            "prev_symbol": "MARCH1",
            "ensembl_gene_id": "ENSG00000145416",
            "entrez_id": "55016",
        }
        assert table.loc[1, "alias_symbol"] == ""


def test_csv_and_few_columns(tmp_path: Path) -> None:
    path = tmp_path / "genes.csv"
    path.write_text("symbol,entrez_id\nEGFR,1956\n,5\nTP53,\n\n")
    assert read_gene_table(path).to_numpy().tolist() == [["EGFR", "1956"], ["TP53", ""]]


def test_numbers_are_written_as_they_are_read() -> None:
    table = pd.DataFrame({"symbol": ["EGFR", "TP53"], "entrez_id": [1956.0, float("nan")]})
    assert check_gene_table(table)["entrez_id"].tolist() == ["1956", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Symbol\tprev_symbol\nA\tB\n", r'no column "symbol".*"Symbol", "prev_symbol"'),
        ("symbol\tname\nA\tB\n", "none of the columns alias_symbol, prev_symbol, ensembl_gene_id"),
        ("symbol\tprev_symbol\nA\n", "row 2 has 1 fields and the header 2"),
        ("symbol\tprev_symbol\n\tB\n", "the table has no genes"),
        ("symbol\tprev_symbol\tprev_symbol\nA\tB\tC\n", '"prev_symbol" occurs 2 times'),
        ("\n", "is empty"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "genes.tsv"
    path.write_text(text)
    with pytest.raises(StudyError, match=message):
        read_gene_table(path)
    with pytest.raises(StudyError, match="does not exist"):
        read_gene_table(tmp_path / "nowhere.tsv")


def test_entrez_identifiers_that_became_numbers() -> None:
    table = pd.DataFrame({"symbol": ["EGFR", "TP53"], "entrez_id": [1956.0, float("nan")]})
    assert check_gene_table(table)["entrez_id"].tolist() == ["1956", ""]
