"""Measure how heterogeneous each tumour looks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.results import HeterogeneityIndex
from omicsfuse.imaging import heterogeneity_index, index_tests
from omicsfuse.imaging.heterogeneity.mutant_alleles import with_math
from omicsfuse.imaging.heterogeneity.tests import TEST_FACTS
from omicsfuse.imaging.redundancy import layer_of_images
from omicsfuse.io.results import filled, patients_first
from omicsfuse.pipeline.asked import refuse_other_kinds
from omicsfuse.pipeline.keys import Table
from omicsfuse.pipeline.stage import Context, Stage, or_without
from omicsfuse.report.sections import heterogeneity

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class HeterogeneitySettings(Table):
    """``[heterogeneity]``: the imaging heterogeneity index."""

    index: bool = True
    layer: str | None = None
    n_groups: Annotated[int, Field(ge=2, strict=True)] | Literal["auto"] = "auto"
    adjust_volume: bool = False


class Heterogeneity(Stage[HeterogeneitySettings, HeterogeneityIndex | None]):
    """The imaging heterogeneity index of each patient, and its associations."""

    name = "heterogeneity"
    table = "heterogeneity"
    settings = HeterogeneitySettings
    sections = (heterogeneity.SECTION,)
    holds = {
        "heterogeneity.tsv": "Imaging heterogeneity index of each patient",
        "heterogeneity_groups.tsv": "Groups of patients by heterogeneity: size and mean index",
        "heterogeneity_features.tsv": "Correlation of each radiomic feature with the heterogeneity "
        "index",
        "heterogeneity_tests.tsv": "Associations of the heterogeneity index with survival, "
        "clinical variables and subtypes",
    }

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        return [("[heterogeneity] layer", study.heterogeneity.layer)]

    def layers(self, study: "Study", cohort: Cohort) -> list[str | None]:
        return [study.heterogeneity.layer] if study.heterogeneity.index else []

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        named = study.heterogeneity.layer
        refuse_other_kinds(
            study, cohort, "[heterogeneity] layer", named, lambda kind: kind.radiomic
        )

    def run(self, context: Context) -> HeterogeneityIndex | None:
        study, asked = context.study, context.study.heterogeneity
        layer = layer_of_images(context.prepared, asked.layer)
        if not asked.index or layer is None:
            return None
        index = or_without(
            "heterogeneity index",
            lambda: heterogeneity_index(
                context.prepared,
                radiomics=layer,
                n_groups=asked.n_groups,
                adjust_volume=asked.adjust_volume,
                random_state=study.seed,
                n_jobs=context.n_jobs,
            ),
        )
        if index is None:
            return None
        index = with_math(index, context.cohort)
        tests = or_without(
            "tests of the heterogeneity index",
            lambda: index_tests(
                index,
                context.cohort,
                subtypes=context.subtypes,
                endpoints=study.survival.endpoints,
            ),
        )
        return index if tests is None else replace(index, tests=tests)

    def tables(self, result: HeterogeneityIndex | None) -> dict[str, pd.DataFrame]:
        if result is None:
            return {}
        return filled(
            {
                "heterogeneity.tsv": patients_first(result.patients),
                "heterogeneity_groups.tsv": result.groups.reset_index(names="group"),
                "heterogeneity_features.tsv": result.features,
                "heterogeneity_tests.tsv": result.tests.drop(columns=TEST_FACTS, errors="ignore"),
            }
        )

    def exclusions(self, result: HeterogeneityIndex | None) -> Sequence[Exclusion]:
        return () if result is None else result.exclusions

    def fields(self, result: HeterogeneityIndex | None) -> dict[str, Any]:
        return {"heterogeneity": result}


HETEROGENEITY = Heterogeneity()
