"""Say what marks the subtypes beyond single features: gene sets, drivers, methylation."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import pandas as pd
from pydantic import Field, model_validator

from omicsfuse.biology import (
    compare_scores,
    driver_features,
    enrich,
    expression_methylation_pairs,
    gene_set_scores,
    label_markers,
    over_representation,
    running_sums,
)
from omicsfuse.biology.enrichment import EMPTY_ENRICHMENT, enrichment_exclusions
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.biology.ranked_enrichment import FACTS
from omicsfuse.biology.set_scores import gene_set_score_exclusions
from omicsfuse.core.checks.tables import listed
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.results import Biology, Prepared, Subtypes
from omicsfuse.io.gmt import read_gmt
from omicsfuse.io.results import filled, patients_first
from omicsfuse.pipeline.asked import enriched_layer
from omicsfuse.pipeline.keys import PositiveInt, Table
from omicsfuse.pipeline.stage import Context, Stage, or_without
from omicsfuse.pipeline.stages.markers import MARKERS
from omicsfuse.report.sections import methylation, pathways

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class EnrichmentSettings(Table):
    """``[enrichment]``: gene-set enrichment of each subtype, and scores of each patient."""

    layer: str | None = None
    min_size: Annotated[int, Field(ge=2, strict=True)] = 10
    max_size: PositiveInt = 500
    n_permutations: PositiveInt = 5000
    scores: Literal["ssgsea", "gsva", "zscore", "none"] = "ssgsea"

    @model_validator(mode="after")
    def _sizes_in_order(self) -> "EnrichmentSettings":
        if self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} is above max_size {self.max_size}")
        return self


class Explained(NamedTuple):
    """Enrichment of the study's gene sets, who and what took no part, and all else."""

    enrichment: pd.DataFrame
    exclusions: tuple[Exclusion, ...]
    biology: Biology


class Pathways(Stage[EnrichmentSettings, Explained]):
    """Gene sets of subtypes and patients, drivers, known groups, methylation."""

    name = "pathways"
    table = "enrichment"
    settings = EnrichmentSettings
    sections = (pathways.SECTION, methylation.SECTION)
    holds = {
        "enrichment.tsv": "Gene-set enrichment (GSEA) of each subtype against all other patients",
        "drivers.tsv": "Strongest marker features of each subtype",
        "label_markers.tsv": "Markers of known labels, and the same features in the subtypes",
        "gene_sets.tsv": "Gene sets: genes measured, tested or not, and groups of overlapping sets",
        "over_representation.tsv": "Gene sets over-represented among the markers of each subtype",
        "running_sums.tsv": "Running sums of the enrichment plots",
        "gene_set_scores.tsv": "Score of each gene set in each patient",
        "gene_set_tests.tsv": "Scores of gene sets compared between subtypes",
        "expression_methylation.tsv": "Genes whose expression and methylation differ in opposite "
        "directions",
    }

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        return [("[enrichment] layer", study.enrichment.layer)]

    def layers(self, study: "Study", cohort: Cohort) -> list[str | None]:
        return [enriched_layer(study, cohort)]

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        with Faults() as faults:
            for path in study.gene_sets:
                with faults.gathered():
                    if not read_gmt(path):
                        raise StudyError(f"{path} holds no gene set.")
        self._warn_of_no_genes(study, cohort)

    @staticmethod
    def _warn_of_no_genes(study: "Study", cohort: Cohort) -> None:
        """Say before anything is computed that gene sets and the layer share no gene."""
        layer = enriched_layer(study, cohort)
        if layer is None or layer not in cohort.omics:
            return
        genes = cohort.omics[layer].table.columns
        for path in study.gene_sets:
            sets = read_gmt(path)
            if not any(set(genes) & set(members) for members in sets.values()):
                example = next(iter(sets.values()))
                warnings.warn(
                    f"{study.where}: no gene of {path.name} (e.g. {listed(example, 2)}) is in "
                    f'layer "{layer}" (e.g. {listed(genes, 2)}): nothing can be enriched. Where '
                    "the layer names genes by Ensembl or Entrez numbers, give their symbols: "
                    'gene_names = "hgnc_complete_set.txt".',
                    OmicsfuseWarning,
                    stacklevel=2,
                )

    def run(self, context: Context) -> Explained:
        study, prepared, subtypes = context.study, context.prepared, context.subtypes
        layer = enriched_layer(study, context.cohort)
        if not study.gene_sets or layer not in prepared.layers:
            layer = None
        enrichment = EMPTY_ENRICHMENT.copy()
        if layer is not None:
            enrichment = context.remembered(
                enrich,
                subtypes,
                prepared,
                list(study.gene_sets),
                random_state=study.seed,
                **(study.enrichment.model_dump(exclude={"scores"}) | {"layer": layer}),
            )
        biology = _explained(context, layer, enrichment)
        return Explained(enrichment, _without(study, prepared, subtypes, layer), biology)

    def tables(self, result: Explained) -> dict[str, pd.DataFrame]:
        biology = result.biology
        return {"enrichment.tsv": result.enrichment.drop(columns=FACTS)} | filled(
            {
                "drivers.tsv": biology.drivers,
                "label_markers.tsv": biology.label_markers,
                "gene_sets.tsv": biology.gene_sets,
                "over_representation.tsv": biology.over_representation.drop(
                    columns="common", errors="ignore"
                ),
                "running_sums.tsv": biology.running_sums,
                "gene_set_scores.tsv": patients_first(biology.scores),
                "gene_set_tests.tsv": biology.score_tests,
                "expression_methylation.tsv": biology.methylation_pairs,
            }
        )

    def exclusions(self, result: Explained) -> Sequence[Exclusion]:
        return (*result.exclusions, *result.biology.exclusions)

    def fields(self, result: Explained) -> dict[str, Any]:
        return {"enrichment": result.enrichment, "biology": result.biology}


def _without(
    study: "Study", prepared: Prepared, subtypes: Subtypes, layer: str | None
) -> tuple[Exclusion, ...]:
    """Count the patients and the gene sets that took no part in the enrichment."""
    if layer is None:
        return ()
    exclusions = list(enrichment_exclusions(subtypes, prepared, layer))
    genes = prepared.layers[layer].values.columns  # noqa: PD011 - a field of ours
    asked = study.enrichment
    sets = gene_set_coverage(list(study.gene_sets), genes, asked.min_size, asked.max_size)
    untested = sets.loc[~sets["tested"], "gene_set"]
    if len(untested):
        reason = (
            f"fewer than {asked.min_size} of their genes are among the {len(genes)} genes of layer "
            f"{layer}"
        )
        examples = tuple(untested.astype(str)[:5])
        exclusions.append(Exclusion("enrich", layer, "gene sets", len(untested), reason, examples))
    return tuple(exclusions)


def _explained(context: Context, layer: str | None, enrichment: pd.DataFrame) -> Biology:
    """What marks the subtypes beyond single features; ``layer`` holds the genes of gene sets."""
    study, prepared, subtypes = context.study, context.prepared, context.subtypes
    markers, pairwise = context.of(MARKERS)
    several = len(subtypes.names) > 1
    unpaired = _unpaired(prepared) if several else ()
    biology = Biology(
        pairwise=pairwise,
        drivers=driver_features(markers, prepared, subtypes),
        label_markers=label_markers(subtypes, context.cohort, prepared, markers=markers),
        methylation_pairs=(
            _methylation_pairs(prepared, subtypes) if several and not unpaired else pd.DataFrame()
        ),
        exclusions=unpaired,
    )
    if layer is None:
        return biology
    sets, asked = list(study.gene_sets), study.enrichment
    genes = prepared.layers[layer].values.columns  # noqa: PD011 - a field of ours
    biology = replace(
        biology,
        gene_sets=gene_set_coverage(
            sets, genes, asked.min_size, asked.max_size, enrichment=enrichment
        ),
        over_representation=over_representation(markers, prepared, sets, layer=layer)
        if several
        else pd.DataFrame(),
        running_sums=running_sums(subtypes, prepared, enrichment, sets, layer=layer),
    )
    if asked.scores == "none":
        return biology
    scores = gene_set_scores(
        prepared,
        sets,
        method=asked.scores,
        layer=layer,
        min_size=asked.min_size,
        max_size=asked.max_size,
    )
    tests = compare_scores(subtypes, scores) if several and len(scores.columns) else pd.DataFrame()
    return replace(
        biology,
        scores=scores,
        score_tests=tests,
        params={"method": asked.scores},
        exclusions=(
            *biology.exclusions,
            *gene_set_score_exclusions(prepared, scores, method=asked.scores, layer=layer),
        ),
    )


def _unpaired(prepared: Prepared) -> tuple[Exclusion, ...]:
    """Count methylation features without a gene in expression; nothing where two or more have one.

    Probes without an annotation are usual, so that this is no warning.
    """
    genes = layers_that(prepared.layers, lambda kind: kind.transcriptome)
    methylome = layers_that(prepared.layers, lambda kind: kind.methylome)
    if not genes or not methylome:
        return ()
    measured, probes = (
        prepared.layers[name].values.columns  # noqa: PD011 - a field of ours
        for name in (genes[0], methylome[0])
    )
    alone = probes.difference(measured, sort=False)
    if len(probes) - len(alone) >= 2:
        return ()
    reason = (
        f"not compared with {genes[0]}: no gene of that name there. Of probes, name the array's "
        "annotation in the manifest"
    )
    examples = tuple(map(str, alone[:5]))
    return (Exclusion("pathways", methylome[0], "features", len(alone), reason, examples),)


def _methylation_pairs(prepared: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    """Expression against methylation, where both layers are there and share genes."""
    genes = layers_that(prepared.layers, lambda kind: kind.transcriptome)
    if not genes or not layers_that(prepared.layers, lambda kind: kind.methylome):
        return pd.DataFrame()
    pairs = or_without(
        "pairs of expression and methylation",
        lambda: expression_methylation_pairs(subtypes, prepared),
    )
    return pd.DataFrame() if pairs is None else pairs


PATHWAYS = Pathways()
