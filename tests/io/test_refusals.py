"""Every refusal, from a file on disk: the message names the file, the column and example rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.io import read_cohort

PATIENTS = [f"P{i + 1}" for i in range(12)]


def _numbers(columns: list[str], low: float = 0.0, high: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    values = np.round(rng.uniform(low, high, (len(PATIENTS), len(columns))), 4)
    return pd.DataFrame(values, index=pd.Index(PATIENTS, name="patient"), columns=columns)


class Folder:
    """A folder with a clinical table, one layer and a manifest for them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clinical = pd.DataFrame(
            {"time": range(100, 112), "event": [0, 1] * 6, "age": 60},
            index=pd.Index(PATIENTS, name="patient"),
        )
        self.endpoint = 'time = "time"\nevent = "event"'
        self.extra_clinical = ""

    def read(
        self, table: pd.DataFrame | str, kind: str = "expression", lines: str = 'scale = "log2"'
    ) -> Cohort:
        content = table if isinstance(table, str) else table.to_csv(sep="\t")
        (self.path / "layer.tsv").write_text(content)
        self.clinical.to_csv(self.path / "clinical.tsv", sep="\t")
        (self.path / "cohort.toml").write_text(
            f'name = "test"\n[clinical]\nfile = "clinical.tsv"\n{self.extra_clinical}\n'
            f"[clinical.endpoints.os]\n{self.endpoint}\n"
            f'[layers.genes]\nfile = "layer.tsv"\nkind = "{kind}"\n{lines}\n'
        )
        return read_cohort(self.path / "cohort.toml")

    def message(
        self, table: pd.DataFrame | str, kind: str = "expression", lines: str = 'scale = "log2"'
    ) -> str:
        with pytest.raises(CohortError) as refusal:
            self.read(table, kind, lines)
        return str(refusal.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_folder_itself_is_accepted(folder: Folder) -> None:
    cohort = folder.read(_numbers(["TP53", "EGFR"]))
    assert cohort.omics["genes"].table.shape == (12, 2)
    assert len(cohort.survival("os")) == 12
    assert cohort.exclusions == ()


def test_duplicate_patients(folder: Folder) -> None:
    table = _numbers(["TP53"])
    table = pd.concat([table, table.iloc[[2]]])
    message = folder.message(table)
    assert "layer.tsv" in message
    assert '1 duplicate patient: "P3" in rows 3, 13' in message


def test_duplicate_patients_in_the_clinical_table(folder: Folder) -> None:
    folder.clinical = pd.concat([folder.clinical, folder.clinical.iloc[[0]]])
    assert any("rows of 1 patient merged" in note for note in folder.read(_numbers(["TP53"])).notes)
    folder.clinical.iloc[12, folder.clinical.columns.get_loc("time")] = 4321
    message = folder.message(_numbers(["TP53"]))
    assert "clinical.tsv" in message
    assert 'column "time": P1 has' in message


def test_duplicate_features_are_not_renamed_and_pass(folder: Folder) -> None:
    message = folder.message(_numbers(["TP53", "EGFR", "TP53"]))
    assert "layer.tsv" in message
    assert 'duplicate feature: "TP53" in columns 1, 3' in message


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "is empty"),
        ("patient\tTP53\n", "the table is empty: it has a header of 2 columns and no rows"),
        ("\n\n", "is empty"),
    ],
)
def test_empty_tables(folder: Folder, content: str, found: str) -> None:
    message = folder.message(content)
    assert "layer.tsv" in message
    assert found in message


def test_table_without_features(folder: Folder) -> None:
    message = folder.message("patient\nP1\nP2\n")
    assert "layer.tsv" in message
    assert "only one column was found" in message


def test_table_with_every_value_missing(folder: Folder) -> None:
    message = folder.message(_numbers(["TP53"]) * np.nan)
    assert "layer.tsv" in message
    assert "every value is missing" in message


def test_cells_that_are_not_numbers(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"]).astype(object)
    table.loc["P4", "EGFR"] = "low"
    message = folder.message(table)
    assert "layer.tsv" in message
    assert '1 cell in 1 column is not a number: column "EGFR", patient "P4" (row 4): "low"' in (
        message
    )


def test_decimal_commas_are_named_as_such(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"]).astype(object)
    table.loc[["P1", "P5"], "TP53"] = ["12,5", "7,25"]
    message = folder.message(table)
    assert '2 cells in 1 column are not numbers: column "TP53", patient "P1" (row 1): "12,5"' in (
        message
    )
    assert "decimal comma" in message


def test_booleans_in_an_expression_layer_are_not_numbers(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"]).assign(EGFR=[True, False] * 6)
    message = folder.message(table)
    assert 'column "EGFR", patient "P1" (row 1): "True"' in message
    assert "Only a mutation layer may hold true/false" in message


@pytest.mark.parametrize("word", ["inf", "-inf", "Infinity"])
def test_infinities(folder: Folder, word: str) -> None:
    table = _numbers(["TP53", "EGFR"]).astype(object)
    table.loc["P2", "TP53"] = word
    message = folder.message(table)
    assert "layer.tsv" in message
    assert 'column "TP53", patient "P2" (row 2)' in message
    assert "infinite values" in message


@pytest.mark.parametrize("value", [-0.01, 1.2, 55.0])
def test_beta_values_outside_0_to_1(folder: Folder, value: float) -> None:
    table = _numbers(["cg01", "cg02"])
    table.loc["P7", "cg02"] = value
    message = folder.message(table, "methylation", 'scale = "beta"')
    assert "layer.tsv" in message
    assert f'1 cell, column "cg02", patient "P7" (row 7): {value:g}' in message
    assert 'set scale = "m_value"' in message


def test_m_values_that_are_beta_values(folder: Folder) -> None:
    message = folder.message(_numbers(["cg01"]), "methylation", 'scale = "m_value"')
    assert 'scale = "m_value" is declared but every value lies in 0..1' in message
    assert 'set scale = "beta"' in message


@pytest.mark.parametrize("scale", ["counts", "normalised_counts", "tpm", "fpkm"])
def test_negative_amounts(folder: Folder, scale: str) -> None:
    table = _numbers(["TP53", "EGFR"], 10, 1000)
    table.loc["P3", "TP53"] = -4
    message = folder.message(table, lines=f'scale = "{scale}"')
    assert "layer.tsv" in message
    assert f'scale = "{scale}" is declared but there are negative values' in message
    assert 'column "TP53", patient "P3" (row 3): -4' in message


@pytest.mark.parametrize("value", [2.0, 0.5, -1.0])
def test_mutation_layer_that_is_not_0_or_1(folder: Folder, value: float) -> None:
    table = _numbers(["TP53", "EGFR"]).round()
    table.loc["P6", "EGFR"] = value
    message = folder.message(table, "mutation", "")
    assert "layer.tsv" in message
    assert f'column "EGFR", patient "P6" (row 6): {value:g}' in message
    assert "0 (not mutated) and 1 (mutated)" in message


def test_log2_with_values_up_to_20000(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"], 0, 10)
    table.loc["P9", "EGFR"] = 20_000
    message = folder.message(table)
    assert "layer.tsv" in message
    assert 'scale = "log2" is declared but values reach 20,000' in message
    assert 'column "EGFR", patient "P9" (row 9): 20,000' in message
    assert '"tpm"' in message


def test_log2_that_was_only_assumed_says_so(folder: Folder) -> None:
    message = folder.message(_numbers(["TP53"], 0, 9000), lines="")
    assert 'scale = "log2" is assumed (no scale is declared),' in message


def test_zscores_that_are_raw_counts(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"], 100, 9000)
    message = folder.message(table, lines='scale = "zscore"')
    assert 'scale = "zscore" is declared but no value is negative (median ' in message
    assert 'column "' in message
    assert 'patient "P' in message


@pytest.mark.parametrize("scale", ["counts", "normalised_counts"])
def test_counts_that_are_logarithms(folder: Folder, scale: str) -> None:
    message = folder.message(_numbers(["TP53"], 1, 15), lines=f'scale = "{scale}"')
    assert 'set scale = "log2"' in message


def test_gistic_levels_that_are_ratios(folder: Folder) -> None:
    message = folder.message(_numbers(["TP53"], -1, 1), "copy_number", 'scale = "gistic"')
    assert 'set scale = "log2"' in message
    assert 'column "TP53", patient "P1" (row 1)' in message


def test_negative_times(folder: Folder) -> None:
    folder.clinical.loc["P5", "time"] = -3
    cohort = folder.read(_numbers(["TP53"]))
    assert "P5" not in cohort.survival("os").index
    excluded = {each.examples: each.reason for each in cohort.survival_exclusions("os")}
    assert "negative" in excluded[("P5",)]


@pytest.mark.parametrize("word", ["12,5", "lost", "3 years"])
def test_times_that_are_not_numbers(folder: Folder, word: str) -> None:
    folder.clinical = folder.clinical.astype({"time": object})
    folder.clinical.loc["P5", "time"] = word
    message = folder.message(_numbers(["TP53"]))
    assert "clinical.tsv" in message
    assert 'column "time" (time of endpoint "os"): 1 time is not a number' in message
    assert f'patient "P5" (row 5): "{word}"' in message
    assert ("decimal comma" in message) == (word == "12,5")


def test_infinite_times(folder: Folder) -> None:
    folder.clinical = folder.clinical.astype({"time": float})
    folder.clinical.loc["P2", "time"] = np.inf
    assert '1 time is infinite: patient "P2" (row 2)' in folder.message(_numbers(["TP53"]))


def test_events_in_unmapped_words_get_the_line_to_add(folder: Folder) -> None:
    folder.clinical["event"] = ["Dead", "Alive"] * 6
    message = folder.message(_numbers(["TP53"]))
    assert "clinical.tsv" in message
    assert 'column "event" (event of endpoint "os") holds "Alive", "Dead"' in message
    assert 'patient "P1" (row 1): "Dead"' in message
    assert "[clinical.endpoints.os]" in message
    line = message.splitlines()[-1]
    assert line == 'event_values = {"Alive" = 0, "Dead" = 1}'
    folder.endpoint += f"\n{line}"
    events = folder.read(_numbers(["TP53"])).survival("os")["event"]
    assert events[PATIENTS].tolist() == [1, 0] * 6


def test_events_that_nobody_can_guess_get_question_marks(folder: Folder) -> None:
    folder.clinical["event"] = [1, 2] * 6
    line = folder.message(_numbers(["TP53"])).splitlines()[-1]
    assert line == 'event_values = {"1" = ?, "2" = ?}'
    folder.clinical["event"] = ["A", "B", "C"] * 4
    message = folder.message(_numbers(["TP53"]))
    assert "(replace each ?)" in message
    assert message.endswith('event_values = {"A" = ?, "B" = ?, "C" = ?}')


def test_events_that_the_mapping_forgets(folder: Folder) -> None:
    folder.clinical["event"] = ["Dead", "Alive", "Lost"] * 4
    folder.endpoint += '\nevent_values = {"Dead" = 1, "Alive" = 0}'
    message = folder.message(_numbers(["TP53"]))
    assert 'not understood: patient "P3" (row 3): "Lost"' in message


def test_fewer_than_10_patients_in_common(folder: Folder) -> None:
    cohort = folder.read(_numbers(["TP53"]).iloc[:9])
    with pytest.raises(CohortError) as refusal:
        cohort.common_patients(["genes"])
    message = str(refusal.value)
    assert "9 patients in common in genes; at least 10 are needed" in message
    assert 'layer "genes" (layer.tsv): 9 patients, e.g. "P1", "P2", "P3"' in message
    assert 'clinical table (clinical.tsv): 12 patients, e.g. "P1", "P10", "P11"' in message


@pytest.mark.parametrize(
    ("dates", "line"),
    [
        (["1-Mar"], 'rename_features = {"1-Mar" = "MARCH1"}'),
        (["2-Mar", "Sep-02"], 'rename_features = {"2-Mar" = "MARCH2", "Sep-02" = "SYMBOL"}'),
        (["2023-09-02"], 'rename_features = {"2023-09-02" = "SYMBOL"}'),
        (["3/1/2023"], 'rename_features = {"3/1/2023" = "SYMBOL"}'),
    ],
)
@pytest.mark.parametrize("orientation", ["patients_by_features", "features_by_patients"])
def test_genes_that_a_spreadsheet_turned_into_dates(
    folder: Folder, dates: list[str], line: str, orientation: str
) -> None:
    table = _numbers(["TP53", *dates])
    if orientation == "features_by_patients":
        table = table.T
    lines = f'scale = "log2"\norientation = "{orientation}"'
    message = folder.message(table, lines=lines)
    assert "layer.tsv" in message
    assert f'a spreadsheet turned gene symbols into dates: "{dates[0]}" (feature 2)' in message
    assert line in message
    settled = line.replace("SYMBOL", "SEPT2")
    genes = folder.read(table, lines=f"{lines}\n{settled}").omics["genes"].table.columns
    assert not set(dates) & set(genes)


def test_restored_date_whose_symbol_is_there_already(folder: Folder) -> None:
    message = folder.message(_numbers(["11-Mar", "MARCH11"]))
    assert '"11-Mar" would be MARCH11, but this is not certain' in message
    assert "rename_features" not in message
    line = message.splitlines()[-1]
    assert line == 'drop_columns = ["11-Mar"]'
    genes = folder.read(_numbers(["11-Mar", "MARCH11"]), lines=f'scale = "log2"\n{line}')
    assert genes.omics["genes"].table.columns.tolist() == ["MARCH11"]


def test_dates_that_occur_twice_are_told_apart_and_not_renamed(folder: Folder) -> None:
    lines = 'scale = "log2"\norientation = "features_by_patients"'
    message = folder.message(_numbers(["1-Mar", "TP53", "1-Mar", "2-Mar", "MARCH2"]).T, lines=lines)
    assert '"1-Mar" (feature 1), "1-Mar" (feature 3), "2-Mar" (feature 4)' in message
    assert message.splitlines()[-2:] == [
        'drop_columns = ["1-Mar"]',
        'rename_features = {"2-Mar" = "MARC2"}',
    ]


@pytest.mark.parametrize("scale", ["counts", "normalised_counts", "tpm", "fpkm"])
def test_amounts_that_cannot_be(folder: Folder, scale: str) -> None:
    table = _numbers(["TP53", "EGFR"], 10, 1000)
    table.loc["P3", "TP53"] = 1e300
    message = folder.message(table, lines=f'scale = "{scale}"')
    assert "layer.tsv" in message
    assert "there are values above 1e+12: 1 cell" in message
    assert 'column "TP53", patient "P3" (row 3): 1e+300' in message


def test_a_stray_quote_in_the_clinical_table(folder: Folder) -> None:
    folder.read(_numbers(["TP53"]))
    path = folder.path / "clinical.tsv"
    rows = path.read_text().splitlines()
    rows[2] = rows[2].replace("\t60", '\t"60')
    rows[7] = rows[7].replace("\t60", '\t60"')
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(CohortError, match=r"clinical\.tsv: line 3: .*absorb the following rows"):
        read_cohort(folder.path / "cohort.toml")


@pytest.mark.parametrize("manifest", [None, 3, {"name": "a"}])
def test_what_is_no_manifest(manifest: object) -> None:
    with pytest.raises(StudyError, match=r"^manifest is of type .*; expected str or Path or Man"):
        read_cohort(manifest)


def test_rows_that_are_features_get_the_line_to_change(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR", "KRAS"]).T
    turned = folder.read(table, lines='scale = "log2"')
    assert turned.omics["genes"].table.shape == (12, 3)
    assert turned.notes == ('layer "genes": columns are patients: turned',)
    message = folder.message(table, lines='orientation = "patients_by_features"')
    assert 'layer "genes" (layer.tsv): orientation = "patients_by_features"' in message
    assert "12 of 12 columns are patients of the clinical table" in message
    assert '0 of 3 rows are (first rows: "TP53", "EGFR", "KRAS")' in message
    line = message.splitlines()[-1]
    assert line == 'orientation = "features_by_patients"'
    assert folder.read(table, lines=f'scale = "log2"\n{line}').omics["genes"].table.shape == (12, 3)


def test_columns_that_are_features_get_the_line_to_change(folder: Folder) -> None:
    message = folder.message(
        _numbers(["TP53", "EGFR", "KRAS"]), lines='orientation = "features_by_patients"'
    )
    assert "12 of 12 rows are patients of the clinical table" in message
    assert message.endswith('orientation = "patients_by_features"')


def test_unknown_kind_and_scale_name_the_nearest(folder: Folder) -> None:
    message = folder.message(_numbers(["TP53"]), kind="expresion")
    assert "cohort.toml" in message
    assert (
        'layers.genes.kind = "expresion": this kind is not known; did you mean "expression"?'
        in (message)
    )
    message = folder.message(_numbers(["TP53"]), lines='scale = "fkpm"')
    assert 'scale = "fkpm" is not known for kind = "expression"; did you mean "fpkm"?' in message


@pytest.mark.parametrize("role", ["covariates", "known_labels", "technical", "ignore"])
def test_clinical_columns_that_do_not_exist(folder: Folder, role: str) -> None:
    folder.extra_clinical = f'{role} = ["Age"]'
    message = folder.message(_numbers(["TP53"]))
    assert "clinical.tsv" in message
    assert f'there is no column "Age", named as one of {role}; did you mean "age"?' in (message)


def test_endpoint_columns_that_do_not_exist(folder: Folder) -> None:
    folder.endpoint = 'time = "tim"\nevent = "event"'
    message = folder.message(_numbers(["TP53"]))
    assert "clinical.tsv" in message
    assert 'there is no column "tim", named as time of endpoint "os"; did you mean "time"' in (
        message
    )


def test_unknown_unit_of_time(folder: Folder) -> None:
    folder.endpoint += '\nunit = "day"'
    message = folder.message(_numbers(["TP53"]))
    assert 'clinical.endpoints.os.unit = "day"; did you mean "days"?' in message


@pytest.mark.parametrize("name", ["", "NA"])
def test_patients_without_an_identifier(folder: Folder, name: str) -> None:
    table = _numbers(["TP53"]).rename({"P3": name})
    message = folder.message(table)
    assert "layer.tsv" in message
    assert "1 row without a patient name: row 3" in message


def test_z_scores_of_7377_and_radiomics_of_1e14_are_legal(folder: Folder) -> None:
    table = _numbers(["TP53", "EGFR"], -4, 4)
    table.loc["P1", "TP53"] = 7377.59
    assert (
        folder.read(table, lines='scale = "zscore"').omics["genes"].table.loc["P1", "TP53"] > 7000
    )
    table = _numbers(["original_firstorder_Energy"]) * 1e14
    assert folder.read(table, "radiomics", "").omics["genes"].table.to_numpy().max() > 1e13
