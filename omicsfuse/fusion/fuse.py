"""Fuse the prepared layers of a cohort into one network of patients."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.arguments import seed as checked_seed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.results import Fusion, Prepared
from omicsfuse.fusion.distances_choice import Metric, default_metric
from omicsfuse.fusion.exact import checked_weights
from omicsfuse.fusion.layers import Layers, chosen_layers
from omicsfuse.fusion.members import fused_patients
from omicsfuse.fusion.method import Method
from omicsfuse.fusion.methods import check_fusion
from omicsfuse.fusion.threads import usable_threads
from omicsfuse.preprocessing.prepare import prepared_from


def fuse(
    prepared: Prepared | Cohort | Mapping[str, pd.DataFrame],
    *,
    method: str | Method = "snf",
    layers: Sequence[str] | None = None,
    metrics: Mapping[str, Metric] | None = None,
    patients: str | None = None,
    min_layers: int = 1,
    layer_weights: Mapping[str, float] | None = None,
    random_state: int = 0,
    n_threads: int | None = None,
    **settings: Any,
) -> Fusion:
    """Fuse layers into one network of all patients who have any of them.

    The default is similarity network fusion (``omicsfuse.fusion.SNF``): distances between patients
    are computed in each layer, converted to affinities, and fused; see ``fuse_affinities`` for the
    method and its two variants. If layers have different patients, each layer's network is of its
    own patients. The similarity of a pair comes from the layers that both patients have, and
    otherwise from their neighbours.

    Parameters
    ----------
    prepared : Prepared, Cohort, or mapping of str to pandas.DataFrame
        Result of ``preprocess``. A cohort, or a dict of tables, patients x features, is first
        preprocessed with the defaults of ``preprocess``; ``prepared.notes`` of the result lists
        guesses. Tables of kind ``"continuous"`` are standardised only:
        ``of.Cohort.from_tables(tables, kinds="continuous")``. ``fuse_affinities`` fuses networks
        from elsewhere.
    method : str or Method
        Integration method: ``"snf"``, ``"nemo"``, or an object of a method
        (``omicsfuse.fusion.Method``). The choice of k, null draws and resamples use the same method
        with the same settings.
    layers : sequence of str, optional
        Layers to fuse; all by default.
    metrics : mapping of str to metric, optional
        Distance for a layer by name, in place of ``default_metric``: a name of ``METRICS``, a table
        of distances (pandas.DataFrame, patients x patients), or a function from the layer's array
        (n, p) to distances (n, n).
    patients : {"all", "complete"}, optional
        Fuse all patients with any layer, or only patients with every layer. By default ``"all"`` if
        the method supports it.
    min_layers : int
        With ``"all"``: the smallest number of layers of a patient.
    layer_weights : mapping of str to float, optional
        Positive weight of a layer in every mean over layers; 1 if not named.
    random_state : int
        Seed of the neighbour search of SNF's engine ``"sparse"``.
    n_threads : int, optional
        Threads; by default the number of processors. The result does not depend on them.
    **settings
        Settings of the method: of ``"snf"`` ``n_neighbors`` (20), ``mu`` (0.5), ``n_iterations``
        (20), ``variant`` (``"paper"``), ``engine`` (``"auto"``), ``alpha``, ``dtype`` and
        ``n_kept``, see ``omicsfuse.fusion.SNF``; of ``"nemo"`` ``n_neighbors`` (``"auto"``), see
        ``omicsfuse.fusion.NEMO``.

    Returns
    -------
    Fusion
        The fused network, the affinity of each layer, the layers of each patient, the exclusions,
        and the change of the network in each iteration.

    Raises
    ------
    StudyError
        If a setting or a layer is unknown or out of range, a setting belongs to another method, or
        memory is insufficient.
    CohortError
        If fewer than ten patients remain, layers have too few patients in common, or a layer is
        constant.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(40, n_external=0).discovery
    >>> ready = of.preprocess(cohort)
    >>> fusion = of.fuse(ready, n_neighbors=8)
    >>> fusion.affinity.shape, fusion.params["engine"]
    ((40, 40), 'exact')
    >>> of.fuse(ready, method="nemo").params["method"]
    'nemo'
    >>> fusion = of.fuse({name: layer.table for name, layer in cohort.omics.items()})
    >>> fusion.prepared.notes[0].partition(" on scale")[0]
    'layer "radiomics": read as kind "radiomics" (by its name)'
    """
    prepared = prepared_from(prepared, layers)
    names = chosen_layers(prepared, layers)
    for setting, given in (("metrics", metrics), ("layer_weights", layer_weights)):
        if given is not None:
            require(given, Mapping, setting, "a dict with names of layers")
    asked: dict[str, Metric] = dict(metrics or {})
    chosen, patients = check_fusion(
        names,
        method=method,
        metrics=asked,
        patients=patients,
        min_layers=min_layers,
        layer_weights=layer_weights,
        **settings,
    )
    random_state, min_layers = checked_seed(random_state), int(min_layers)
    members, coverage, exclusions = fused_patients(
        {name: prepared.layers[name].scaled.index for name in names}, patients, min_layers
    )
    weights = checked_weights([(layer_weights or {}).get(name, 1.0) for name in names], len(names))
    return chosen.fuse(
        Layers(
            prepared=prepared,
            metrics={
                name: asked[name] if name in asked else default_metric(prepared.layers[name])
                for name in names
            },
            members=members,
            coverage=coverage,
            exclusions=exclusions,
            weights=weights,
            patients=patients,
            min_layers=min_layers,
            random_state=random_state,
            n_threads=usable_threads(n_threads),
        )
    )
