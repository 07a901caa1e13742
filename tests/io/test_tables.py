"""Text and Parquet tables: names as they stand, and clear refusals of damaged files."""

import gzip
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.errors import CohortError
from omicsfuse.io import read_table
from omicsfuse.io.paths import resolve_path, sha256_of
from omicsfuse.io.tables import MISSING_WORDS


def _write(folder: Path, text: str | bytes, name: str = "table.tsv") -> Path:
    path = folder / name
    content = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "a.csv", "a.csv.gz", "a.txt"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_text_in_every_dress(tmp_path: Path, name: str, newline: str) -> None:
    text = newline.join(["id\tA\tB", "001\t1\t2.5", "NA7\tNA\t-3e4", ""])
    if ".csv" in name:
        text = text.replace("\t", ",")
    table = read_table(_write(tmp_path, b"\xef\xbb\xbf" + text.encode(), name))
    assert table.index.tolist() == ["001", "NA7"]
    assert table.index.name == "patient"
    np.testing.assert_array_equal(table.to_numpy(), [[1, 2.5], [np.nan, -3e4]])


def test_all_missing_words_and_no_others(tmp_path: Path) -> None:
    words = [*MISSING_WORDS, "na", "None", "-"]
    rows = [f"P{i}\t{word}\t1" for i, word in enumerate(words)]
    table = read_table(_write(tmp_path, "\n".join(["p\tA\tB", *rows])))
    assert table["A"].isna().tolist() == [True] * len(MISSING_WORDS) + [False] * 3


@pytest.mark.parametrize("orientation", ["patients_by_features", "features_by_patients"])
def test_genes_named_like_missing_values_stay(tmp_path: Path, orientation: str) -> None:
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]], index=["P1", "P2"], columns=["NA", "nan", "X.1"])
    frame = frame if orientation == "patients_by_features" else frame.T
    path = _write(tmp_path, frame.to_csv(sep="\t"))
    table = read_table(path, orientation)
    assert table.columns.tolist() == ["NA", "nan", "X.1"]
    assert table.to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_patient_column_may_be_any(tmp_path: Path) -> None:
    path = _write(tmp_path, "age\tsample\n60\tP1\n70\tP2\n")
    assert read_table(path, patient="sample").to_dict() == {"age": {"P1": 60, "P2": 70}}
    with pytest.raises(CohortError, match=r'no column "Sample".* did you mean "sample"'):
        read_table(path, patient="Sample")


def test_r_tables_without_a_heading_for_row_names(tmp_path: Path) -> None:
    table = read_table(_write(tmp_path, '"A"\t"B"\n"P1"\t1\t2\n"P2"\t3\t4\n'))
    assert table.to_dict("index") == {"P1": {"A": 1, "B": 2}, "P2": {"A": 3, "B": 4}}


def test_quoted_fields_may_hold_separators(tmp_path: Path) -> None:
    table = read_table(_write(tmp_path, 'id,site\nP1,"tongue, base"\nP2,lip\n', "a.csv"))
    assert table.loc["P1", "site"] == "tongue, base"


def test_portal_columns_beside_the_gene_are_left_out_and_counted(tmp_path: Path) -> None:
    path = _write(tmp_path, "Hugo_Symbol\tEntrez_Gene_Id\tP1\tP2\nTP53\t7157\t1\t2\n")
    exclusions: list[Exclusion] = []
    table = read_table(path, "features_by_patients", exclusions=exclusions, layer="genes")
    assert table.index.tolist() == ["P1", "P2"]
    assert [(exclusion.count, exclusion.examples) for exclusion in exclusions] == [
        (1, ("Entrez_Gene_Id",))
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", r"a\.tsv is empty"),
        ("a.tsv", "p\tA\n", "a header of 2 columns and no rows"),
        ("a.tsv", "P\nP1\n", "one column was found"),
        (
            "a.tsv",
            "p\tA\tB\nP1\t1\t2\nP2\t1\n",
            "line 3 has 2 fields and the header 3.*may be truncated",
        ),
        ("a.tsv", "p\tA\nP1\t1\nP2\t1\t7\n", "line 3 has 3 fields and the header 2"),
        ("a.csv", 'p,A\n"P1",1\n"P2",1,7\n', "line 3 has 3 fields and the header 2"),
        ("a.tsv", "p\tA\t\nP1\t1\t2\n", r"1 column without a feature name: column 2"),
        ("a.tsv", "p\tA\n\t1\n", "1 row without a patient name: row 1"),
        ("a.tsv", "p\tA\nP1\t1\nP1\t2\n", 'duplicate patient: "P1" in rows 1, 2'),
        ("a.tsv", "p\tA\tA\nP1\t1\t2\n", 'duplicate feature: "A" in columns 1, 2'),
        ("a.tsv", b"p\tA\nP1\t\x81\n", r"a\.tsv is neither UTF-8 \(line 2\) nor Windows text"),
        ("a.xlsx", b"PK\x03\x04", "damaged or truncated"),
    ],
)
def test_damaged_tables(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        read_table(_write(tmp_path, content, name))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.tsv", 'p\tA\tB\nP1\t"x\t1\nP2\ty\t2\nP3\tz"\t3\n', 2),  # swallows P2 with equal width
        ("a.csv", 'p,A\nP1,1\nP2,"2\n', 3),
        ("a.csv", 'p,A\nP1,"two\nlines"\nP2,x\n', 2),
        ("a.csv", '# made by hand\np,A\nP1,"1" and more\n', 3),
        ("a.csv", '"p,A\nP1,1\n', 1),
    ],
)
def test_quotes_that_are_not_closed(tmp_path: Path, name: str, content: str, line: int) -> None:
    with pytest.raises(CohortError, match=rf"{name}: line {line}: a cell begins with a quote"):
        read_table(_write(tmp_path, content, name))


def test_proper_quotes_are_read(tmp_path: Path) -> None:
    text = 'p,"A, first",B\n"P1","a ""b"", c",5\nP2,5" long,"6"\n'
    table = read_table(_write(tmp_path, text, "a.csv"))
    assert table["A, first"].tolist() == ['a "b", c', '5" long']
    assert table["B"].tolist() == [5, 6]


def test_faults_of_the_parser_name_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise pd.errors.ParserError("Error tokenizing data")

    path = _write(tmp_path, "p\tA\nP1\t1\n")
    monkeypatch.setattr(pd, "read_csv", fail)
    with pytest.raises(CohortError, match=r"table\.tsv: the table cannot be read: Error token"):
        read_table(path)


@pytest.mark.parametrize(
    "comments",
    [
        "#version 2.4\n",
        "# one\n# two, with a comma\n",
        "#Patient\tA\tB\n#STRING\tNUMBER\tNUMBER\n#1\t1\t1\n",
    ],
)
def test_comments_at_the_top_are_skipped(tmp_path: Path, comments: str) -> None:
    table = read_table(_write(tmp_path, f"{comments}p\tA\tB\nP1\t1\t2\n"))
    assert table.to_dict("index") == {"P1": {"A": 1, "B": 2}}
    with pytest.raises(CohortError, match=rf"line {comments.count(chr(10)) + 2} has 2 fields"):
        read_table(_write(tmp_path, f"{comments}p\tA\tB\nP1\t1\n"))


def test_a_header_may_begin_with_the_mark_of_comments(tmp_path: Path) -> None:
    table = read_table(_write(tmp_path, "##made by x\n#p\tA\tB\nP1\t1\t2\n"))
    assert table.to_dict("index") == {"P1": {"A": 1, "B": 2}}


@pytest.mark.parametrize(
    "extra", [["ID"], ["entrez", "description"], ["Entrez_Gene_Id"], ["gene.id", "LOCUS ID"]]
)
def test_columns_beside_the_gene_name_are_no_patients(tmp_path: Path, extra: list[str]) -> None:
    exclusions: list[Exclusion] = []
    header = "\t".join(["symbol", *extra, "P1", "P2"])
    row = "\t".join(["TP53", *("7157" for _ in extra), "1", "2"])
    path = _write(tmp_path, f"{header}\n{row}\n")
    table = read_table(path, "features_by_patients", exclusions=exclusions, layer="x")
    assert table["TP53"].to_dict() == {"P1": 1, "P2": 2}
    assert [(exclusion.count, exclusion.examples) for exclusion in exclusions] == [
        (len(extra), tuple(extra))
    ]


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"gone\.tsv does not exist"):
        read_table(tmp_path / "gone.tsv")
    with pytest.raises(CohortError, match="is a folder without tables: expected a file for each"):
        read_table(tmp_path)
    with pytest.raises(CohortError, match=r'orientation = "rows".*Valid: patients_by_features'):
        read_table(tmp_path / "a.tsv", "rows")


def test_damaged_gzip(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = gzip.compress(rng.bytes(5000))
    (tmp_path / "cut.tsv.gz").write_bytes(whole[:2000])
    with pytest.raises(CohortError, match=r"cut\.tsv\.gz is damaged or truncated"):
        read_table(tmp_path / "cut.tsv.gz")
    (tmp_path / "bad.tsv.gz").write_bytes(whole[:100] + b"\0" * 50 + whole[150:])
    with pytest.raises(CohortError, match="damaged or truncated"):
        read_table(tmp_path / "bad.tsv.gz")
    (tmp_path / "plain.tsv.gz").write_text("p\tA\nP1\t1\n")
    with pytest.raises(CohortError, match=r"is not packed with gzip although its name ends in .gz"):
        read_table(tmp_path / "plain.tsv.gz")


def test_parquet_with_and_without_index(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"A": [1.0, 2.0], "B": [3, 4]}, index=pd.Index(["P1", "P2"], name="id"))
    for form, name in ((frame, "i.parquet"), (frame.reset_index(), "c.parquet")):
        form.to_parquet(tmp_path / name)
        for patient in ("", "id"):
            table = read_table(tmp_path / name, patient=patient)
            assert table.to_dict("list") == {"A": [1.0, 2.0], "B": [3, 4]}
            assert table.index.tolist() == ["P1", "P2"]
    frame.T.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", "features_by_patients").loc["P2", "B"] == 4
    with pytest.raises(CohortError, match='no column "ID"'):
        read_table(tmp_path / "c.parquet", patient="ID")
    (tmp_path / "not.parquet").write_text("PAR")
    with pytest.raises(CohortError, match="cannot be read as Parquet"):
        read_table(tmp_path / "not.parquet")
    with pytest.raises(CohortError, match=r"gone\.parquet does not exist"):
        read_table(tmp_path / "gone.parquet")


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CohortError, match=r'pip install "omicsfuse\[parquet\]"'):
        read_table(tmp_path / "a.parquet")


def test_a_table_of_a_million_cells_is_read_in_no_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((100, 10_000)).round(4))
    path = _write(tmp_path, frame.add_prefix("G").rename("P{}".format).to_csv(sep="\t"))
    start = time.perf_counter()
    table = read_table(path)
    assert time.perf_counter() - start < 5
    np.testing.assert_array_equal(table.to_numpy(), frame.to_numpy())


names = st.text("abcXYZ019_.-/ ()", min_size=1, max_size=8).filter(
    lambda name: name.strip() and name == name.strip() and name not in MISSING_WORDS
)


@settings(max_examples=40, deadline=None)
@given(
    patients=st.lists(names, min_size=1, max_size=4, unique=True),
    features=st.lists(names, min_size=1, max_size=4, unique=True),
    separator=st.sampled_from(["\t", ","]),
    data=st.data(),
)
def test_what_is_written_is_read_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory,
    patients: list[str],
    features: list[str],
    separator: str,
    data: st.DataObject,
) -> None:
    row = st.lists(
        st.floats(allow_nan=True, allow_infinity=False),
        min_size=len(features),
        max_size=len(features),
    )
    values = [data.draw(row) for _ in patients]
    frame = pd.DataFrame(values, index=patients, columns=features)
    path = tmp_path_factory.mktemp("t") / ("a.csv" if separator == "," else "a.tsv")
    frame.to_csv(path, sep=separator)
    table = read_table(path)
    assert table.index.tolist() == patients
    assert table.columns.tolist() == features
    np.testing.assert_array_equal(table.to_numpy(dtype=float), frame.to_numpy())


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    assert resolve_path("a/b.tsv", tmp_path) == tmp_path / "a" / "b.tsv"
    assert resolve_path("/x/b.tsv", tmp_path) == Path("/x/b.tsv")
    assert resolve_path("$HOME/b.tsv", tmp_path) == tmp_path / "$HOME" / "b.tsv"
    with pytest.raises(CohortError, match=r"OMICSFUSE_DATA.*not set.*pass --data DIR"):
        resolve_path("$OMICSFUSE_DATA/b.tsv", tmp_path)
    with pytest.raises(CohortError, match="a path is empty"):
        resolve_path(" ", tmp_path)
    monkeypatch.setenv("OMICSFUSE_DATA", "/data")
    assert resolve_path("$OMICSFUSE_DATA/x/b.tsv", tmp_path) == Path("/data/x/b.tsv")
    assert resolve_path("${OMICSFUSE_DATA}/b.tsv", tmp_path) == Path("/data/b.tsv")
    assert resolve_path("$OMICSFUSE_DATA2/b.tsv", tmp_path).parts[-2] == "$OMICSFUSE_DATA2"
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc").startswith("ba7816bf8f01cfea")
