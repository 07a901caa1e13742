"""Make the layers ready for distances and tests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Prepared
from omicsfuse.pipeline.keys import PositiveInt, Table
from omicsfuse.pipeline.stage import Context, Stage, layers_to_prepare
from omicsfuse.preprocessing import preprocess
from omicsfuse.preprocessing.prepare import make_preprocessor
from omicsfuse.report.sections import data

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class PreprocessSettings(Table):
    """``[preprocess]``: features kept by variance or by the outcome, for all layers or by layer."""

    n_features: PositiveInt | dict[str, PositiveInt] | Literal["auto"] = "auto"
    select: Literal["variance", "survival"] = "variance"


class Preprocess(Stage[PreprocessSettings, Prepared]):
    """Transform, impute and scale each layer by its kind."""

    name = "preprocess"
    table = "preprocess"
    settings = PreprocessSettings
    sections = (data.SECTION,)

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        n_features = study.preprocess.n_features
        if not isinstance(n_features, dict):
            return
        with Faults() as faults:
            for name, number in n_features.items():
                with faults.gathered(), said_of(f"{study.where}: [preprocess] n_features "):
                    if name not in layers:
                        raise StudyError(
                            f"names layer {name!r}, which is not used; "
                            f"{did_you_mean(name, layers)}."
                        )
                    make_preprocessor(cohort.omics[name], n_features=number)

    def run(self, context: Context) -> Prepared:
        study, cohort = context.study, context.cohort
        asked = study.preprocess.n_features
        # Features chosen with the outcome are chosen later, out of those of a blind study.
        later = asked == "auto" or study.preprocess.select == "survival"
        layers = layers_to_prepare(context.stages, study, cohort)
        return preprocess(cohort, layers, n_features=None if asked == "auto" or later else asked)

    def exclusions(self, result: Prepared) -> Sequence[Exclusion]:
        return result.exclusions


PREPROCESS = Preprocess()
