"""A cohort, its subtypes and its network as a MuData object, for muon and scanpy."""

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.cohort import ROLES
from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Fusion, RunResults, Subtypes
from omicsfuse.io.mudata.optional import UNS, libraries, quiet

if TYPE_CHECKING:
    from mudata import MuData

#: Key of ``obsp`` for the fused network, and of ``uns`` for its settings.
FUSED = "fused"


def to_mudata(
    cohort: Cohort | RunResults,
    subtypes: Subtypes | None = None,
    fusion: Fusion | None = None,
    *,
    embedding: pd.DataFrame | None = None,
    key_added: str = "subtype",
) -> "MuData":
    """Make a MuData object from a cohort, with subtypes and the fused network if given.

    Layers become modalities with their original values, and the clinical table becomes ``obs``.
    ``read_mudata`` restores the cohort, also from a file (``mdata.write("x.h5mu")``).

    Parameters
    ----------
    cohort : Cohort or RunResults
        A cohort; or the result of ``run``, which contains the other arguments.
    subtypes : Subtypes, optional
        Written to ``obs["subtype"]``, with ``subtype_silhouette``, ``subtype_confidence`` and other
        known columns.
    fusion : Fusion, optional
        Its network is written to ``obsp["fused"]`` (sparse; patients who were not fused have no
        edges), its settings to ``uns["fused"]``, for scanpy's ``neighbors_key="fused"``.
    embedding : pandas.DataFrame, optional
        Result of ``embed``, written to ``obsm["X_umap"]`` or ``obsm["X_tsne"]``.
    key_added : str
        Column of ``obs`` for the subtypes.

    Returns
    -------
    mudata.MuData
        Observations are the patients of any layer. Kind and scale of a modality are in its
        ``uns["omicsfuse"]``; endpoints, covariates and other settings in that of the object.

    Raises
    ------
    StudyError
        If an argument is of another type, the cohort has no layer, a column of ``obs`` would be
        overwritten, subtypes or network are of other patients, or mudata is not installed.

    Warns
    -----
    OmicsfuseWarning
        If patients of the clinical table are in no layer: MuData cannot store them.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(40, n_external=0).discovery
    >>> fusion = of.fuse(of.preprocess(cohort))
    >>> mdata = of.to_mudata(cohort, of.cluster(fusion, 3), fusion)
    >>> mdata.obs["subtype"].cat.categories.tolist(), mdata.obsp["fused"].shape
    (['S1', 'S2', 'S3'], (40, 40))
    """
    mudata, anndata = libraries()
    if isinstance(cohort, RunResults):
        results, cohort = cohort, cohort.cohort
        subtypes = results.subtypes if subtypes is None else subtypes
        fusion = results.fusion if fusion is None else fusion
        embedding = results.embedding if embedding is None else embedding
    require(cohort, Cohort, "cohort")
    require(key_added, str, "key_added")
    for value, of_type, what in (
        (subtypes, Subtypes, "subtypes"),
        (fusion, Fusion, "fusion"),
        (embedding, pd.DataFrame, "embedding"),
    ):
        if value is not None:
            require(value, of_type, what)
    if not cohort.omics:
        raise StudyError(f'cohort "{cohort.name}" has no layer; expected at least one.')
    with quiet():
        mdata = mudata.MuData(
            {name: _modality(layer, anndata.AnnData) for name, layer in cohort.omics.items()}
        )
    patients = pd.Index(mdata.obs_names)
    obs = pd.DataFrame(index=patients)
    if cohort.clinical is not None:
        alone = cohort.clinical.index.difference(patients)
        if len(alone):
            warnings.warn(
                f"{count(len(alone), 'patient')} of the clinical table (e.g. "
                f"{listed(alone, 3)}) are in no layer and are excluded from the MuData object.",
                OmicsfuseWarning,
                stacklevel=2,
            )
        obs = cohort.clinical.reindex(patients).apply(_writable)
    added = _subtype_columns(subtypes, key_added, obs)
    mdata.obs = obs.join(added)
    mdata.uns[UNS] = {"cohort": _details(cohort), "written": list(added.columns)}
    if fusion is not None:
        mdata.obsp[FUSED] = _network(fusion, patients)
        settings = {k: v for k, v in fusion.params.items() if isinstance(v, str | int | float)}
        mdata.uns[FUSED] = {"connectivities_key": FUSED, "params": settings}
    if embedding is not None:
        _refuse_strangers(embedding.index, patients, "embedding")
        places = embedding.select_dtypes("number")
        if places.empty:
            raise StudyError("embedding has no numbers; expected the table from of.embed.")
        method = embedding["method"].iloc[0] if "method" in embedding else "embedding"
        mdata.obsm[f"X_{method}"] = places.reindex(patients).to_numpy()
    return mdata


def _modality(layer: Layer, made: Callable[..., Any]) -> Any:
    """Make an AnnData of a layer: a copy, as scanpy changes values in place."""
    names = layer.table.columns
    var = pd.DataFrame(index=pd.Index(names, name=None))
    if layer.features is not None:
        var = layer.features.reindex(names).rename_axis(None).apply(_writable)
    uns: dict[str, Any] = {"kind": layer.kind, "scale": layer.scale}
    if layer.megabases is not None:
        uns["megabases"] = layer.megabases
    if layer.variants is not None:
        uns["variants"] = layer.variants.set_axis([str(i) for i in range(len(layer.variants))])
    return made(
        layer.table.to_numpy(dtype=np.float64, copy=True),
        obs=pd.DataFrame(index=pd.Index(layer.table.index, name=None)),
        var=var,
        uns={UNS: uns},
    )


def _writable(column: pd.Series) -> pd.Series:
    """Make a column that can be written to a file: of text where it holds several types."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype(str).where(column.notna(), None)
    if column.dtype != object:
        return column
    known = column.dropna()
    if not len(known):
        return column.astype(float)
    if all(isinstance(cell, bool | np.bool_) for cell in known):
        return column.astype("boolean")
    return column.map(level_text, na_action="ignore")


def _details(cohort: Cohort) -> str:
    """All of a cohort beside its tables, as JSON."""
    kept = {role: getattr(cohort, role) for role in (*ROLES, "missing", "name", "study")}
    kept["missing_cells"] = cohort.missing_cells
    kept["endpoints"] = {name: asdict(end) for name, end in cohort.endpoints.items()}
    kept["exclusions"] = [asdict(each) for each in cohort.exclusions]
    return json.dumps(kept)


def _subtype_columns(subtypes: Subtypes | None, key: str, obs: pd.DataFrame) -> pd.DataFrame:
    """Columns of ``obs`` for the subtypes and what is known of each patient's."""
    if subtypes is None:
        return pd.DataFrame(index=obs.index)
    _refuse_strangers(subtypes.labels.index, obs.index, "subtypes")
    labels = subtypes.labels.reindex(obs.index)
    columns = {key: pd.Series(pd.Categorical(labels, sorted(labels.dropna().unique())), obs.index)}
    known = subtypes.evidence.get("patients", pd.DataFrame()).drop(
        columns="subtype", errors="ignore"
    )
    columns |= {f"{key}_{name}": known[name].reindex(obs.index) for name in known}
    if taken := [name for name in columns if name in obs]:
        raise StudyError(
            f"obs has a column {listed(taken)} of the clinical table already: choose another "
            "name for the column of subtypes with key_added=, e.g. "
            'key_added="omicsfuse_subtype".'
        )
    return pd.DataFrame(columns)


def _network(fusion: Fusion, patients: pd.Index) -> sparse.csr_matrix:
    """Fused network among all patients; those who were not fused have empty rows."""
    _refuse_strangers(fusion.patients, patients, "fusion")
    network = fusion.affinity
    own = sparse.coo_array(network.to_numpy() if isinstance(network, pd.DataFrame) else network)
    place = patients.get_indexer(fusion.patients)
    size = (len(patients), len(patients))
    return sparse.csr_matrix((own.data, (place[own.row], place[own.col])), shape=size)


def _refuse_strangers(found: pd.Index, patients: pd.Index, what: str) -> None:
    """Refuse subtypes or a network of patients whom the cohort does not have."""
    strangers = found[~found.isin(patients)]
    if len(strangers):
        raise StudyError(
            f"{what}: {count(len(strangers), 'patient')} of {len(found)} (e.g. "
            f"{listed(strangers, 3)}) are in no layer of the cohort. Give the cohort that was "
            "fused."
        )
