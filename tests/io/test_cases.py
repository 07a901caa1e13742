"""Files in the layouts of real sources: each is read as it comes, or refused with its key."""

import os
import warnings
from pathlib import Path

import pytest

from omicsfuse.core.errors import CohortError
from omicsfuse.io import read_cohort

FOLDER = Path(os.environ.get("OMICSFUSE_DATA", ".")).parent / "cases"

#: Shape of each layer, or words of the refusal: the key that mends it, or the way out.
CASES: dict[str, dict[str, tuple[int, int]] | str] = {
    "annotation_dropped_by_name": {"expression": (40, 150)},
    "bz2_file": {"expression": (40, 60)},
    "captk_long": {"radiomics": (40, 28)},
    "captk_wide": {"radiomics": (40, 28)},
    "captk_wide_clean": {"radiomics": (40, 28)},
    "cbio_caselist_sequenced": {"mutation": (40, 205)},
    "cbio_clinical_asis": {"expression": (40, 150)},
    "cbio_clinical_clean": {"expression": (40, 150)},
    "cbio_clinical_eventvalues": {"expression": (40, 150)},
    "cbio_clinical_ragged_comments": {"expression": (40, 150)},
    "cbio_clinical_sample_table": {"expression": (41, 150)},
    "cbio_cna_nodup": {"cna": (40, 60)},
    "cbio_expr_blank_symbols": {"expression": (40, 150)},
    "cbio_expr_duplicates": 'duplicates = "mean"',
    "cbio_methylation_generic": {"methylation": (40, 60)},
    "cbio_mutations": {"mutation": (38, 235)},
    "cbio_mutations_trailing_tabs": {"mutation": (38, 235)},
    "cbio_negative_time": {"expression": (40, 150)},
    "cbio_rppa": {"protein": (40, 40)},
    "cbio_sample_ids_not_tcga": 'sample_map = "FILE"',
    "cbio_time_not_available": {"expression": (40, 150)},
    "clinical_forgot_patient_column": 'patient = "PATIENT_ID"',
    "clinical_sex_specific": {"expression": (106, 150)},
    "duplicates_dropped_by_name": {"expression": (40, 148)},
    "event_coded_1_2": 'event_values = {"1" = ?, "2" = ?}',
    "event_yes_no_mixed": 'event_values = {"Died of Disease" = 1',
    "excel_bom_crlf": {"expression": (40, 60)},
    "excel_clinical_blank_columns": {"expression": (40, 60)},
    "excel_error_cells": "name other words in missing",
    "excel_semicolon_decimal_comma": {"expression": (40, 60)},
    "excel_sep_line": {"expression": (40, 60)},
    "excel_thousands": {"expression": (40, 60)},
    "excel_trailing_blank_columns": {"expression": (40, 60)},
    "excel_trailing_blank_rows_only": {"expression": (40, 60)},
    "excel_utf16_txt": {"expression": (40, 60)},
    "excel_xlsx": {"expression": (40, 60)},
    "firehose_clin_merged": {"expression": (40, 150)},
    "firehose_symbol_pipe_entrez": {"expression": (65, 1557)},
    "firehose_two_headers": {"expression": (40, 150)},
    "gct_file": {"expression": (40, 150)},
    "gdc_clinical_covariate_dashes": {"expression": (40, 150)},
    "gdc_clinical_onerow": {"expression": (40, 150)},
    "gdc_clinical_tsv": {"expression": (40, 150)},
    "gdc_maf_gz": {"mutation": (37, 163)},
    "gdc_star_N_rows_effect": {"expression": (106, 976)},
    "gdc_star_counts_merged": {"expression": (40, 150)},
    "gdc_star_counts_no_type": {"expression": (40, 150)},
    "gdc_star_one_file": 'file = "FOLDER/"',
    "geo_multi_gene_names": 'duplicates = "mean"',
    "geo_series_matrix": {"expression": (40, 120)},
    "geo_triple_slash_genesets": {"expression": (65, 1557)},
    "gistic_broad_by_arm": {"arms": (37, 39)},
    "gistic_data_by_genes": {"cna": (40, 80)},
    "gistic_thresholded": {"cna": (40, 80)},
    "h5ad_file": "may be truncated",
    "ids_upper_lower_space": {"expression": (40, 150)},
    "layer_missing_words": "name other words in missing",
    "lifex_csv": {"radiomics": (40, 13)},
    "lifex_run": {"radiomics": (40, 13), "expression": (40, 150)},
    "maf_csv": {"mutation": (40, 2)},
    "maf_lowercase_columns": {"mutation": (40, 2)},
    "methylation_all_NA_probes": {"methylation": (40, 60)},
    "methylation_epicv2": {"methylation": (40, 60)},
    "methylation_epicv2_full_manifest": {"methylation": (40, 60)},
    "methylation_rs_ch": {"methylation": (40, 62)},
    "mirp_comma": {"radiomics": (40, 16)},
    "mirp_run": {"radiomics": (40, 16), "expression": (40, 150)},
    "mirp_semicolon": {"radiomics": (40, 16)},
    "missing_words_in_covariate": {"expression": (106, 150), "radiomics": (106, 60)},
    "months_without_unit": {"expression": (40, 150)},
    "mutation_matrix_counts": 'kind = "continuous"',
    "mutation_matrix_text": {"mutation": (40, 60)},
    "nfcore_salmon_by_name": {"expression": (40, 150)},
    "pyrad_array_text": {"radiomics": (40, 25)},
    "pyrad_batch_id": {"radiomics": (40, 25)},
    "pyrad_batch_noid": {"radiomics": (40, 25)},
    "pyrad_complex_values": {"radiomics": (40, 25)},
    "pyrad_failed_rows": {"radiomics": (40, 25)},
    "pyrad_failed_rows_noinf": {"radiomics": (40, 25)},
    "pyrad_multiple_lesions": "14 duplicate patients",
    "pyrad_outcome_age_date_as_features": {"radiomics": (40, 25)},
    "pyrad_pandas_transposed": {"radiomics": (40, 25)},
    "pyrad_pandas_transposed_ids": {"radiomics": (40, 25)},
    "r_dots": {"expression": (40, 150)},
    "r_mangled_genes": {"expression": (65, 1557)},
    "r_write_csv_rownames": 'patient = "PATIENT_ID"',
    "rds_file": "write.table",
    "scale_double_log": {"expression": (40, 150)},
    "scale_forgotten_rsem": "set the scale of the values",
    "tar_gz": "tar -xf",
    "tcgabiolinks_underscore1": {"expression": (40, 150)},
    "tcgabiolinks_underscore1_samples": {"expression": (40, 150)},
    "xena_clinicalMatrix": {"expression": (40, 150)},
    "xena_gdc_ensembl": {"expression": (40, 150)},
    "xena_legacy_hiseqv2": {"expression": (40, 150)},
    "zero_times": {"expression": (40, 150)},
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of cases is not beside OMICSFUSE_DATA")
@pytest.mark.parametrize("case", CASES)
def test_every_case_is_read_or_refused_with_what_mends_it(case: str) -> None:
    expected = CASES[case]
    manifest = FOLDER / case / "cohort.toml"
    with warnings.catch_warnings():
        # Of small tables of counts, of matched identifiers: other tests are about these.
        warnings.simplefilter("ignore")
        if isinstance(expected, str):
            with pytest.raises(CohortError) as caught:
                read_cohort(manifest)
            assert expected in str(caught.value)
        else:
            cohort = read_cohort(manifest)
            assert {name: layer.table.shape for name, layer in cohort.omics.items()} == expected


@pytest.mark.parametrize(
    ("case", "line", "shape"),
    [
        ("cbio_expr_duplicates", 'duplicates = "mean"', (40, 150)),
        ("geo_multi_gene_names", 'duplicates = "max_variance"', None),
        ("layer_missing_words", 'missing = ["<0.01"]', (40, 150)),
        ("excel_error_cells", 'missing = ["#DIV/0!", "#VALUE!", "#NAME?"]', None),
    ],
)
@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of cases is not beside OMICSFUSE_DATA")
@pytest.mark.filterwarnings("ignore:layer")
def test_the_key_that_a_refusal_names_mends_it(
    tmp_path: Path, case: str, line: str, shape: tuple[int, int] | None
) -> None:
    text = (FOLDER / case / "cohort.toml").read_text()
    for path in (FOLDER / case).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    head, mark, rest = text.partition("[layers.")
    name, _, body = rest.partition("\n")
    (tmp_path / "cohort.toml").write_text(f"{head}{mark}{name}\n{line}\n{body}")
    table = next(iter(read_cohort(tmp_path / "cohort.toml").omics.values())).table
    assert len(table) >= 10
    assert shape is None or table.shape == shape
