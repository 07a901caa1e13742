"""From a manifest to a cohort: read each table, bring it to patients, hand it to the gate."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.numbers import to_numbers
from omicsfuse.core.checks.tables import count, did_you_mean, listed, transposed_against
from omicsfuse.core.cohort import Cohort, Endpoint, Exclusion, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.faults import Faults
from omicsfuse.core.identifiers import patients_of, to_patients
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.missing import level_text
from omicsfuse.core.no_features import without_descriptions
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Wanted
from omicsfuse.io.layouts.mutations import mutated
from omicsfuse.io.maf import is_maf, read_mutations
from omicsfuse.io.manifest import ClinicalTable, InputFile, LayerTable, Manifest, read_manifest
from omicsfuse.io.paths import resolve_path, sha256_of
from omicsfuse.io.probes import LEVELS, gene_methylation
from omicsfuse.io.repeats import (
    one_feature_each,
    one_row_each,
    read_sample_map,
    to_mapped_patients,
)
from omicsfuse.io.tables import MISSING_WORDS, arranged_table


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
    paths: dict[str, Path] = {}
    with Faults() as faults:
        for file in manifest.inputs():
            with faults.gathered():
                paths[file.text] = _verified(file, manifest)
    read = _Read(paths)
    with Faults() as faults:
        with faults.gathered():
            _read_clinical(manifest, read)
        for name, layer in manifest.layers.items():
            with faults.gathered():
                read.layers[name] = _read_layer(name, layer, read)
    with Faults() as faults:
        for name, layer in manifest.layers.items():
            with faults.gathered():
                _right_way_round(name, layer, read)
    with Faults() as faults:
        for name, layer in manifest.layers.items():
            with faults.gathered():
                read.layers[name].table = _to_features_of_patients(name, layer, read)
    for name, layer in manifest.layers.items():
        if layer.sequenced is not None:
            _name_unknown(name, layer, read)
    described = manifest.clinical or ClinicalTable(file="none")
    return Cohort(
        manifest.name,
        {
            name: Layer(
                layer.kind,
                read.layers[name].table,
                layer.scale or read.layers[name].scale,
                source=layer.file,
                megabases=layer.megabases,
                variants=read.variants.get(name),
                missing=tuple(map(level_text, layer.missing)),
                keep=layer.keep_columns,
            )
            for name, layer in manifest.layers.items()
        },
        read.clinical,
        {name: Endpoint(**table.model_dump()) for name, table in described.endpoints.items()},
        covariates=described.covariates,
        known_labels=described.known_labels,
        exclusions=tuple(read.exclusions),
        technical=described.technical,
        clinical_source=manifest.clinical.file if manifest.clinical is not None else "",
        study=manifest.study.strip(),
        ignore=described.ignore,
        strata=described.strata,
        missing=tuple(map(level_text, described.missing)),
        notes=tuple(read.notes),
    )


@dataclass
class _Read:
    """What has been read so far of a manifest, by the files' paths; what was left out and noticed.

    ``samples``: patient of each sample, where the manifest names a map.
    """

    paths: Mapping[str, Path]
    clinical: pd.DataFrame | None = None
    samples: pd.DataFrame | None = None
    layers: dict[str, Arranged] = field(default_factory=dict)
    variants: dict[str, pd.DataFrame] = field(default_factory=dict)
    exclusions: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, where: str, notes: Sequence[str]) -> None:
        """Keep what was noticed in a file as one note."""
        if notes:
            self.notes.append(f"{where}: {'; '.join(notes)}")


def _read_clinical(manifest: Manifest, read: _Read) -> None:
    """Read the clinical table, a row a patient, and the map of samples if there is one."""
    described = manifest.clinical
    if described is None:
        return
    # The gate knows the words for missing, and counts them.
    wanted = _wanted("clinical", described, missing_words=("",))
    arranged = arranged_table(
        read.paths[described.file], wanted, described.reading(), described.format
    )
    if described.sample_map:
        read.samples = read_sample_map(read.paths[described.sample_map])
    used = {name for end in described.endpoints.values() for name in end.columns()}
    for columns in (
        described.covariates,
        described.strata,
        described.known_labels,
        described.technical,
    ):
        used |= set(columns)
    words = tuple(map(level_text, described.missing))
    resolved: list[Exclusion] = []
    table = to_patients(arranged.table, "clinical", described.file, resolved)
    table, merged = one_row_each(table, used, words, f"clinical table ({described.file})")
    read.exclusions += [*arranged.exclusions, *resolved]
    read.note("clinical table", [*arranged.notes, *merged])
    read.clinical = table


def _verified(file: InputFile, manifest: Manifest) -> Path:
    """Path of a file that is there and has the fingerprint recorded for it."""
    path = resolve_path(file.text, manifest.base)
    table = f"[{file.label}] of {manifest.path or 'the manifest'}"
    if not path.exists():
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


def _wanted(
    label: str,
    table: LayerTable | ClinicalTable,
    kind: str = "",
    scale: str = "",
    missing_words: Sequence[str] = (),
) -> Wanted:
    """What a manifest says of a table, for its layout."""
    return Wanted(
        label,
        kind,
        scale,
        table.orientation,
        table.patient,
        table.column,
        table.drop_columns,
        tuple(missing_words),
        table.patient_pattern,
    )


def _read_layer(name: str, layer: LayerTable, read: _Read) -> Arranged:
    """Read a layer's file in its layout, as declared rows x declared features."""
    path, kind = read.paths[layer.file], KINDS[layer.kind]
    is_mutations = layer.format == "maf" or (
        layer.format == "auto" and kind.alterations == "mutations" and is_maf(path, layer.reading())
    )
    if not is_mutations and (layer.sequenced is not None or layer.silent):
        raise CohortError(
            f'layer "{name}" ({layer.file}): sequenced and silent apply only to MAF files; '
            'this file is read as a table. Remove them, or set format = "maf".'
        )
    if is_mutations:
        sequenced = layer.sequenced
        source = read.paths[sequenced] if isinstance(sequenced, str) else sequenced
        table, counts = read_mutations(
            path,
            layer.silent,
            sequenced=source,
            exclusions=read.exclusions,
            layer=name,
            reading=layer.reading(),
        )
        if counts is not None:
            read.variants[name] = counts
        return Arranged(table)
    wanted = _wanted(name, layer, layer.kind, layer.scale, MISSING_WORDS)
    arranged = arranged_table(path, wanted, layer.reading(), layer.format, read.samples)
    if kind.alterations == "mutations":
        arranged.table, note = mutated(arranged.table)
        arranged.notes += [note] if note else []
    if kind.radiomic:
        arranged.table, descriptions = without_descriptions(
            arranged.table, name, layer.keep_columns
        )
        arranged.exclusions += descriptions
    read.exclusions += arranged.exclusions
    read.note(f'layer "{name}"', arranged.notes)
    return arranged


def _right_way_round(name: str, layer: LayerTable, read: _Read) -> None:
    """Turn a table whose rows are not the patients; refuse it where the manifest says they are."""
    tables = {key: arranged.table for key, arranged in read.layers.items()}
    clinical = read.clinical
    rows, columns = patients_of(tables[name].index), patients_of(tables[name].columns)
    if clinical is not None:
        others, whom = [clinical.index], "the clinical table"
    else:
        others = [patients_of(table.index) for key, table in tables.items() if key != name]
        whom = "the other layers"
    patients = transposed_against(rows, columns, others)
    if patients is None:
        return
    if not layer.orientation:
        turned = layer.model_copy(update={"orientation": ORIENTATIONS[1]})
        read.layers[name] = _read_layer(name, turned, read)
        read.note(f'layer "{name}"', ["columns are patients: turned"])
        return
    declared = ORIENTATIONS.index(layer.orientation)
    taken, meant = ("rows", "columns") if declared == 0 else ("columns", "rows")
    raise CohortError(
        f'layer "{name}" ({layer.file}): orientation = "{layer.orientation}" says that the '
        f"{taken} are patients, but {columns.isin(patients).sum()} of {len(columns)} {meant} are "
        f"patients of {whom} (e.g. {listed(columns[columns.isin(patients)], 3)}) and "
        f"{rows.isin(patients).sum()} of {len(rows)} {taken} are (first {taken}: "
        f"{listed(tables[name].index, 3)}). In [layers.{name}] of the manifest write:\n"
        f'orientation = "{ORIENTATIONS[1 - declared]}"'
    )


def _to_features_of_patients(name: str, layer: LayerTable, read: _Read) -> pd.DataFrame:
    """Bring samples to patients, and columns to the features that the manifest asks for."""
    table = read.layers[name].table
    samples = read.samples if read.samples is not None else read.layers[name].samples
    if samples is not None:
        table, dropped = to_mapped_patients(table, samples, name)
        read.exclusions += dropped
    table = to_patients(table, name, layer.file, read.exclusions)
    for key in layer.rename_features:
        if key not in table.columns:
            raise CohortError(
                f'layer "{name}" ({layer.file}): rename_features names "{key}", which is not '
                f"a feature; {did_you_mean(key, table.columns)}."
            )
    table = table.rename(columns=layer.rename_features)
    where = f'layer "{name}" ({layer.file})'
    table, joined = one_feature_each(
        table, layer.duplicates, name, tuple(map(level_text, layer.missing)), where
    )
    read.exclusions += joined
    if layer.annotation:
        table = _by_gene(table, name, layer, read.paths[layer.annotation], read.exclusions)
    return table


def _name_unknown(name: str, layer: LayerTable, read: _Read) -> None:
    """Name patients without mutations of whom no other table knows: are they of this cohort?"""
    others = [read.layers[key].table.index for key in read.layers if key != name]
    others += [read.clinical.index] if read.clinical is not None else []
    table = read.layers[name].table
    known = {patient for index in others for patient in index}
    unknown = [patient for patient in table.index[~table.any(axis=1)] if patient not in known]
    if not (others and unknown):
        return
    said = (
        f"{count(len(unknown), 'patient')} whom sequenced names, without a mutation "
        f"(e.g. {listed(unknown, 3)}), are in no other table"
    )
    if read.clinical is not None:
        read.note(f'layer "{name}"', [said])
    else:
        warnings.warn(
            f'layer "{name}" ({layer.file}): {said}. They stay in the cohort: look whether '
            "sequenced lists patients of this cohort, written as in the other layers.",
            OmicsfuseWarning,
            stacklevel=3,
        )


def _by_gene(
    table: pd.DataFrame, name: str, layer: LayerTable, annotation: Path, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Bring methylation probes to genes, as the manifest asks."""
    try:
        where = f'layer "{name}" ({layer.file})'
        numbers = to_numbers(table, where, missing=tuple(map(level_text, layer.missing))).table
        genes, unused = gene_methylation(
            numbers, annotation, level=layer.level or LEVELS[0], name=name
        )
    except CohortError as fault:
        raise CohortError(f'layer "{name}" ({layer.file}): {fault}') from None
    exclusions += unused
    return genes
