"""Modules of genes that are expressed together, from a weighted network of genes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.layers import Exclusion
from omicsfuse.signatures.coexpression_network import (
    CORRELATIONS,
    NETWORKS,
    POWERS,
    adjacency,
    chosen_power,
    gene_correlation,
    known_choice,
    scale_free_fit,
    topological_overlap,
)
from omicsfuse.signatures.dynamic_cut import by_size, dynamic_cut
from omicsfuse.signatures.eigengenes import (
    merged_modules,
    module_eigengenes,
    module_membership,
    module_names,
    standardised_genes,
)
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.moments import moments
from omicsfuse.stats.one_thread import one_thread

#: Label of genes that are in no module.
UNASSIGNED = "unassigned"

#: Fewest patients and genes of a network.
MINIMUM_PATIENTS = 10
MINIMUM_GENES = 10

#: A module needs a core: this share of ``minimum_size`` genes with at least this membership.
CORE_SHARE = 1 / 3
CORE_MEMBERSHIP = 0.5

#: Above so many genes only the most variable ones make the network.
MAXIMUM_GENES = 5000


@dataclass(frozen=True, eq=False)
class CoexpressionModules:
    """Modules of co-expressed genes.

    Attributes
    ----------
    labels : pandas.Series
        Gene -> ``"M1"`` to ``"Mk"`` by size, or ``"unassigned"``.
    eigengenes : pandas.DataFrame
        Patients x modules: first principal component of each module, length 1, oriented along the
        mean of its genes.
    membership : pandas.DataFrame
        Genes x modules: kME, the correlation of the gene with the eigengene.
    fit : pandas.DataFrame
        Scale-free fit of each soft threshold, as `scale_free_fit` returns it, and ``chosen``.
    power : float
        Soft threshold used.
    explained : pandas.Series
        Module -> share of its genes' variance that the eigengene explains.
    settings : mapping of str to object
        As used.
    exclusions : tuple of Exclusion
        Genes excluded from the network.
    """

    labels: pd.Series
    eigengenes: pd.DataFrame
    membership: pd.DataFrame
    fit: pd.DataFrame
    power: float
    explained: pd.Series
    settings: Mapping[str, Any]
    exclusions: tuple[Exclusion, ...] = ()

    def hubs(self, module: str, n_genes: int | None = None) -> pd.Series:
        """Return the genes of a module with their membership, the most central first.

        Parameters
        ----------
        module : str
            Name of the module.
        n_genes : int, optional
            Maximum number of genes; all by default.

        Returns
        -------
        pandas.Series
            Gene -> kME, by falling absolute value, ties by name.

        Raises
        ------
        StudyError
            If there is no such module.

        Examples
        --------
        >>> import pandas as pd
        >>> from omicsfuse.signatures import CoexpressionModules
        >>> table = pd.DataFrame({"M1": [0.5, 0.9]}, ["A", "B"])
        >>> labels, none = pd.Series("M1", table.index), pd.DataFrame()
        >>> found = CoexpressionModules(labels, none, table, none, 6.0, pd.Series(), {})
        >>> found.hubs("M1").to_dict()
        {'B': 0.9, 'A': 0.5}
        """
        if module not in self.membership.columns:
            names = ", ".join(self.membership.columns) or "none"
            raise StudyError(f"modules: there is no module {module!r}; the modules are {names}.")
        membership = self.membership.loc[(self.labels == module).to_numpy(), module]
        order = np.lexsort((np.arange(len(membership)), -membership.abs().to_numpy()))
        return membership.iloc[order[:n_genes]]


def coexpression_modules(
    values: pd.DataFrame,
    *,
    power: float | None = None,
    enough_fit: float = 0.85,
    network: str = "signed",
    correlation: str = "pearson",
    minimum_size: int = 20,
    depth: int = 2,
    merge_height: float = 0.25,
    minimum_membership: float = 0.3,
    maximum_genes: int = MAXIMUM_GENES,
) -> CoexpressionModules:
    """Find modules of co-expressed genes.

    Genes are correlated (each pair over the patients with both), correlations are raised to a soft
    threshold, and the topological overlap is clustered by average linkage and cut dynamically;
    modules with similar eigengenes are merged. As in the authors' program, modules without a core
    are dissolved, and genes with a low membership become unassigned. The order of patients and
    genes has no influence. Linear algebra uses one thread, so that the same table gives the same
    bytes.

    Parameters
    ----------
    values : pandas.DataFrame
        Patients x genes, log2 or z-scores; NaN where missing.
    power : float, optional
        Soft threshold; by default the smallest with a scale-free fit, or the best.
    enough_fit : float
        Smallest signed R squared of a scale-free fit.
    network : {"signed", "unsigned", "signed hybrid"}
        Negatively correlated genes are unconnected (signed, signed hybrid) or connected (unsigned).
    correlation : {"pearson", "bicor"}
        Kind of correlation; ``"bicor"`` is robust to outliers.
    minimum_size : int
        Smallest number of genes of a module.
    depth : int
        Depth of splitting of the tree, 0 (coarse) to 4 (fine).
    merge_height : float
        Modules with 1 - correlation of their eigengenes below this are merged.
    minimum_membership : float
        Genes with a lower kME in their own module become unassigned (in an unsigned network:
        absolute value).
    maximum_genes : int
        Maximum number of genes of the network: those with the largest variance.

    Returns
    -------
    CoexpressionModules
        Genes and patients sorted by name.

    Raises
    ------
    StudyError
        If a setting is out of bounds or a name not unique.
    SignatureError
        If there are fewer than 10 patients, or fewer than ``minimum_size`` (or 10) usable genes.

    Notes
    -----
    5,000 genes need about 1.3 GB of memory and half a minute on one core.

    References
    ----------
    Zhang and Horvath 2005, Stat Appl Genet Mol Biol 4:17; Langfelder and Horvath 2008, BMC
    Bioinformatics 9:559; Langfelder, Zhang and Horvath 2008, Bioinformatics 24:719-720.

    Examples
    --------
    >>> from omicsfuse import coexpression_modules
    >>> import numpy as np
    >>> import pandas as pd
    >>> random = np.random.default_rng(0)
    >>> x = random.standard_normal((40, 60))
    >>> x[:, :15] += 2 * x[:, [58]]
    >>> x[:, 15:27] += 2 * x[:, [59]]
    >>> table = pd.DataFrame(x, [f"P{i}" for i in range(40)], [f"G{i:02d}" for i in range(60)])
    >>> found = coexpression_modules(table, minimum_size=8, power=6)
    >>> found.labels[["G00", "G14", "G15", "G26"]].tolist()
    ['M1', 'M1', 'M2', 'M2']
    """
    require(values, pd.DataFrame, "values", "patients x genes")
    settings: dict[str, Any] = {
        "power": power,
        "enough_fit": enough_fit,
        "network": network,
        "correlation": correlation,
        "minimum_size": whole_number(minimum_size, "minimum_size", 3),
        "depth": whole_number(depth, "depth", 0, 4),
        "merge_height": merge_height,
        "minimum_membership": minimum_membership,
        "maximum_genes": whole_number(maximum_genes, "maximum_genes", MINIMUM_GENES),
    }
    _check_settings(settings)
    for axis, axis_name in ((values.index, "patient"), (values.columns, "gene")):
        if not axis.is_unique:
            twice = ", ".join(map(str, axis[axis.duplicated()].unique()[:5]))
            raise StudyError(f"modules: {axis_name} names must be unique; found twice: {twice}.")
    ordered = values.sort_index(axis=0).sort_index(axis=1)
    table = np.ascontiguousarray(ordered.to_numpy(dtype=float))
    with one_thread():
        return _modules(table, ordered, settings)


def _check_settings(settings: Mapping[str, Any]) -> None:
    known_choice(settings["network"], "network", NETWORKS)
    known_choice(settings["correlation"], "correlation", CORRELATIONS)
    bounds = {"enough_fit": (0, 1), "merge_height": (0, 2), "minimum_membership": (0, 1)}
    if settings["power"] is not None:
        bounds["power"] = (1, 100)
    for name, (low, high) in bounds.items():
        value = settings[name]
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise StudyError(
                f"modules: {name} is {value!r}; it must be a number from {low} to {high}."
            )


def _modules(table: Array, ordered: pd.DataFrame, settings: dict[str, Any]) -> CoexpressionModules:
    genes = pd.Index(ordered.columns.astype(str), dtype=object, name="gene")
    patients = pd.Index(ordered.index, dtype=object, name="patient")
    table, genes, exclusions = _usable(table, genes, settings)
    network = settings["network"]
    related = gene_correlation(table, settings["correlation"])
    power = settings["power"]
    powers = POWERS if power is None else tuple(sorted({*POWERS, power}))
    fit = scale_free_fit(related, network, powers)
    if power is None:
        power = chosen_power(fit, settings["enough_fit"])
    fit["chosen"] = fit["power"] == power
    distance = topological_overlap(adjacency(related, power, network))
    del related
    np.subtract(1.0, distance, out=distance)
    tree = linkage(squareform(distance, checks=False), "average")
    labels = dynamic_cut(
        tree, distance, minimum_size=settings["minimum_size"], depth=settings["depth"]
    )
    del distance
    z = standardised_genes(table)
    labels = _core_members(z, labels, settings)
    labels = merged_modules(z, labels, settings["merge_height"])
    profiles, explained = module_eigengenes(z, labels)
    names = module_names(int(labels.max(initial=0)))
    named = np.r_[[UNASSIGNED], names].astype(object)[labels]
    return CoexpressionModules(
        labels=pd.Series(named, genes, name="module", dtype=object),
        eigengenes=pd.DataFrame(profiles, patients, names),
        membership=pd.DataFrame(module_membership(table, profiles), genes, names),
        fit=fit,
        power=float(power),
        explained=pd.Series(explained, names, name="explained"),
        settings={**settings, "power": float(power)},
        exclusions=exclusions,
    )


def _usable(
    table: Array, genes: pd.Index, settings: Mapping[str, Any]
) -> tuple[Array, pd.Index, tuple[Exclusion, ...]]:
    """Genes that vary in at least half of the patients; of many, the most variable ones."""
    if len(table) < MINIMUM_PATIENTS:
        raise SignatureError(
            f"modules: {len(table)} patients have expression; a gene network needs at least "
            f"{MINIMUM_PATIENTS}, and 20 or more to be reliable. Use another method, such as "
            "correlation."
        )
    scale = moments(table)
    variance = np.nan_to_num(scale.variance)
    usable = (variance > 0) & (2 * scale.n >= len(table))
    exclusions = []
    if not usable.all():
        left = tuple(genes[~usable])
        why = "constant, or missing in more than half of the patients"
        exclusions.append(Exclusion("signature", "", "genes", len(left), why, left[:5]))
    fewest = max(MINIMUM_GENES, settings["minimum_size"])
    if usable.sum() < fewest:
        raise SignatureError(
            f"modules: {int(usable.sum())} genes are usable; a network needs at least "
            f"{fewest}. Give more genes, or reduce minimum_size."
        )
    chosen = np.flatnonzero(usable)
    if len(chosen) > settings["maximum_genes"]:
        order = chosen[np.lexsort((chosen, -variance[chosen]))]
        left = tuple(genes[np.sort(order[settings["maximum_genes"] :])])
        why = f"not among the {settings['maximum_genes']} most variable genes of the network"
        exclusions.append(Exclusion("signature", "", "genes", len(left), why, left[:5]))
        chosen = np.sort(order[: settings["maximum_genes"]])
    return table[:, chosen], genes[chosen], tuple(exclusions)


def _core_members(z: Array, labels: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Dissolve modules without a core; let go of genes that hardly follow their eigengene."""
    size, least = settings["minimum_size"], settings["minimum_membership"]
    relabelled = labels.copy()
    profiles, _ = module_eigengenes(z, labels)
    membership = module_membership(z, profiles)
    if settings["network"] == "unsigned":
        membership = np.abs(membership)
    for module in range(1, int(labels.max(initial=0)) + 1):
        members = labels == module
        kme = membership[:, module - 1]
        core = int((members & (kme > CORE_MEMBERSHIP)).sum())
        stay = members & (kme >= least)
        relabelled[members & ~stay] = 0
        if core < CORE_SHARE * size or stay.sum() < size:
            relabelled[members] = 0
    return by_size(relabelled)
