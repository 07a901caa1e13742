"""Scores of marker sets in each patient, by the method that the authors of the sets define."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import Z_LIMIT
from omicsfuse.core.results import PreparedLayer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.moments import moments

#: Ways to turn the markers of a cell type into one score of a patient.
METHODS = ("mean_log", "ssgsea", "ssgsea_normalised", "gsva")

#: Fewest measured markers of a score by method; smaller sets need all of theirs.
MINIMUM_GENES = {"mean_log": 2, "ssgsea": 5, "ssgsea_normalised": 5, "gsva": 5}

#: Smallest share of its genes that a score may rest on.
MINIMUM_SHARE = 0.1

#: Below so many ranked genes a layer is a panel: ranks within it are not those of a transcriptome.
PANEL = 5000

#: A patient who lacks more than this share of the measured markers has no mean of them.
MOST_MISSING = 0.5


class Collection(NamedTuple):
    """Method of a published collection of marker sets, and what there is to know of it."""

    method: str
    remark: str


#: Published collections by their names without case, spaces and signs.
KNOWN = {
    "mcpcounter": Collection(
        "mean_log", "mean of log2 markers (Becht et al. 2016, Genome Biol 17:218)"
    ),
    "danaher": Collection(
        "mean_log", "mean of log2 markers (Danaher et al. 2017, J Immunother Cancer 5:18)"
    ),
    "bindea": Collection(
        "ssgsea",
        "ssGSEA of the sets of Bindea et al. 2013 (Immunity 39:782), as in Senbabaoglu et al. 2016 "
        "(Genome Biol 17:231)",
    ),
    "xcell": Collection(
        "ssgsea",
        "ssGSEA of the sets of Aran et al. 2017 (Genome Biol 18:220) without xCell's calibration "
        "and spillover compensation: related cell types share signal",
    ),
    "consensustme": Collection(
        "ssgsea_normalised",
        "ssGSEA divided by the range of all scores of the cohort (Jimenez-Sanchez et al. 2019, "
        "Cancer Res 79:6238)",
    ),
}


def known_collection(name: str) -> Collection | None:
    """Recognise a published collection by its name, however it is written."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    plain = plain.removeprefix("tme")
    for key, collection in KNOWN.items():
        if plain == key or (plain.startswith(key) and len(plain) <= len(key) + 6):
            return collection
    return None


def method_of(name: str, methods: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Say how a collection is scored, and why; a method asked for wins."""
    asked = (methods or {}).get(name)
    collection = known_collection(name)
    if asked is None:
        if collection is None:
            return "ssgsea", "ssGSEA (not the name of a published collection)"
        return collection.method, collection.remark
    if asked not in METHODS:
        raise StudyError(
            f"immune_scores: unknown method {asked!r} for {name!r} in methods; "
            f"{did_you_mean(asked, METHODS)}."
        )
    if collection is not None and collection.method != asked:
        return asked, f"{asked} as requested; the authors' method is {collection.method}"
    return asked, f"{asked} as requested"


def score_sets(
    layer: PreparedLayer, sets: Mapping[str, Sequence[str]], method: str
) -> pd.DataFrame:
    """Score sets of measured genes in every patient; NaN where a patient lacks what that needs."""
    table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    if layer.scale == "zscore":
        table = table.clip(-Z_LIMIT, Z_LIMIT)
    if not sets:
        return pd.DataFrame(index=table.index)
    if method == "mean_log":
        columns = {name: mean_of_markers(table, genes) for name, genes in sets.items()}
        return pd.DataFrame(columns, index=table.index)
    if method == "gsva":
        from omicsfuse.stats.gseapy_engine import gsva

        complete = table.loc[:, table.notna().all()]
        measured = {
            name: [g for g in genes if g in complete.columns] for name, genes in sets.items()
        }
        return gsva(complete, measured)
    scores = _ssgsea(table, sets)
    if method == "ssgsea_normalised":
        # One number for the whole collection: the order of patients does not change.
        spread = float(np.nanmax(scores) - np.nanmin(scores)) if np.isfinite(scores).any() else 0.0
        scores = scores / spread if spread > 0 else scores
    return pd.DataFrame(scores, table.index, pd.Index(list(sets), dtype=object))


def mean_of_markers(table: pd.DataFrame, genes: Sequence[str]) -> Array:
    """Mean of the markers of each patient, a missing one as its mean; NaN where most are absent."""
    values = table[sorted(genes)].to_numpy(dtype=float)
    missing = np.isnan(values)
    filled = np.where(missing, moments(values).mean, values)
    # Gene by gene: the bits of a patient's sum do not depend on who else is there.
    total = np.zeros(len(values))
    for j in range(filled.shape[1]):
        total += filled[:, j]
    lacking = missing.mean(axis=1) > MOST_MISSING
    mean: Array = np.where(lacking, np.nan, total / filled.shape[1])
    return mean


def _ssgsea(table: pd.DataFrame, sets: Mapping[str, Sequence[str]]) -> Array:
    """Patients x sets: ssGSEA scores."""
    from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

    scorer = SingleSampleEnrichment(table)
    place = {gene: i for i, gene in enumerate(scorer.genes)}
    scores = np.full((len(table), len(sets)), np.nan)
    for column, genes in enumerate(sets.values()):
        members = np.array(sorted(place[gene] for gene in genes))
        scores[:, column] = scorer.score(members, np.ones((len(members), 1)))[:, 0]
    return scores
