"""Find the features that mark each subtype."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pandas as pd

from omicsfuse.biology import differential_features, pairwise_features
from omicsfuse.biology.count_data import checked_counts
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Prepared
from omicsfuse.pipeline.asked import check_covariates, covariate_terms
from omicsfuse.pipeline.keys import Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.immune import IMMUNE, score_names
from omicsfuse.report.sections import biology

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class MarkerSettings(Table):
    """``[markers]``: features of each subtype."""

    covariates: tuple[str, ...] = ()
    counts: Literal["moderated_t", "deseq2"] = "moderated_t"
    pairwise: bool = True


class Marked(NamedTuple):
    """Features of each subtype against the rest, and, of three or more, of each two."""

    markers: pd.DataFrame
    pairwise: pd.DataFrame


class Markers(Stage[MarkerSettings, Marked]):
    """Test every feature of every layer between the subtypes."""

    name = "markers"
    table = "markers"
    settings = MarkerSettings
    sections = (biology.SECTION,)
    holds = {
        "markers.tsv": "All features of all layers, each subtype compared with all other patients",
        "pairwise_markers.tsv": "All features of all layers, compared between pairs of subtypes",
    }

    def adjusts_for(self, study: "Study") -> dict[str, Sequence[str]]:
        return {"[markers] covariates": study.markers.covariates}

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        asked = study.markers
        with said_of(f"{study.where}: [markers] "), Faults() as faults:
            with faults.gathered():
                check_covariates(study, cohort, asked.covariates, score_names(study))
            with faults.gathered():
                if asked.counts == "deseq2":
                    _check_counts(cohort, layers)

    def run(self, context: Context) -> Marked:
        asked, prepared, subtypes = context.study.markers, context.prepared, context.subtypes
        options: dict[str, Any] = {}
        if asked.covariates:
            immune = context.of(IMMUNE)
            scores = None if immune is None else immune.scores
            options["covariates"] = covariate_terms(
                context.cohort, asked.covariates, subtypes.labels.index, scores
            )
        if asked.counts == "deseq2":
            options["counts"] = raw_counts(context.cohort, prepared)
        markers = differential_features(subtypes, prepared, **options)
        if not asked.pairwise or len(subtypes.names) < 3:
            return Marked(markers, pd.DataFrame())
        return Marked(markers, pairwise_features(subtypes, prepared, **options))

    def tables(self, result: Marked) -> dict[str, pd.DataFrame]:
        tables = {"markers.tsv": result.markers}
        return tables | ({"pairwise_markers.tsv": result.pairwise} if len(result.pairwise) else {})

    def fields(self, result: Marked) -> dict[str, Any]:
        return {"markers": result.markers}


def raw_counts(cohort: Cohort, prepared: Prepared) -> dict[str, pd.DataFrame]:
    """Layers that came as counts, as they came."""
    return {
        name: layer.table
        for name, layer in cohort.omics.items()
        if name in prepared.layers and layer.scale == "counts"
    }


def _check_counts(cohort: Cohort, layers: Sequence[str]) -> None:
    """See that there are raw counts, and the package that tests them."""
    names = [name for name in layers if cohort.omics[name].scale == "counts"]
    if not names:
        scales = ", ".join(f"{name} {layer.scale}" for name, layer in cohort.omics.items())
        raise StudyError(
            f'counts = "deseq2" needs a layer on scale "counts"; found scales: {scales}. '
            "Remove the setting: layers are then tested by moderated t."
        )
    if find_spec("pydeseq2") is None:
        raise StudyError(
            'counts = "deseq2" needs PyDESeq2, which is not installed: install it with pip '
            'install "omicsfuse[counts]", or remove the setting.'
        )
    for name in names:
        checked_counts(cohort.omics[name].table, name)


MARKERS = Markers()
