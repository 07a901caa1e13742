"""Fuse the layers into one network of patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd
from pydantic import (
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from omicsfuse.assessment.given import labels_of, of_patients
from omicsfuse.assessment.outcome_aware import N_SELECTED, OutcomeAware, Pipeline
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Fusion, Prepared, Subtypes
from omicsfuse.fusion import SNF, Method, fuse
from omicsfuse.fusion.distances_given import precomputed_distances
from omicsfuse.fusion.methods import check_fusion, chosen_method
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.asked import (
    endpoints,
    fused_layers,
    given_labels,
    looks_at_outcome,
    patients_to_fuse,
    survival_tables,
)
from omicsfuse.pipeline.keys import PositiveInt, PositiveNumber, StudyFile, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.preprocess import PREPROCESS
from omicsfuse.report.sections import network

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class FusionSettings(Table):
    """``[fusion]``: the integration method, its settings, and what all methods share.

    Keys that are not listed here are settings of the method, which checks them and fills in the
    others.
    """

    model_config = ConfigDict(extra="allow")

    method: str = SNF.name
    metrics: dict[str, str] = {}
    distances: dict[str, StudyPath] = {}
    patients: Literal["all", "complete"] = "all"
    min_layers: PositiveInt = 1
    layer_weights: dict[str, PositiveNumber] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _settings_of_the_method(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(values, dict) or not isinstance(values.get("method", ""), str):
            return handler(values)
        shared = {key: value for key, value in values.items() if key in cls.model_fields}
        settings = {key: value for key, value in values.items() if key not in shared}
        try:
            with Faults() as faults:
                for key in settings.keys() & StudyFile.model_fields.keys():
                    del settings[key]
                    with faults.gathered():
                        raise StudyError(f"{key} belongs at the top of the file, above all tables")
                with faults.gathered():
                    method = chosen_method(
                        values.get("method", SNF.name), settings, cls.model_fields
                    )
        except StudyError as error:
            raise _with_others(error, shared, handler) from None
        return handler({"patients": method.whom, **shared, **method.settings})

    @model_validator(mode="after")
    def _one_distance_a_layer(self) -> "FusionSettings":
        both = sorted(self.metrics.keys() & self.distances.keys())
        if both:
            raise ValueError(
                f"has a metric and a file of distances for {', '.join(both)}; remove one of them"
            )
        return self

    @model_serializer(mode="wrap")
    def _settings_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain = handler(self)
        method = self.chosen()
        first = [key for key in method.settings if key not in method.technical]
        shared = [key for key in plain if key not in method.settings and key != "method"]
        order = ("method", *first, *shared, *method.technical)
        return {key: plain[key] for key in order if key in plain}

    def chosen(self) -> Method:
        """The method with its settings."""
        return chosen_method(self.method, self.model_extra or {})

    def shared(self) -> dict[str, Any]:
        """Arguments of ``fuse`` that all methods share; files of distances are not read yet."""
        return {
            "method": self.chosen(),
            "metrics": self.metrics,
            "patients": self.patients,
            "min_layers": self.min_layers,
            "layer_weights": self.layer_weights,
        }


def _with_others(
    error: StudyError, shared: dict[str, Any], handler: ModelWrapValidatorHandler[FusionSettings]
) -> ValidationError:
    """Faults of the settings of a method, together with those of the keys that all methods have."""
    told: list[Any] = [
        {"type": PydanticCustomError("study", "{said}", {"said": str(fault)}), "input": shared}
        for fault in error.faults or (error,)
    ]
    try:
        handler(shared)
    except ValidationError as others:
        told += others.errors(include_url=False)
    return ValidationError.from_exception_data(FusionSettings.__name__, told)


@dataclass(frozen=True, eq=False)
class Fused:
    """The network and its layers; where features or k were chosen with the outcome, all of it.

    ``aware`` says how to choose again when the outcome is permuted. ``given`` are given labels of
    the fused patients, ``without`` counts who has a label or a layer only.
    """

    fusion: Fusion
    prepared: Prepared
    subtypes: Subtypes | None = None
    aware: Pipeline | None = None
    given: Subtypes | None = None
    without: tuple[Exclusion, ...] = ()


class Fuse(Stage[FusionSettings, Fused]):
    """Fuse the layers that the study names and that have anything usable."""

    name = "fuse"
    table = "fusion"
    settings = FusionSettings
    sections = (network.SECTION,)

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        fused = fused_layers(study, cohort)
        with Faults() as faults:
            with faults.gathered(), said_of(f"{study.where}: [fusion] "):
                check_fusion(fused, **study.fusion.shared())
            for name, path in study.fusion.distances.items():
                with faults.gathered(), said_of(f"{study.where}: [fusion] distances "):
                    if name not in fused:
                        raise StudyError(f"names {name!r}, which is not fused.")
                    precomputed_distances(read_table(path), cohort.omics[name].table.index, name)
            with faults.gathered():
                patients_to_fuse(study, cohort)

    def run(self, context: Context) -> Fused:
        study, cohort = context.study, context.cohort
        blind = context.of(PREPROCESS)
        options = fusion_options(study, cohort, blind)
        aware = outcome_pipeline(study, cohort, options)
        given = given_labels(study)
        if given is not None:
            labelled = of_patients(blind, given.labels.index)
            fusion = fuse(labelled, random_state=study.seed, n_threads=context.n_jobs, **options)
            everybody = pd.Index(
                sorted({p for name in options["layers"] for p in blind.layers[name].scaled.index})
            )
            labels, without = labels_of(given, fusion.patients, everybody)
            return Fused(fusion, labelled, given=labels, without=without)
        if aware is None:
            fusion = fuse(blind, random_state=study.seed, n_threads=context.n_jobs, **options)
            return Fused(fusion, blind)
        prepared, fusion, subtypes = aware.subtypes(blind, survival_tables(study, cohort))
        return Fused(fusion, prepared, subtypes, aware)

    def exclusions(self, result: Fused) -> Sequence[Exclusion]:
        return (*result.fusion.exclusions, *result.without)

    def fields(self, result: Fused) -> dict[str, Any]:
        return {"prepared": result.prepared, "fusion": result.fusion}


def fusion_options(study: "Study", cohort: Cohort, prepared: Prepared) -> dict[str, Any]:
    """Arguments of ``fuse`` as the study has them, for the layers that have anything usable."""
    usable = [name for name in fused_layers(study, cohort) if name in prepared.layers]
    options = study.fusion.shared()
    files = {layer: read_table(path) for layer, path in study.fusion.distances.items()}
    for setting, given in (
        ("metrics", {**study.fusion.metrics, **files}),
        ("layer_weights", study.fusion.layer_weights),
    ):
        options[setting] = {layer: value for layer, value in given.items() if layer in usable}
    options["min_layers"] = min(study.fusion.min_layers, len(usable))
    return options | {"layers": usable}


def outcome_pipeline(study: "Study", cohort: Cohort, options: dict[str, Any]) -> Pipeline | None:
    """What a study chooses with the outcome, and all that follows; None where it is blind."""
    if not looks_at_outcome(study):
        return None
    asked = study.preprocess.n_features
    aware = OutcomeAware(
        endpoints(study, cohort)[0],
        features=study.preprocess.select == "survival",
        n_features=N_SELECTED if asked == "auto" else asked,
        n_clusters=study.subtypes.choose == "survival",
    )
    return Pipeline(aware, options, study.subtypes.n_clusters, study.seed)


FUSE = Fuse()
