"""A MuData or AnnData object made into a cohort."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omicsfuse.core.checks.arguments import require, sequence_of
from omicsfuse.core.checks.cohort import ROLES
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort, Endpoint, Exclusion, Layer
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.from_tables import read_tables
from omicsfuse.io.mudata.clinical import clinical_table
from omicsfuse.io.mudata.layers import Part, layer_of, part_of
from omicsfuse.io.mudata.optional import UNS, libraries, read_file

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

#: How notes call the function that guesses, in whose place the same arguments go here.
_TABLES = "of.Cohort.from_tables"


def read_mudata(
    data: "str | Path | MuData | AnnData",
    *,
    modalities: Sequence[str] | None = None,
    kinds: Mapping[str, str] | str | None = None,
    scales: Mapping[str, str] | str | None = None,
    matrix: Mapping[str, str] | str = "X",
    gene_symbol: Mapping[str, str] | str | None = None,
    patient: str = "",
    clinical: Sequence[str] | None = None,
    endpoints: Mapping[str, Any] | None = None,
    covariates: Sequence[str] | None = None,
    known_labels: Sequence[str] | None = None,
    technical: Sequence[str] | None = None,
    strata: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    missing: Sequence[str] | None = None,
    name: str = "",
) -> Cohort:
    """Make a cohort from a MuData or AnnData object, or from an ``.h5mu`` or ``.h5ad`` file.

    Each modality becomes a layer of its name. An AnnData becomes a cohort of one layer, named by
    ``kinds`` or by its file. Observations are patients, or samples with TCGA barcodes, which are
    shortened to patients. The columns of ``obs``, of the object and of each modality, become the
    clinical table. A column of several modalities becomes one column if they agree, and one for
    each otherwise (``"rna:age"``). Kinds and scales are guessed if not given, as in
    ``Cohort.from_tables``, and ``notes`` lists the guesses. An object of ``to_mudata`` needs no
    arguments.

    Parameters
    ----------
    data : mudata.MuData, anndata.AnnData, str or pathlib.Path
        The object, or the path of a file.
    modalities : sequence of str, optional
        Modalities to use; all by default.
    kinds, scales : mapping of str to str, or str, optional
        Kind of each modality (one of ``KINDS``) and scale of its values; a single word applies to
        all.
    matrix : mapping of str to str, or str
        Location of the values: ``"X"``, ``"raw"``, or the name of one of ``layers``.
    gene_symbol : mapping of str to str, or str, optional
        Column of ``var`` with the names of the features; ``var_names`` by default, and for empty
        cells.
    patient : str
        Column of ``obs`` with the patients; ``obs_names`` by default.
    clinical : sequence of str, optional
        Columns of ``obs`` to use; all by default.
    endpoints : mapping of str to tuple or mapping, optional
        Columns of ``obs`` with time and event, as in ``Cohort.from_tables``.
    covariates, known_labels, technical, strata, ignore, missing : sequence of str, optional
        As in ``Cohort``.
    name : str
        Name of the cohort; by default the stored name, or the name of the file.

    Returns
    -------
    Cohort
        Checked; see ``Cohort``. Sparse matrices are made dense. Subtypes written by ``to_mudata``
        are not among the clinical columns.

    Raises
    ------
    CohortError
        If the file cannot be read, a modality, matrix or column does not exist, gene symbols or
        patients occur twice, or a table is at fault.
    StudyError
        If an argument is of another type, mudata is not installed, or memory does not suffice.

    Examples
    --------
    >>> import omicsfuse as of
    >>> mdata = of.to_mudata(of.simulate_cohort(40, n_external=0).discovery)
    >>> cohort = of.read_mudata(mdata, modalities=["expression", "mutation"])
    >>> cohort.omics["expression"].scale, list(cohort.endpoints)
    ('tpm', ['os'])
    """
    mudata, anndata = libraries()
    require(data, (str, Path, mudata.MuData, anndata.AnnData), "data")
    source = str(data) if isinstance(data, str | Path) else ""
    data = read_file(Path(data)) if isinstance(data, str | Path) else data
    if isinstance(data, anndata.AnnData):
        if modalities is not None:
            raise StudyError(
                "modalities are given, but data is an AnnData object, without modalities."
            )
        found = {_only_name(kinds, source): data}
    else:
        found = _modalities(data, modalities)
    there = list(getattr(data, "mod", found))
    wanted = {"kinds": kinds, "scales": scales, "matrix": matrix, "gene_symbol": gene_symbol}
    options = {argument: _each(value, there, argument) for argument, value in wanted.items()}
    exclusions: list[Exclusion] = []
    layers: dict[str, Layer] = {}
    parts: list[Part] = []
    with Faults() as faults:
        for key, modality in found.items():
            with faults.gathered():
                part = part_of(key, modality, data, patient, exclusions)
                chosen = {argument: each.get(key, "") for argument, each in options.items()}
                layers[key] = layer_of(part, chosen, source)
                parts.append(part)
    stored = _stored(data)
    written = stored.pop("written", ()) if clinical is None else ()
    table = clinical_table(data, parts, clinical, {patient, *written})
    stored = _applicable(stored, table)
    given = (covariates, known_labels, technical, ignore, strata, missing)
    for role, value in zip((*ROLES, "missing"), given, strict=True):
        if value is not None:
            stored[role] = tuple(sequence_of(value, str, role))
    names = (name, stored.pop("name", ""), Path(source).stem, "cohort")
    ends = stored.pop("endpoints", {})
    tables = read_tables(layers, table, ends if endpoints is None else endpoints, None, None)
    stored.pop("written", None)
    return Cohort(
        next(filter(None, names)),
        tables.layers,
        tables.clinical,
        tables.endpoints,
        clinical_source=f"obs of {source}" if source else "obs",
        exclusions=(*stored.pop("exclusions", ()), *exclusions, *tables.exclusions),
        notes=tuple(note.replace(_TABLES, "of.read_mudata") for note in tables.notes),
        **stored,
    )


def _only_name(kinds: Mapping[str, str] | str | None, source: str) -> str:
    """Name of the layer of an AnnData: that of ``kinds``, else that of its file."""
    if isinstance(kinds, Mapping) and len(kinds) == 1:
        return str(next(iter(kinds)))
    return kinds if isinstance(kinds, str) and kinds else Path(source).stem or "data"


def _modalities(data: Any, chosen: Sequence[str] | None) -> "dict[str, AnnData]":
    """Modalities of a MuData by name."""
    if getattr(data, "axis", 0) != 0:
        raise CohortError(
            "the modalities of this MuData object share features, not observations (axis = "
            f"{data.axis}): expected modalities of the same patients (axis = 0)."
        )
    names = list(data.mod) if chosen is None else sequence_of(chosen, str, "modalities")
    for name in names:
        if name not in data.mod:
            raise CohortError(f'there is no modality "{name}"; {did_you_mean(name, data.mod)}.')
        if hasattr(data.mod[name], "mod"):
            raise CohortError(
                f'modality "{name}" is a MuData object itself: pass mdata["{name}"], or put its '
                "modalities beside the others."
            )
    if not names:
        raise CohortError("there is no modality; expected at least one.")
    return {name: data.mod[name] for name in names}


def _each(value: Any, names: Sequence[str], argument: str) -> dict[str, str]:
    """One text for each modality: the same for all, or those of a mapping."""
    if value is None:
        return {}
    require(
        value, (str, Mapping), argument, "one word for all modalities, or a dict with one for each"
    )
    if isinstance(value, str):
        return dict.fromkeys(names, value)
    for key in value:
        if key not in names:
            raise StudyError(
                f"{argument} names {key!r}, which is not a modality; "
                f"{did_you_mean(str(key), names)}."
            )
        require(value[key], str, f'{argument}["{key}"]')
    return dict(value)


def _stored(data: Any) -> dict[str, Any]:
    """What ``to_mudata`` stored of a cohort, as arguments of ``Cohort``; empty where nothing is."""
    stored = data.uns.get(UNS)
    if not isinstance(stored, Mapping) or "cohort" not in stored:
        return {}
    try:
        details = json.loads(str(stored["cohort"]))
        return {
            **{key: details[key] for key in ("name", "study", "missing_cells")},
            **{role: tuple(details[role]) for role in (*ROLES, "missing")},
            "endpoints": {key: Endpoint(**end) for key, end in details["endpoints"].items()},
            "exclusions": tuple(
                Exclusion(**{**each, "examples": tuple(each["examples"])})
                for each in details["exclusions"]
            ),
            "written": [str(name) for name in stored.get("written", ())],
        }
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise CohortError(
            f'uns["{UNS}"]["cohort"] was not written by to_mudata ({fault}): remove it with '
            f'del mdata.uns["{UNS}"], and name endpoints and columns as arguments.'
        ) from None


def _applicable(stored: dict[str, Any], clinical: pd.DataFrame | None) -> dict[str, Any]:
    """What was stored, without columns that are gone or were not asked for."""
    there = set() if clinical is None else set(clinical.columns)
    kept = dict(stored)
    for role in ROLES:
        if role in kept:
            kept[role] = tuple(column for column in kept[role] if column in there)
    if "endpoints" in kept:
        kept["endpoints"] = {
            key: end for key, end in kept["endpoints"].items() if set(end.columns) <= there
        }
    return kept
