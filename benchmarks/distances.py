"""Which distance fits which layer: planted cohorts, real cohorts, and seconds.

    python benchmarks/distances.py --out distances.json            # planted and seconds
    OMICSFUSE_DATA=/folder python benchmarks/distances.py --out distances.json   # and real cohorts

No part of it looks at survival.
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.fusion import affinity_matrix, fuse_affinities
from omicsfuse.fusion.distances import patient_distances
from omicsfuse.fusion.distances_choice import default_metric, distance_table

#: Correlation and cosine distances are squares by nature (half the squared distance of patients
#: scaled to length 1); their roots are compared too, to tell a better order of neighbours from the
#: sharper network that any square gives.
CONTINUOUS = (
    "euclidean",
    "squared_euclidean",
    "correlation",
    "spearman",
    "cosine",
    "root_correlation",
    "root_cosine",
    "manhattan",
    "gower",
    "chi_square",
)
#: Left out are those with the same affinities as another: manhattan, squared_euclidean and gower
#: are multiples of hamming on 0/1.
BINARY = ("jaccard", "hamming", "euclidean", "cosine", "correlation", "chi_square")
LEVELS = (
    "manhattan",
    "euclidean",
    "squared_euclidean",
    "correlation",
    "cosine",
    "hamming",
    "jaccard",
    "gower",
)

#: Effects at which a layer alone is neither hopeless nor easy.
EFFECTS = {
    "radiomics": (0.8, 1.1),
    "expression": (0.5, 0.7),
    "methylation": (0.6, 0.9),
    "mutation": (0.7, 1.2),
    "copy_number": (1.3, 2.0),
}

#: Effect of the other layers of a fusion, as a share of their weaker one: leaves room to improve.
SHARE_OF_OTHERS = 0.7

#: Real cohorts, and known groupings to recover in each; see docs/distances.md on circularity.
COHORTS = {
    "tcga_hnsc_radiogenomic": ("hpv_status", "tumor_site", "subtype_mrna", "subtype_dnameth"),
    "tcga_acc_mini": ("subtype_mrna", "subtype_dnameth"),
    "tcga_luad_multiomics": ("subtype_dnameth", "subtype_selected"),
    "head_neck_radiomics_hn1": ("overall_hpv_p16_status", "index_tumour_location"),
    "external_glioma_vital": ("Histology", "Grade"),
    "lung44_radiomics_expression": (),
}

Row = dict[str, Any]


def metrics_for(scale: str) -> Sequence[str]:
    """Name the distances worth comparing on a scale of analysis."""
    return {"binary": BINARY, "gistic": LEVELS}.get(scale, CONTINUOUS)


def distances_of(layer: PreparedLayer, patients: pd.Index, metric: str) -> np.ndarray | None:
    """Compute distances between patients of a layer; None where the metric is not defined."""
    name = metric.removeprefix("root_")
    try:
        table = distance_table(layer, name).loc[patients]
        distances = patient_distances(table.to_numpy(dtype=float), name)
    except of.StudyError:
        return None
    return distances if name == metric else np.sqrt(distances)


def labels_of(arrays: list[np.ndarray], k: int, neighbors: int) -> np.ndarray:
    """Fuse affinities and cut the network into k groups."""
    return spectral_labels(laplacian_spectrum(fuse_affinities(arrays, neighbors), k)[1], k)


def label_auc(affinity: np.ndarray, labels: np.ndarray) -> float:
    """Chance that a patient is more similar to one of the same label than to one of another.

    Mean over the patients of a label, then over labels; 0.5 says nothing.
    """
    per_label: dict[Any, list[float]] = {}
    for i, label in enumerate(labels):
        others = np.arange(len(labels)) != i
        same = labels[others] == label
        n_same, n_other = int(same.sum()), int((~same).sum())
        if not n_same or not n_other:
            continue
        rank = rankdata(affinity[i, others])
        area = (rank[same].sum() - n_same * (n_same + 1) / 2) / (n_same * n_other)
        per_label.setdefault(label, []).append(float(area))
    return float(np.mean([np.mean(values) for values in per_label.values()]))


def count_auc(table: pd.DataFrame, groups: np.ndarray) -> float:
    """How well two groups separate patients by how many features they have: 0.5 not, 1 wholly."""
    rank = rankdata(table.sum(axis=1))
    n = int(groups.sum())
    area = float((rank[groups == 1].sum() - n * (n + 1) / 2) / (n * (len(groups) - n)))
    return max(area, 1 - area)


def stability(distances: np.ndarray, k: int, neighbors: int, n_resamples: int) -> float:
    """Mean adjusted Rand index of the whole clustering with those of subsamples of 80%."""
    rng = np.random.default_rng(0)
    n = len(distances)
    whole = labels_of([affinity_matrix(distances, neighbors)], k, neighbors)
    scores = []
    for _ in range(n_resamples):
        rows = np.sort(rng.permutation(n)[: int(0.8 * n)])
        few = min(neighbors, len(rows) - 1)
        part = labels_of([affinity_matrix(distances[np.ix_(rows, rows)], few)], k, few)
        scores.append(adjusted_rand_score(whole[rows], part))
    return float(np.mean(scores))


def neighbor_overlap(affinity: np.ndarray, network: np.ndarray, neighbors: int) -> float:
    """Share of a patient's nearest in a layer who are nearest in a network too, beyond chance.

    0 is chance, 1 the same neighbours.
    """
    n = len(affinity)
    shared = 0
    for i in range(n):
        others = np.flatnonzero(np.arange(n) != i)
        near = others[np.argsort(-affinity[i, others], kind="stable")[:neighbors]]
        strong = others[np.argsort(-network[i, others], kind="stable")[:neighbors]]
        shared += len(np.intersect1d(near, strong))
    share, chance = shared / (n * neighbors), neighbors / (n - 1)
    return (share - chance) / (1 - chance)


def planted(seeds: Sequence[int], n: int = 150, k: int = 3, neighbors: int = 20) -> list[Row]:
    """Adjusted Rand index to the planted subtypes, each layer alone and within the fusion."""
    rows: list[Row] = []
    for strength in (0, 1):
        for seed in seeds:
            for name, effects in EFFECTS.items():
                simulated = of.simulate_cohort(
                    n, k, n_external=0, effect=effects[strength], random_state=seed
                )
                rows += _planted_layer(simulated, name, strength, seed, k, neighbors)
    return rows


def _planted_layer(
    simulated: Any, name: str, strength: int, seed: int, k: int, neighbors: int
) -> list[Row]:
    """Compare the metrics of one layer of one planted cohort.

    The other layers of the fusion are drawn with a weak effect of their own.
    """
    discovery = simulated.discovery
    weak = {
        other: of.simulate_cohort(
            len(discovery.clinical),
            k,
            n_external=0,
            effect=SHARE_OF_OTHERS * effects[0],
            random_state=seed,
        ).discovery.omics[other]
        for other, effects in EFFECTS.items()
        if other != name
    }
    # The same seed gives the same patients the same subtypes, whatever the effect.
    cohort = of.Cohort("planted", {name: discovery.omics[name], **weak}, discovery.clinical)
    ready = of.preprocess(cohort)
    patients = cohort.common_patients()
    truth = simulated.truth.loc[patients].to_numpy()
    others = []
    for other in weak:
        metric = default_metric(ready.layers[other])
        distances = distances_of(ready.layers[other], patients, metric)
        if distances is not None:
            others.append(affinity_matrix(distances, neighbors))
    layer = ready.layers[name]
    rows: list[Row] = []
    for metric in metrics_for(layer.scale):
        row: Row = {
            "part": "planted",
            "layer": name,
            "scale": layer.scale,
            "effect": EFFECTS[name][strength],
            "seed": seed,
            "metric": metric,
            "default": metric == default_metric(layer),
        }
        distances = distances_of(layer, patients, metric)
        if distances is not None:
            own = affinity_matrix(distances, neighbors)
            row["alone"] = adjusted_rand_score(truth, labels_of([own], k, neighbors))
            row["fused"] = adjusted_rand_score(truth, labels_of([own, *others], k, neighbors))
        rows.append(row)
    return rows


def real(manifests: Path, n_resamples: int) -> list[Row]:
    """Known groupings, stability, and agreement with the other layers, in the real cohorts."""
    rows: list[Row] = []
    for cohort_name, known in COHORTS.items():
        cohort = of.read_cohort(manifests / f"{cohort_name}.toml")
        ready = of.preprocess(cohort)
        for name, layer in ready.layers.items():
            rows += _real_layer(cohort, ready, name, layer, known, n_resamples)
    return rows


def _real_layer(
    cohort: of.Cohort,
    ready: Prepared,
    name: str,
    layer: PreparedLayer,
    known: Sequence[str],
    n_resamples: int,
) -> list[Row]:
    """Compare the metrics of one layer of a real cohort, on all patients it has."""
    patients = layer.scaled.index
    neighbors = min(20, len(patients) // 4)
    others = _affinities_of_others(ready, name, patients)
    rows: list[Row] = []
    for metric in metrics_for(layer.scale):
        row: Row = {
            "part": "real",
            "cohort": cohort.name,
            "layer": name,
            "kind": layer.kind,
            "scale": layer.scale,
            "n": len(patients),
            "p": layer.scaled.shape[1],
            "metric": metric,
            "default": metric == default_metric(layer),
        }
        distances = distances_of(layer, patients, metric)
        rows.append(row)
        if distances is None:
            continue
        own = affinity_matrix(distances, neighbors)
        row["auc"] = _known_auc(cohort, patients, own, known)
        if layer.scale == "binary":
            row["count_auc"] = count_auc(layer.scaled, labels_of([own], 2, neighbors))
        row["stability"] = float(
            np.mean([stability(distances, k, neighbors, n_resamples) for k in (2, 3, 4)])
        )
        if others is not None:
            shared, arrays, few = others
            at = patients.get_indexer(shared)
            own = affinity_matrix(distances[np.ix_(at, at)], few)
            row["overlap"] = neighbor_overlap(own, fuse_affinities(arrays, few), few)
            fused = fuse_affinities([own, *arrays], few)
            row["fused_auc"] = _known_auc(cohort, shared, fused, known)
    return rows


def _known_auc(
    cohort: of.Cohort, patients: pd.Index, affinity: np.ndarray, known: Sequence[str]
) -> dict[str, float]:
    """How well similar patients share each known label, among labels of five patients or more."""
    found: dict[str, float] = {}
    for column in known:
        if cohort.clinical is None:
            raise ValueError(f"cohort {cohort.name} has no clinical table")
        values = cohort.clinical[column].reindex(patients)
        counts = values.value_counts()
        at = np.flatnonzero(values.isin(counts.index[counts >= 5]).to_numpy())
        labels = values.iloc[at].astype(str).to_numpy()
        if len(set(labels)) > 1:
            found[column] = label_auc(affinity[np.ix_(at, at)], labels)
    return found


def _affinities_of_others(
    ready: Prepared, name: str, patients: pd.Index
) -> tuple[pd.Index, list[np.ndarray], int] | None:
    """Affinities of the layers of other kinds that share enough patients, default distances.

    Another table of the same kind is no independent witness and is left out.
    """
    shared = patients
    names: list[str] = []
    for other, layer in ready.layers.items():
        both = shared[shared.isin(layer.scaled.index)]
        if layer.kind == ready.layers[name].kind or len(both) < 60:
            continue
        if layer.kind not in [ready.layers[one].kind for one in names]:
            shared, names = both, [*names, other]
    few = min(20, len(shared) // 4)
    arrays = []
    for other in names:
        distances = distances_of(ready.layers[other], shared, default_metric(ready.layers[other]))
        if distances is not None:
            arrays.append(affinity_matrix(distances, few))
    return (shared, arrays, few) if arrays else None


def seconds(n: int, p: int) -> list[Row]:
    """Time and accuracy of each distance beside SciPy's pdist, on one thread."""
    rng = np.random.default_rng(0)
    tables = {
        "standardised": rng.normal(size=(n, p)),
        "0/1": (rng.random((n, p)) < 0.1).astype(float),
        "levels": np.clip(np.rint(rng.normal(size=(n, p))), -2, 2),
    }
    cases = [
        ("standardised", "euclidean", "euclidean"),
        ("standardised", "squared_euclidean", "sqeuclidean"),
        ("standardised", "correlation", "correlation"),
        ("standardised", "cosine", "cosine"),
        ("standardised", "manhattan", "cityblock"),
        ("0/1", "jaccard", "jaccard"),
        ("0/1", "hamming", "hamming"),
        ("levels", "manhattan", "cityblock"),
    ]
    rows: list[Row] = []
    for values, metric, theirs in cases:
        table = tables[values]
        ours_seconds, ours = _timed(partial(patient_distances, table, metric))
        given = table != 0 if metric == "jaccard" else table
        scipy_seconds, reference = _timed(partial(_scipy_distances, given, theirs))
        error = np.abs(ours - reference).max() / reference.max()
        rows.append(
            {
                "part": "seconds",
                "values": values,
                "metric": metric,
                "n": n,
                "p": p,
                "seconds": ours_seconds,
                "pdist_seconds": scipy_seconds,
                "ratio": scipy_seconds / ours_seconds,
                "largest_error": float(error),
            }
        )
    return rows


def _scipy_distances(table: np.ndarray, metric: str) -> np.ndarray:
    return squareform(pdist(table, metric))


def _timed(function: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Best of three."""
    best, result = np.inf, np.empty(0)
    for _ in range(3):
        start = time.perf_counter()
        result = function()
        best = min(best, time.perf_counter() - start)
    return best, result


def summary_planted(rows: list[Row]) -> pd.DataFrame:
    """Mean index of each metric, and its paired difference from the default with its error."""
    table = pd.DataFrame([row for row in rows if row["part"] == "planted"])
    out = []
    for (layer, metric), group in table.groupby(["layer", "metric"], sort=False):
        base = table[(table["layer"] == layer) & table["default"]]
        pair = group.merge(base, on=["effect", "seed"], suffixes=("", "_default"))
        line: Row = {"layer": layer, "metric": metric, "cohorts": int(pair["alone"].notna().sum())}
        for what in ("alone", "fused"):
            difference = (pair[what] - pair[f"{what}_default"]).dropna()
            line[what] = pair[what].mean()
            line[f"{what}_change"] = difference.mean()
            line[f"{what}_error"] = difference.sem()
        out.append(line)
    return pd.DataFrame(out)


def summary_real(rows: list[Row]) -> pd.DataFrame:
    """One line a layer and metric, a column a known grouping."""
    lines = []
    for row in rows:
        if row["part"] == "real":
            line = {key: row[key] for key in ("cohort", "layer", "n", "metric")}
            line["default"] = "*" if row["default"] else ""
            line["stability"] = row.get("stability", np.nan)
            line["overlap"] = row.get("overlap", np.nan)
            line["count_auc"] = row.get("count_auc", np.nan)
            for what in ("auc", "fused_auc"):
                line[what] = " ".join(f"{k}={v:.3f}" for k, v in row.get(what, {}).items())
            lines.append(line)
    return pd.DataFrame(lines)


def summary_changes(rows: list[Row]) -> pd.DataFrame:
    """Change against the default: mean over the layers of a group, and how many rose of how many.

    A layer's change is the mean over its known labels.
    """
    found = [row for row in rows if row["part"] == "real" and "auc" in row]
    base = {(row["cohort"], row["layer"]): row for row in found if row["default"]}
    lines = []
    for row in found:
        default = base[(row["cohort"], row["layer"])]
        molecular = row["scale"] not in ("binary", "gistic") and row["kind"] != "radiomics"
        line: Row = {
            "group": "molecular, continuous" if molecular else row["kind"],
            "metric": row["metric"],
            "stability": row["stability"] - default["stability"],
        }
        if "overlap" in row:
            line["overlap"] = row["overlap"] - default["overlap"]
        for what in ("auc", "fused_auc"):
            if row.get(what):
                line[what] = np.mean([row[what][key] - default[what][key] for key in row[what]])
        lines.append(line)
    out = []
    for (group, metric), part in pd.DataFrame(lines).groupby(["group", "metric"], sort=False):
        line = {"group": group, "metric": metric}
        for what in ("auc", "overlap", "fused_auc", "stability"):
            values = part[what].dropna()
            line[what] = f"{values.mean():+.3f} ({int((values > 0).sum())}/{len(values)})"
        out.append(line)
    return pd.DataFrame(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument("--quick", action="store_true", help="fewer seeds and resamples")
    parser.add_argument("--seeds", type=int, default=10, help="planted cohorts of each effect")
    parser.add_argument(
        "--parts", nargs="+", default=["planted", "real", "seconds"], help="which to run"
    )
    arguments = parser.parse_args()
    # Small layers and doubtful symbols are expected here.
    warnings.simplefilter("ignore", of.OmicsfuseWarning)
    rows: list[Row] = []
    if "planted" in arguments.parts:
        rows += planted(range(2 if arguments.quick else arguments.seeds))
        print(summary_planted(rows).round(3).to_string(index=False))
    if "real" in arguments.parts and os.environ.get("OMICSFUSE_DATA"):
        manifests = Path(__file__).resolve().parents[1] / "data_manifests"
        rows += real(manifests, 2 if arguments.quick else 5)
        print(summary_real(rows).round(3).to_string(index=False))
        print(summary_changes(rows).to_string(index=False))
    if "seconds" in arguments.parts:
        found = seconds(500 if arguments.quick else 2000, 500)
        rows += found
        print(pd.DataFrame(found).drop(columns="part").to_string(index=False))
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
