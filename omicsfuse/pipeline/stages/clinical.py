"""Hold the subtypes against the clinical table, mutations and copy-number changes."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from omicsfuse.biology import alterations, associate, burden, table_one
from omicsfuse.biology.associations import COLUMNS
from omicsfuse.biology.table_one import NOTES as TABLE_ONE_NOTES
from omicsfuse.io.table_one import write_table_one
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.report.sections import clinical


class ClinicalAssociations(NamedTuple):
    """Clinical columns, altered genes, burden of each patient, and Table 1."""

    clinical: pd.DataFrame
    alterations: pd.DataFrame
    burden: pd.DataFrame
    table_one: pd.DataFrame


class Clinical(Stage[None, ClinicalAssociations]):
    """Test what is known of the patients against the subtypes."""

    name = "clinical"
    sections = (clinical.SECTION,)
    holds = {
        "clinical.tsv": "Clinical and technical variables compared between subtypes",
        "alterations.tsv": "Alteration frequency of each gene by subtype, with tests",
        "burden.tsv": "Mutational burden and altered fraction of the genome of each patient",
        "table1.docx": "Table 1: patients by subtype (Word)",
        "table1.html": "Table 1: patients by subtype (HTML)",
        "table1.csv": "Table 1: patients by subtype (CSV)",
    }

    def run(self, context: Context) -> ClinicalAssociations:
        subtypes, cohort = context.subtypes, context.cohort
        clinical = associate(subtypes, cohort)
        return ClinicalAssociations(
            clinical,
            alterations(subtypes, cohort),
            burden(subtypes, cohort),
            table_one(subtypes, cohort, clinical),
        )

    def tables(self, result: ClinicalAssociations) -> dict[str, pd.DataFrame]:
        clinical = result.clinical[[*COLUMNS]].reset_index(names="variable")
        tables = {"clinical.tsv": clinical}
        if len(result.alterations):
            tables["alterations.tsv"] = result.alterations
        if len(result.burden.columns):
            tables["burden.tsv"] = result.burden.reset_index(names="patient")
        return tables

    def write(self, result: ClinicalAssociations, folder: Path) -> None:
        write_table_one(result.table_one, TABLE_ONE_NOTES, folder)

    def fields(self, result: ClinicalAssociations) -> dict[str, Any]:
        return result._asdict()


CLINICAL = Clinical()
