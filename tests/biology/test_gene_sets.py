from pathlib import Path

import pytest

from omicsfuse.biology.gene_sets import gene_set_coverage, read_gene_sets


def gmt(path: Path, **sets: list[str]) -> Path:
    lines = ["\t".join([name, "about", *genes]) for name, genes in sets.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_several_files_and_a_mapping_together(tmp_path: Path) -> None:
    first = gmt(tmp_path / "first.gmt", A=["x", "y"], B=["z"])
    second = gmt(tmp_path / "second.gmt", A=["x", "w"], B=["z"])
    sets = read_gene_sets([first, str(second), {"C": ["q"]}])
    assert sets == {"A": ["x", "y"], "B": ["z"], "second: A": ["x", "w"], "C": ["q"]}


def test_one_file(tmp_path: Path) -> None:
    path = gmt(tmp_path / "one.gmt", A=["x", "y"])
    assert read_gene_sets(path) == read_gene_sets(str(path)) == {"A": ["x", "y"]}


def test_coverage_counts_different_genes() -> None:
    table = gene_set_coverage({"b": ["x", "x", "y"], "a": ["q"]}, ["x", "y", "z"], min_size=2)
    assert table.to_dict("list") == {
        "gene_set": ["a", "b"],
        "size": [1, 2],
        "found": [0, 2],
        "tested": [False, True],
    }


def test_coverage_of_nothing() -> None:
    assert gene_set_coverage({}, ["x"]).empty


def test_hallmark_against_the_small_panel(real_data: Path) -> None:
    import pandas as pd

    panel = real_data / "tcga_hnsc_radiogenomic" / "expression.tsv.gz"
    genes = pd.read_csv(panel, sep="\t", index_col=0, nrows=1).columns
    files = sorted((real_data / "genesets").glob("h*.gmt")) + sorted(
        (real_data / "genesets").glob("H*.gmt")
    )
    if not files:
        pytest.skip("no Hallmark file among the gene sets")
    table = gene_set_coverage(files[0], genes)
    assert len(table) == 50
    assert table["tested"].sum() == 15  # stated by the data's own notes
