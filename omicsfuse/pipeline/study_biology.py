"""What a study file says of biology: markers, gene sets, immune context, images and models."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(ge=1, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]


class _Table(BaseModel):
    """A table of the study file: fixed once read, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MarkerSettings(_Table):
    """``[markers]``: features of each subtype."""

    covariates: tuple[str, ...] = ()
    counts: Literal["moderated_t", "deseq2"] = "moderated_t"
    pairwise: bool = True


class EnrichmentSettings(_Table):
    """``[enrichment]``: gene-set enrichment of each subtype, and scores of each patient."""

    layer: str | None = None
    min_size: Annotated[int, Field(ge=2, strict=True)] = 10
    max_size: Positive = 500
    n_permutations: Positive = 5000
    scores: Literal["ssgsea", "gsva", "zscore", "none"] = "ssgsea"

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size {self.min_size} is above max_size {self.max_size}")
        return self


class ImmuneSettings(_Table):
    """``[immune]``: immune and stromal scores from marker sets, and a user's reference matrix."""

    layer: str | None = None
    sets: dict[str, Path] = {}
    methods: dict[str, str] = {}
    signature_matrix: Path | None = None
    deconvolution: Literal["nu_svr", "nnls"] = "nu_svr"
    n_permutations: Positive = 100

    @model_validator(mode="after")
    def _methods_of_sets(self) -> Self:
        unknown = sorted(self.methods.keys() - self.sets.keys())
        if unknown:
            raise ValueError(f"methods names {', '.join(unknown)}, which sets does not name")
        return self


class RadiogenomicSettings(_Table):
    """``[radiogenomics]``: radiomic features against everything molecular."""

    map: bool = True
    layer: str | None = None
    targets: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.9
    modules: bool = True
    module_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.7
    n_permutations: Positive | Literal["auto"] = "auto"


class HeterogeneitySettings(_Table):
    """``[heterogeneity]``: the imaging heterogeneity index."""

    index: bool = True
    layer: str | None = None
    n_groups: Annotated[int, Field(ge=2, strict=True)] | Literal["auto"] = "auto"
    adjust_volume: bool = False


class InterpretSettings(_Table):
    """``[interpret.NAME]``: the score or class that an imaging model gives each patient."""

    scores: Path
    column: str | None = None
    n_resamples: Count = 100
