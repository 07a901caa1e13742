"""Features of the heterogeneity index made ready: chosen, freed of volume, one of each kind."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.layers import Exclusion
from omicsfuse.imaging.heterogeneity.blocks import (
    FIRST_ORDER,
    TEXTURE,
    heterogeneity_features,
)
from omicsfuse.preprocessing.filters import near_duplicates
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.ranks import blom_scores

#: Fewest features of a block.
MINIMUM_FEATURES = 3
#: A feature that follows the volume so closely is the volume under another name.
VOLUME_ITSELF = 0.9
#: Features of a block that say the same are used once.
SAME = 0.95

STEP = "heterogeneity"


@dataclass(frozen=True, eq=False)
class Measured:
    """Features as they go into the index: normal scores by block, and mean disorder."""

    blocks: dict[str, pd.DataFrame]
    disorder: pd.Series


def chosen_features(
    table: pd.DataFrame, volume: pd.Series | None, layer: str, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Choose the features (of patients x features) of heterogeneity; the unfiltered image first."""
    features = heterogeneity_features(table.columns)
    if len(other := table.columns[~table.columns.isin(features.index)]):
        reason = "not a measure of heterogeneity (shape, brightness, or unknown name)"
        exclusions.append(Exclusion(STEP, layer, "features", len(other), reason, tuple(other[:5])))
    if volume is not None and len(features):
        size = volume.to_numpy(dtype=float)[:, None]
        follows = rank_correlations(table[features.index].to_numpy(dtype=float), size).correlation
        close = features.index[np.abs(follows[:, 0]) > VOLUME_ITSELF].tolist()
        if close:
            reason = f"correlated with tumour volume (|Spearman| > {VOLUME_ITSELF:g})"
            exclusions.append(
                Exclusion(STEP, layer, "features", len(close), reason, tuple(close[:5]))
            )
            features = features.drop(index=close)
    for block in (FIRST_ORDER, TEXTURE):
        there = int((features["block"] == block).sum())
        if there < MINIMUM_FEATURES:
            raise CohortError(
                f"heterogeneity index: layer {layer} has {there} {block} features that "
                f"measure heterogeneity; {MINIMUM_FEATURES} are needed. Features are "
                "recognised by names such as original_firstorder_Entropy or GLCM_Contrast."
            )
    if not (features["direction"] != 0).any():
        raise CohortError(
            f"heterogeneity index: layer {layer} has no entropy, uniformity or energy of grey "
            "levels, which define the direction of heterogeneity."
        )
    filtered = ~features["image_type"].str.lower().isin(["original", ""])
    return features.iloc[np.lexsort((features.index.to_numpy(dtype=str), filtered))]


def without_volume(
    scores: pd.DataFrame, volume: pd.Series | None, layer: str, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Residuals of each feature's normal scores on those of volume, patients x features."""
    if volume is None:
        raise StudyError(
            f"adjust_volume: layer {layer} has no feature that is the tumour volume (such as "
            "original_shape_MeshVolume); give volume=, or remove adjust_volume."
        )
    known = volume.notna()
    if not known.all():
        names = tuple(map(str, volume.index[~known][:5]))
        exclusions.append(
            Exclusion(STEP, layer, "patients", int((~known).sum()), "no tumour volume", names)
        )
    scores, size = scores[known], blom_scores(volume[known].to_numpy(dtype=float))
    left = {}
    for name in scores.columns:
        adjusted = scores[name].to_numpy(dtype=float).copy()
        there = ~np.isnan(adjusted)
        x, y = size[there] - size[there].mean(), adjusted[there] - adjusted[there].mean()
        total = float((x**2).sum())
        adjusted[there] = y - x * (float((x * y).sum()) / total if total > 0 else 0.0)
        left[name] = adjusted
    return pd.DataFrame(left, index=scores.index)


def measured_features(
    scores: pd.DataFrame,
    chosen: pd.DataFrame,
    layer: str,
    exclusions: list[Exclusion] | None = None,
) -> Measured:
    """Blocks of normal scores without repetitions, complete, and each patient's mean disorder.

    ``scores``: patients x features; ``chosen``: block, image type and direction of these features.
    """
    normal = pd.DataFrame(
        {
            name: blom_scores(np.round(scores[name].to_numpy(dtype=float), 9))
            for name in scores.columns
        },
        index=scores.index,
    )
    varies = normal.nunique() > 1
    blocks, repeated = {}, []
    for block in (FIRST_ORDER, TEXTURE):
        names = [name for name in chosen.index[chosen["block"] == block] if varies[name]]
        if len(names) < 2:
            raise CohortError(
                f"heterogeneity index: {len(names)} {block} features of layer {layer} differ "
                "between patients; 2 are needed."
            )
        same = near_duplicates(normal[names].to_numpy(), SAME)
        repeated += [name for name, again in zip(names, same, strict=True) if again]
        kept = [name for name, again in zip(names, same, strict=True) if not again]
        # A missing normal score is set to the middle.
        blocks[block] = normal[kept].fillna(0.0)
    if repeated and exclusions is not None:
        reason = f"redundant with another feature of the block (|Spearman| > {SAME:g})"
        exclusions.append(
            Exclusion(STEP, layer, "features", len(repeated), reason, tuple(repeated[:5]))
        )
    telling = chosen[chosen["direction"] != 0]
    original = telling["image_type"].str.lower().isin(["original", ""])
    telling = telling[original] if original.any() else telling
    turned = normal[telling.index].to_numpy() * telling["direction"].to_numpy()
    known = np.maximum((~np.isnan(turned)).sum(axis=1), 1)
    disorder = pd.Series(np.nansum(turned, axis=1) / known, normal.index)
    return Measured(blocks, disorder)
