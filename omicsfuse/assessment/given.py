"""Given labels in the network: do patients of one label lie together there?"""

from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.clustering.cluster import in_network
from omicsfuse.clustering.criteria import affinity_silhouettes
from omicsfuse.core.checks.tables import listed
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import tell_strangers
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Fusion, Prepared, Subtypes
from omicsfuse.fusion import fuse
from omicsfuse.fusion.methods import method_of
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.p_values import permutation_p

#: Shuffles of the labels at least, of up to 1,000 patients.
N_SHUFFLES = 999
#: Row of all labels together.
ALL = "all"


def of_patients(prepared: Prepared, patients: pd.Index) -> Prepared:
    """Keep some of the patients in every layer, as they were made ready."""
    layers = {}
    for name, layer in prepared.layers.items():
        there = layer.scaled.index.isin(patients)
        values = layer.values.loc[there]  # noqa: PD011 - a field of ours
        layers[name] = replace(layer, scaled=layer.scaled.loc[there], values=values)
    return replace(prepared, layers=layers)


def labels_of(
    given: Subtypes, fused: pd.Index, everybody: pd.Index
) -> tuple[Subtypes, tuple[Exclusion, ...]]:
    """Given labels of the fused patients, named by size anew, and counts of the others.

    ``everybody``: all who could have been fused, with or without a label.
    """
    own = given.labels.map(given.label_names)
    counts = (
        (everybody[~everybody.isin(own.index)], "no given label: not fused"),
        (own.index[~own.index.isin(fused)], "given label, but not fused"),
    )
    without = tuple(
        Exclusion("fuse", "labels", "patients", len(patients), reason, tuple(patients[:5]))
        for patients, reason in counts
        if len(patients)
    )
    kept = own[own.index.isin(fused)]
    source = str(given.params["source"])
    return Subtypes.from_labels(kept.reindex(fused), source=source), without


def placed(
    prepared: Prepared, fusion: Fusion, subtypes: Subtypes, random_state: int = 0
) -> tuple[Prepared, Fusion, Subtypes]:
    """Bring given labels and network to the same patients, and measure the labels in the network.

    Patients without a label have no part: those with one are fused again by themselves, with the
    settings of the fusion, so that the network is cut among them alone. Labels of patients who are
    not fused are left out with a warning, as long as each label keeps somebody.
    """
    labels = subtypes.labels[subtypes.labels.index.isin(fusion.patients)]
    gone = [name for name in subtypes.names if name not in set(labels)]
    if gone and len(labels):
        known = listed(subtypes.label_names[name] for name in gone)
        raise StudyError(
            f"label {known} occurs in none of the {len(fusion.patients)} fused patients; "
            "remove it: of.Subtypes.from_labels(labels[labels.index.isin(fusion.patients)])."
        )
    tell_strangers(subtypes, fusion, stacklevel=4)
    if len(labels) < len(fusion.patients):
        prepared = of_patients(prepared, labels.index)
        asked = fusion.params
        method = method_of(fusion)
        fusion = fuse(
            prepared,
            method=method,
            layers=asked["layers"],
            metrics=fusion.metrics,
            patients=asked["patients"],
            min_layers=asked["min_layers"],
            layer_weights=asked["layer_weights"] if method.takes_weights else None,
            random_state=random_state,
        )
    if 2 * len(subtypes.names) > len(labels):
        raise StudyError(
            f"{len(labels)} fused patients have {len(subtypes.names)} labels; at least two "
            "patients per label are needed."
        )
    labels = labels.reindex(fusion.patients)
    return prepared, fusion, in_network(fusion, replace(subtypes, labels=labels), random_state)


def labels_in_network(
    fusion: Fusion, subtypes: Subtypes, *, n_permutations: int, random_state: int = 0
) -> pd.DataFrame:
    """Compare given labels with the same labels shuffled among patients.

    Only patients who brought the same layers change places. The silhouette is that in the fused
    network, and nothing is cut: the p-value, (1 + shuffles that reach it) / (1 + shuffles), asks
    whether patients of one label lie closer to one another there than to others. It is no
    independent evidence where labels were made from the same layers.

    Gives one row for all labels (``"all"``) and one each; columns ``subtype``, ``label``, ``n``,
    ``silhouette``, ``silhouette_shuffled`` (mean), ``p``, ``fdr`` (over the labels), then for all
    ``own_cut_silhouette`` and ``own_cut_agreement`` (adjusted Rand index with the labels): of the
    network cut into as many groups; ``n_permutations``.
    """
    from sklearn.metrics import adjusted_rand_score

    names, network = subtypes.names, fusion.network()
    codes = subtypes.labels.map({name: i for i, name in enumerate(names)}).to_numpy()
    cut = subtypes.evidence["patients"]["own_cut"].to_numpy()
    brought = fusion.coverage.loc[fusion.patients].to_numpy()
    pattern = np.unique(brought, axis=0, return_inverse=True)[1].ravel()
    chance = np.random.default_rng([random_state, 4])
    observed = _means(affinity_silhouettes(network, codes), codes)
    shuffled = np.full((n_permutations, len(names) + 1), np.nan)
    for b in range(n_permutations):
        again = codes.copy()
        for same in range(int(pattern.max()) + 1):
            again[pattern == same] = chance.permutation(codes[pattern == same])
        shuffled[b] = _means(affinity_silhouettes(network, again), again)
    p = [
        permutation_p((column >= own).sum(), n_permutations)
        for own, column in zip(observed, shuffled.T, strict=True)
    ]
    own_cut = np.unique(cut, return_inverse=True)[1].ravel()
    extra: dict[str, float] = {
        "own_cut_silhouette": float(affinity_silhouettes(network, own_cut).mean()),
        "own_cut_agreement": float(adjusted_rand_score(codes, cut)),
    }
    rest = [np.nan] * len(names)
    return pd.DataFrame(
        {
            "subtype": [ALL, *names],
            "label": ["", *(subtypes.label_names[name] for name in names)],
            "n": [len(codes), *np.bincount(codes, minlength=len(names))],
            "silhouette": observed,
            "silhouette_shuffled": shuffled.mean(axis=0),
            "p": p,
            "fdr": [np.nan, *benjamini_hochberg(np.array(p[1:]))],
            **{name: [value, *rest] for name, value in extra.items()},
            "n_permutations": n_permutations,
        }
    )


def _means(silhouettes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean silhouette of everybody, then of each label."""
    sizes = np.bincount(codes)
    return np.array([silhouettes.mean(), *np.bincount(codes, weights=silhouettes) / sizes])
