"""From a manifest to a cohort: read each table, bring it to patients, hand it to the gate."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean, listed, to_float, transposed_against
from omicsfuse.core.cohort import Cohort, Endpoint, Exclusion, Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.faults import Faults
from omicsfuse.core.identifiers import patients_of, to_patients
from omicsfuse.core.kinds import KINDS, Kind
from omicsfuse.core.missing import level_text
from omicsfuse.io.maf import is_maf, read_mutations
from omicsfuse.io.manifest import InputFile, LayerTable, Manifest, read_manifest
from omicsfuse.io.paths import resolve_path, sha256_of
from omicsfuse.io.probes import LEVELS, gene_methylation
from omicsfuse.io.radiomics import read_radiomics
from omicsfuse.io.tables import ORIENTATIONS, read_table


def read_cohort(manifest: str | Path | Manifest) -> Cohort:
    r"""Read and check the cohort of a manifest.

    TCGA barcodes are shortened to patients, with one tumour sample each (``resolve_identifiers``);
    other identifiers are not changed. Exclusions are counted in ``Cohort.exclusions``.

    Parameters
    ----------
    manifest : str, pathlib.Path or Manifest
        A manifest or its path.

    Returns
    -------
    Cohort
        Checked; see ``Cohort`` for the checks.

    Raises
    ------
    CohortError
        If the manifest or a table is at fault, a file does not have the SHA-256 of the manifest, or
        a table has another orientation than declared.
    StudyError
        If ``manifest`` is of another type.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_cohort
    >>> import tempfile
    >>> text = 'name = "mine"\n[layers.genes]\nfile = "genes.tsv"\nkind = "expression"'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "mine.toml").write_text(text)
    ...     _ = (Path(folder) / "genes.tsv").write_text("patient\tEGFR\nP1\t7.5\nP2\t3.1\n")
    ...     cohort = read_cohort(Path(folder) / "mine.toml")
    >>> cohort.omics["genes"].table["EGFR"].to_dict()
    {'P1': 7.5, 'P2': 3.1}
    """
    require(manifest, (str, Path, Manifest), "manifest", "the path of a manifest")
    if not isinstance(manifest, Manifest):
        manifest = read_manifest(manifest)
    exclusions: list[Exclusion] = []
    clinical = None
    paths: dict[str, Path] = {}
    variants: dict[str, pd.DataFrame] = {}
    tables: dict[str, pd.DataFrame] = {}
    with Faults() as faults:
        for file in manifest.inputs():
            with faults.gathered():
                paths[file.text] = _verified(file, manifest)
    with Faults() as faults:
        if manifest.clinical is not None:
            with faults.gathered():
                table = read_table(
                    paths[manifest.clinical.file],
                    patient=manifest.clinical.patient,
                    duplicates="keep",
                    missing_words=("",),  # the gate knows the others, and counts them
                )
                clinical = to_patients(table, "clinical", manifest.clinical.file, exclusions)
        for name, layer in manifest.layers.items():
            with faults.gathered():
                tables[name] = _read_layer(name, layer, paths, exclusions, variants)
    with Faults() as faults:
        for name, layer in manifest.layers.items():
            with faults.gathered():
                _refuse_other_way_round(name, layer, tables, clinical)
    omics = {}
    for name, layer in manifest.layers.items():
        table = to_patients(tables[name], name, layer.file, exclusions)
        table = _edited(table, name, layer, exclusions)
        if layer.annotation:
            table = _by_gene(table, name, layer, paths[layer.annotation], exclusions)
        omics[name] = Layer(
            layer.kind,
            table,
            layer.scale,
            source=layer.file,
            megabases=layer.megabases,
            variants=variants.get(name),
        )

    described = manifest.clinical
    endpoints = described.endpoints if described is not None else {}
    return Cohort(
        manifest.name,
        omics,
        clinical,
        {name: Endpoint(**table.model_dump()) for name, table in endpoints.items()},
        covariates=described.covariates if described is not None else (),
        known_labels=described.known_labels if described is not None else (),
        exclusions=tuple(exclusions),
        technical=described.technical if described is not None else (),
        clinical_source=described.file if described is not None else "",
        study=manifest.study.strip(),
        ignore=described.ignore if described is not None else (),
        strata=described.strata if described is not None else (),
        missing=tuple(map(level_text, described.missing)) if described is not None else (),
    )


def _verified(file: InputFile, manifest: Manifest) -> Path:
    """Path of a file that is there and has the fingerprint recorded for it."""
    path = resolve_path(file.text, manifest.base)
    table = f"[{file.label}] of {manifest.path or 'the manifest'}"
    if not path.is_file():
        remedy = (
            f"fetch it with: omicsfuse fetch {manifest.name}"
            if file.url
            else "check the path, which is relative to the manifest's folder"
        )
        raise CohortError(f"{path} does not exist, but {table} names it: {remedy}.")
    if file.sha256 and (digest := sha256_of(path)) != file.sha256:
        raise CohortError(
            f"{path} is not the file described in {table}: its SHA-256 is {digest}, expected "
            f"{file.sha256}. Fetch the file again or, if the change is intended, correct the "
            "sha256 line."
        )
    return path


def _read_layer(
    name: str,
    layer: LayerTable,
    paths: Mapping[str, Path],
    exclusions: list[Exclusion],
    variants: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Read a layer's file in its format, as declared rows x declared features.

    Read counts of a MAF are added to ``variants``.
    """
    path = paths[layer.file]
    form = layer.format or _format(KINDS[layer.kind], path)
    if form != "maf" and (layer.sequenced is not None or layer.silent):
        raise CohortError(
            f'layer "{name}" ({layer.file}): sequenced and silent apply only to MAF files; '
            'this file is read as a table. Remove them, or set format = "maf".'
        )
    if form == "maf":
        sequenced = layer.sequenced
        source = paths[sequenced] if isinstance(sequenced, str) else sequenced
        table, counts = read_mutations(
            path, layer.silent, sequenced=source, exclusions=exclusions, layer=name
        )
        if counts is not None:
            variants[name] = counts
        return table
    reader = read_radiomics if form == "radiomics" else read_table
    return reader(
        path, layer.orientation, layer.patient, duplicates="keep", exclusions=exclusions, layer=name
    )


def _format(kind: Kind, path: Path) -> str:
    """Format of a layer's file where the manifest names none."""
    if kind.radiomic:
        return "radiomics"
    mutations = kind.alterations == "mutations" and path.suffix not in (".parquet", ".pq")
    return "maf" if mutations and is_maf(path) else "table"


def _refuse_other_way_round(
    name: str,
    layer: LayerTable,
    tables: Mapping[str, pd.DataFrame],
    clinical: pd.DataFrame | None,
) -> None:
    """Refuse a table whose declared features are the patients, with the line to change."""
    rows, columns = patients_of(tables[name].index), patients_of(tables[name].columns)
    if clinical is not None:
        others, whom = [clinical.index], "the clinical table"
    else:
        others = [patients_of(table.index) for key, table in tables.items() if key != name]
        whom = "the other layers"
    patients = transposed_against(rows, columns, others)
    if patients is None:
        return
    declared = ORIENTATIONS.index(layer.orientation)
    taken, meant = ("rows", "columns") if declared == 0 else ("columns", "rows")
    raise CohortError(
        f'layer "{name}" ({layer.file}): orientation = "{layer.orientation}" says that the {taken} '
        f"are patients, but {columns.isin(patients).sum()} of {len(columns)} {meant} are patients "
        f"of {whom} (e.g. {listed(columns[columns.isin(patients)], 3)}) and "
        f"{rows.isin(patients).sum()} of {len(rows)} {taken} are (first {taken}: "
        f"{listed(tables[name].index, 3)}). In [layers.{name}] of the manifest write:\n"
        f'orientation = "{ORIENTATIONS[1 - declared]}"'
    )


def _by_gene(
    table: pd.DataFrame, name: str, layer: LayerTable, annotation: Path, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Bring methylation probes to genes, as the manifest asks."""
    try:
        numbers = to_float(table, f'layer "{name}" ({layer.file})')
        genes, unused = gene_methylation(
            numbers, annotation, level=layer.level or LEVELS[0], name=name
        )
    except CohortError as fault:
        raise CohortError(f'layer "{name}" ({layer.file}): {fault}') from None
    exclusions += unused
    return genes


def _edited(
    table: pd.DataFrame, name: str, layer: LayerTable, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Rename and drop features as the manifest says."""
    for key in (*layer.rename_features, *layer.drop_features):
        if key not in table.columns:
            raise CohortError(
                f'layer "{name}" ({layer.file}): rename_features or drop_features names '
                f'"{key}", which is not a feature; {did_you_mean(key, table.columns)}.'
            )
    dropped = [column for column in table.columns if column in layer.drop_features]
    if dropped:
        reason = "named in drop_features"
        exclusions.append(
            Exclusion("read", name, "features", len(dropped), reason, tuple(dropped[:5]))
        )
        table = table.loc[:, ~table.columns.isin(dropped)]
    return table.rename(columns=layer.rename_features) if layer.rename_features else table
