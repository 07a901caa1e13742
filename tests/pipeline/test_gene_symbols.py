"""Genes named by numbers get their symbols; check says what of gene sets is found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.layers import Layer
from omicsfuse.io.gmt import read_gmt
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.gene_symbols import with_symbols
from omicsfuse.pipeline.summary import gene_set_lines

NAMES = "symbol\tprev_symbol\tensembl_gene_id\tentrez_id\n" + "".join(
    f"G{i}\t\tENSG{i:011d}\t{i + 1}\n" for i in range(40)
)


def _table(genes: list[str]) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(8, 1, (20, len(genes)))
    return pd.DataFrame(values, [f"P{i:02d}" for i in range(20)], genes)


@pytest.mark.parametrize(
    ("genes", "named"),
    [
        ([f"ENSG{i:011d}.{i + 2}" for i in range(30)], [f"G{i}" for i in range(30)]),
        ([str(i + 1) for i in range(30)], [f"G{i}" for i in range(30)]),
        ([f"ENSG{i:011d}" for i in range(38, 45)], ["G38", "G39"]),
    ],
)
def test_numbers_become_symbols(tmp_path: Path, genes: list[str], named: list[str]) -> None:
    (tmp_path / "hgnc.tsv").write_text(NAMES)
    cohort = Cohort("one", {"rna": Layer("expression", _table(genes), "log2")})
    renamed = with_symbols(cohort, tmp_path / "hgnc.tsv")
    columns = renamed.omics["rna"].table.columns.tolist()
    assert columns == [*named, *genes[len(named) :]]
    np.testing.assert_array_equal(renamed.omics["rna"].table, cohort.omics["rna"].table)
    assert f"{len(named)} of {len(genes)} genes named by their symbol" in renamed.notes[-1]


def test_symbols_and_studies_without_a_table_stay(tmp_path: Path) -> None:
    (tmp_path / "hgnc.tsv").write_text(NAMES)
    cohort = Cohort("one", {"rna": Layer("expression", _table(["TP53", "EGFR"]), "log2")})
    assert with_symbols(cohort, tmp_path / "hgnc.tsv") is cohort
    assert with_symbols(cohort, None) is cohort


def _study(folder: Path, genes: list[str], lines: str = "") -> Path:
    _table(genes).to_csv(folder / "rna.tsv", sep="\t", index_label="patient")
    (folder / "c.toml").write_text(
        'name = "c"\n[layers.rna]\nfile = "rna.tsv"\nkind = "expression"\nscale = "log2"\n'
    )
    (folder / "sets.gmt").write_text(
        "A\tna\tG1,1.0\tG2,1.0\tG3,0.5\nB\tna\tG4,1.0\tX1,1.0\tX2,1.0\n"
    )
    (folder / "hgnc.tsv").write_text(NAMES)
    study = folder / "study.toml"
    study.write_text(
        f'name = "s"\ndiscovery = "c.toml"\ngene_sets = ["sets.gmt"]\n{lines}'
        "[enrichment]\nmin_size = 3\n[fusion]\nn_neighbors = 5\n"
    )
    return study


def test_check_counts_what_gene_sets_find(tmp_path: Path) -> None:
    numbers = [f"ENSG{i:011d}" for i in range(30)]
    study = _study(tmp_path, numbers, 'gene_names = "hgnc.tsv"\n')
    parsed, cohort, _, _ = check(study)
    assert gene_set_lines(parsed, cohort) == [
        "gene sets sets.gmt: 1 of 2 sets have at least 3 genes in rna; 4 of 6 genes found"
    ]


def test_no_gene_in_common_is_told_before_anything_is_computed(tmp_path: Path) -> None:
    study = _study(tmp_path, [f"ENSG{i:011d}" for i in range(30)])
    with pytest.warns(OmicsfuseWarning, match=r'no gene of sets\.gmt .*layer "rna".*gene_names'):
        check(study)


def test_weights_of_enrichr_are_no_part_of_genes(tmp_path: Path) -> None:
    (tmp_path / "e.gmt").write_text("A\t\tEGFR,1.0\tHLA-A,0.25\tKRAS\n")
    assert read_gmt(tmp_path / "e.gmt") == {"A": ["EGFR", "HLA-A", "KRAS"]}
