"""Manifests: what they may say, and plain sentences where they say something else."""

import hashlib
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.io import read_cohort
from omicsfuse.io.manifest import Manifest, read_manifest
from omicsfuse.io.toml import parse_toml_model

LAYER = '[layers.genes]\nfile = "genes.tsv"\nkind = "expression"\n'
FULL = """
name = "full"
title = "A cohort"
source = "here"
licence = "CC0"
citation = "Nobody 2020"
access = "open"
notes = "none"
disease = "HNSC"
study = "TCGA-HNSC"
[clinical]
file = "clinical.tsv"
patient = "sample"
covariates = ["age"]
known_labels = ["hpv"]
technical = ["scanner"]
[clinical.endpoints.os]
time = "time"
event = "status"
unit = "months"
event_values = { "Dead" = 1, "Alive" = false }
[layers.genes]
file = "genes.csv"
kind = "expression"
orientation = "features_by_patients"
scale = "zscore"
patient = "gene"
format = "table"
rename_features = { "1-Mar" = "MARCH1" }
drop_features = ["2-Mar"]
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "m.toml"
    path.write_text(text)
    return path


def _data(folder: Path) -> None:
    rows = [
        "sample\tage\thpv\tscanner\ttime\tstatus",
        "P1\t60\t+\tA\t1\tDead",
        "P2\t\t-\tB\t2\tAlive",
    ]
    (folder / "clinical.tsv").write_text("\n".join(rows))
    (folder / "genes.csv").write_text("x,gene,P2,P1\n7,1-Mar,1,-2\n7,2-Mar,1,2\n7,TP53,3,4\n")


def test_every_key_is_read(tmp_path: Path) -> None:
    _data(tmp_path)
    (tmp_path / "genes.csv").write_text("gene,P2,P1\n1-Mar,1,-2\n2-Mar,1,2\nTP53,3,4\n")
    cohort = read_cohort(_write(tmp_path, FULL))
    layer = cohort.omics["genes"]
    assert layer.table.to_dict("index") == {
        "P2": {"MARCH1": 1, "TP53": 3},
        "P1": {"MARCH1": -2, "TP53": 4},
    }
    assert (layer.kind, layer.scale, layer.source) == ("expression", "zscore", "genes.csv")
    assert cohort.name == "full"
    assert cohort.study == "TCGA-HNSC"
    assert cohort.covariates == ("age",)
    assert cohort.known_labels == ("hpv",)
    assert cohort.technical == ("scanner",)
    assert cohort.endpoints["os"].unit == "months"
    assert cohort.survival("os").to_dict("index") == {
        "P1": {"time": 1.0, "event": 1},
        "P2": {"time": 2.0, "event": 0},
    }
    assert [(exclusion.reason, exclusion.count) for exclusion in cohort.exclusions] == [
        ("named in drop_columns", 1)
    ]
    assert cohort.patients().tolist() == ["P1", "P2"]


def _late(tmp_path: Path, lines: str) -> Path:
    rows = "".join(
        f"P{i}\t{i + 5}\t{i % 4}\t{['alive', 'dead', 'other'][i % 3]}\n" for i in range(12)
    )
    (tmp_path / "clinical.tsv").write_text("sample\tt\tfirst\tstatus\n" + rows)
    genes = "".join(f"P{i}\t{i}\t{-i}\n" for i in range(12))
    (tmp_path / "genes.tsv").write_text("sample\tTP53\tMYC\n" + genes)
    text = (
        'name = "late"\n[clinical]\nfile = "clinical.tsv"\n[clinical.endpoints.os]\n'
        f'time = "t"\nevent = "status"\n{lines}\n'
        '[layers.genes]\nfile = "genes.tsv"\nkind = "continuous"\n'
    )
    return _write(tmp_path, text)


def test_late_entry_and_competing_events_of_an_endpoint(tmp_path: Path) -> None:
    lines = 'entry = "first"\nevent_values = { dead = 1, alive = 0, other = 2 }'
    cohort = read_cohort(_late(tmp_path, lines))
    endpoint = cohort.endpoints["os"]
    assert (endpoint.entry, dict(endpoint.event_values)) == (
        "first", {"dead": 1, "alive": 0, "other": 2},
    )  # fmt: skip
    survival = cohort.survival("os").loc[[f"P{i}" for i in range(12)]]
    assert survival["entry"].tolist() == [float(i % 4) for i in range(12)]
    assert survival["cause"].tolist() == [i % 3 for i in range(12)]
    assert survival["event"].tolist() == [int(i % 3 == 1) for i in range(12)]
    assert cohort.causes("os") == {1: "dead", 2: "other"}


@pytest.mark.parametrize(
    "values", ["{ dead = 2, alive = 0 }", "{ dead = -1, alive = 0 }", "{ dead = 2, other = 3 }"]
)
def test_event_codes_without_the_event_are_refused(tmp_path: Path, values: str) -> None:
    with pytest.raises(CohortError, match=r"each word means 1 \(the event happened\), 0 \(cens"):
        read_cohort(_late(tmp_path, f"event_values = {values}"))


def test_files_and_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        'name = "m"\n' + LAYER.replace("genes.tsv", "$OMICSFUSE_DATA/g.maf") + 'sequenced = "s.txt"'
    )
    manifest = read_manifest(_write(tmp_path, text))
    assert manifest.clinical is None
    assert manifest.layers["genes"].orientation == ""
    monkeypatch.setenv("OMICSFUSE_DATA", "/data")
    assert manifest.files() == [Path("/data/g.maf"), tmp_path / "s.txt"]
    monkeypatch.delenv("OMICSFUSE_DATA")
    with pytest.raises(CohortError, match=r"pass --data DIR"):
        manifest.files()
    with pytest.raises(CohortError, match=r"pass --data DIR"):
        read_cohort(manifest)


def test_a_manifest_is_fixed(tmp_path: Path) -> None:
    manifest = read_manifest(_write(tmp_path, 'name = "m"\n' + LAYER))
    with pytest.raises(ValueError, match="frozen"):
        manifest.name = "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAYER, r'm\.toml: the key "name" is missing at the top of the file\.'),
        ('name = "m"', "the manifest names no layer"),
        ('name = "m"\n[layers]', "the manifest names no layer"),
        ('nam = "m"\n' + LAYER, r'unknown key "nam" at the top of the file; did you mean "name"\?'),
        (
            'name = "m"\n' + LAYER + 'orientaton = "x"',
            r'unknown key "orientaton" in table \[layers\.genes\]; did you mean "orientation"\?',
        ),
        (
            'name = "m"\n[clinical]\nfile = "c"\n[clinical.endpoints.os]\ntime = "t"\nevnt = "e"\n'
            + LAYER,
            r'"event" is missing in table \[clinical\.endpoints\.os\]',
        ),
        (
            'name = "m"\n[clinical]\nfile = "c"\ncovariate = []\n' + LAYER,
            r'unknown key "covariate" in table \[clinical\]; did you mean "covariates"\?',
        ),
        (
            'name = "m"\n[layers.genes]\nkind = "mirna"',
            r'"file" is missing in table \[layers\.genes\]',
        ),
        (
            'name = "m"\n' + LAYER.replace("expression", "expresion"),
            r'layers\.genes\.kind = "expresion": this kind is not known; did you mean "expression"',
        ),
        (
            'name = "m"\n' + LAYER + 'orientation = "patients"',
            r'layers\.genes\.orientation = "patients"; did you mean "patients_by_features"\?',
        ),
        ('name = "m"\n' + LAYER + 'scale = "logs"', 'scale = "logs" is not known.*Valid: log2'),
        ("name = 5\n" + LAYER, "name = 5: expected text in quotes"),
        ('name = ""\n' + LAYER, 'name = "": '),
        ('name = "m"\n' + LAYER + "silent = 1", "layers.genes.silent = 1: expected true or false"),
        (
            'name = "m"\n' + LAYER + "drop_columns = 3",
            r"layers\.genes\.drop_columns = 3: expected a list in square brackets",
        ),
        (
            'name = "m"\nclinical = "c.tsv"\n' + LAYER,
            r'clinical = "c\.tsv": expected a table of key = value',
        ),
        (
            'name = "m"\n' + LAYER + "sequenced = 7",
            r"layers\.genes\.sequenced = 7: expected text in quotes or a list in square brackets\.",
        ),
        ('name = "m"\n' + LAYER + 'sha256 = "abc"', "expected the 64 hexadecimal digits"),
        ('name = "m"\n' + LAYER + 'url = "ftp://x"', "begins with https://"),
        (
            'name = "m"\n[clinical]\nfile = "c"\n[clinical.endpoints.os]\ntime = "t"\nevent = "e"\n'
            'event_values = {"Dead" = 2}\n' + LAYER,
            r"each word means 1 \(the event happened\), 0 \(censored\) or 2 and more",
        ),
        ('name = "m"\n[layers."a/b"]\nfile = "x"\nkind = "mirna"', "a name without slashes"),
        ('name = "m"\n[layers.genes\n', r"m\.toml is not valid TOML: .* Line 2: \[layers\.genes"),
        ('name = m"', r"m\.toml is not valid TOML"),
    ],
)
def test_faults_are_told_in_plain_sentences(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CohortError, match=message) as refusal:
        read_manifest(_write(tmp_path, text))
    assert "pydantic" not in str(refusal.value)
    assert "input_value" not in str(refusal.value)


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CohortError) as refusal:
        read_manifest(_write(tmp_path, "title = 1\nsource = 2\n" + LAYER))
    assert len(str(refusal.value).splitlines()) == 3


def test_unreadable_manifests(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"manifest .*gone\.toml does not exist"):
        read_manifest(tmp_path / "gone.toml")
    with pytest.raises(CohortError, match="cannot be read"):
        read_manifest(tmp_path)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CohortError, match="is not UTF-8 text"):
        read_manifest(tmp_path / "b.toml")


def test_missing_data_files_say_who_names_them(tmp_path: Path) -> None:
    path = _write(tmp_path, 'name = "m"\n' + LAYER)
    with pytest.raises(
        CohortError, match=r"genes\.tsv does not exist.*\[layers\.genes\] of .*m\.toml"
    ):
        read_cohort(path)
    path.write_text(path.read_text() + 'url = "https://example.org/g.tsv"\n')
    with pytest.raises(CohortError, match="fetch it with: omicsfuse fetch m"):
        read_cohort(path)


def test_fingerprints_are_checked(tmp_path: Path) -> None:
    content = b"p\tA\nP1\t1\nP2\t2\n"
    (tmp_path / "genes.tsv").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path = _write(tmp_path, 'name = "m"\n' + LAYER + f'sha256 = "{digest.upper()}"')
    assert len(read_cohort(path).patients()) == 2
    (tmp_path / "genes.tsv").write_bytes(content + b"P3\t3\n")
    with pytest.raises(CohortError, match=rf"genes\.tsv is not the file .* expected {digest}"):
        read_cohort(path)


def test_renaming_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "genes.tsv").write_text("p\tTP53\nP1\t1\nP2\t2\n")
    path = _write(tmp_path, 'name = "m"\n' + LAYER + 'rename_features = {"TP5" = "X"}')
    with pytest.raises(CohortError, match=r'names "TP5".*is not a feature; did you mean "TP53"'):
        read_cohort(path)


def test_a_wrong_table_is_told_by_the_other_layers_when_there_is_no_clinical_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.tsv").write_text("p\tA\tB\nP1\t1\t2\nP2\t2\t3\nP3\t1\t1\n")
    (tmp_path / "b.tsv").write_text("g\tP1\tP2\tP3\nA\t1\t2\t3\nB\t2\t3\t4\n")
    layers = "".join(
        f'[layers.{name}]\nfile = "{file}.tsv"\nkind = "expression"\n'
        for name, file in (("one", "a"), ("two", "b"), ("three", "a"))
    )
    turned = read_cohort(_write(tmp_path, 'name = "m"\n' + layers))
    assert turned.omics["two"].table.index.tolist() == ["P1", "P2", "P3"]
    assert turned.notes == ('layer "two": columns are patients: turned',)
    layers = layers.replace('"b.tsv"', '"b.tsv"\norientation = "patients_by_features"')
    with pytest.raises(CohortError, match=r'^layer "two" \(b\.tsv\).*of the other layers'):
        read_cohort(_write(tmp_path, 'name = "m"\n' + layers))


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    n_clusters: int | str | list[int] = "auto"
    fusion: dict[str, float] = {}


class _Study(BaseModel):
    model_config = ConfigDict(extra="forbid")
    subtypes: _Settings = _Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[subtypes]\nn_cluster = 3", r'\[subtypes\]; did you mean "n_clusters"'),
        ("[subtypes]\nn_clusters = 1.5", r"subtypes\.n_clusters = 1\.5: "),
        ('[subtypes]\nn_clusters = ["a"]', r"subtypes\.n_clusters"),
        ('[subtypes.fusion]\nmu = "x"', r'subtypes\.fusion\.mu = "x": expected a number'),
        ("subtypes = 3", "subtypes = 3: expected a table"),
    ],
)
def test_any_model_can_be_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message) as refusal:
        parse_toml_model(_write(tmp_path, text), _Study, document="study", error=StudyError)
    assert str(refusal.value).startswith("study ")


def test_manifests_can_be_made_in_python() -> None:
    manifest = Manifest(name="m", layers={"g": {"file": "g.tsv", "kind": "mirna"}})
    assert manifest.path is None
    assert manifest.files() == [Path("g.tsv")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('kind = "mutation"\nmegabases = 0', "greater than 0"),
        (
            'kind = "protein"\nmegabases = 35',
            'megabases = 35 applies to layers of kind = "mutation"',
        ),
    ],
)
def test_megabases_are_of_mutations_and_positive(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        read_manifest(_write(tmp_path, f'name = "x"\n[layers.m]\nfile = "m.tsv"\n{line}\n'))


def test_megabases_reach_the_layer(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("patient\tTP53\nP1\t1\nP2\t0\n")
    text = 'name = "x"\n[layers.m]\nfile = "m.tsv"\nkind = "mutation"\nmegabases = 35.5\n'
    assert read_cohort(_write(tmp_path, text)).omics["m"].megabases == 35.5


def test_one_word_is_a_list_of_itself(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    clinical = '[clinical]\nfile = "c.tsv"\ncovariates = "age"\nmissing = "lost"\n'
    file.write_text('name = "m"\n' + LAYER + 'drop_features = "A"\n' + clinical)
    manifest = read_manifest(file)
    assert manifest.layers["genes"].drop_columns == ("A",)
    assert manifest.clinical is not None
    assert manifest.clinical.covariates == ("age",)
    assert manifest.clinical.missing == ("lost",)
