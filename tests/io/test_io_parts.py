import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.io.files.text import read_bytes
from omicsfuse.io.maf import is_maf
from omicsfuse.io.results import as_tsv, stacked
from omicsfuse.io.sealed import content_digest
from omicsfuse.io.whole import write_whole


def test_small_files(tmp_path: Path) -> None:
    write_whole(tmp_path / "table.tsv", "patient\tTP53\nP1\t1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["table.tsv"]
    assert not is_maf(tmp_path / "table.tsv")
    (tmp_path / "two.txt.gz").write_bytes(gzip.compress(b"a\r\nb"))
    assert read_bytes(tmp_path / "two.txt.gz") == b"a\nb"


def test_tables_as_text() -> None:
    table = pd.DataFrame({"gene": ["TP53", "MYC"], "p": [0.1 + 0.2, np.nan]})
    assert as_tsv(table) == "gene\tp\nTP53\t0.3\nMYC\t\n"
    assert stacked([], ["cohort", "p"]).columns.tolist() == ["cohort", "p"]


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert content_digest({"b": 1.0, "a": None})[:12] == "81ad5ecd9738"
    assert content_digest({"a": None, "b": 1.0}) == content_digest({"b": 1.0, "a": None})
