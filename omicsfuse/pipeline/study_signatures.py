"""What a study file says of signatures: what each is to stand for, how, and where it is tried."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Methods of deriving, and for which kinds of target they are made.
MethodName = Literal["auto", "templates", "moderated_t", "correlation", "modules", "elastic_net"]
ScorerName = Literal["nearest_template", "weighted_z", "rank", "ssgsea", "gsva"]


class _Table(BaseModel):
    """A table of the study file: fixed once read, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignatureSettings(_Table):
    """``[signature]``: the gene set derived from the subtypes."""

    layer: str | None = None
    external_layer: str | None = None
    method: MethodName = "auto"
    n_genes: Annotated[int, Field(ge=5, strict=True)] = 50
    covariates: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    scorer: ScorerName | None = None
    scaling: Literal["cohort", "reference", "none"] | None = None
    minimum_share_of_genes: Annotated[float, Field(gt=0, le=1)] = 0.3
    n_folds: Annotated[int, Field(ge=2, strict=True)] = 5
    n_permutations: Annotated[int, Field(ge=0, strict=True)] | Literal["auto"] = "auto"
    n_random: Annotated[int, Field(ge=1, strict=True)] = 1000
    matched: Literal["none", "mean_variance", "mean_variance_proliferation"] = "mean_variance"
    n_shuffled: Annotated[int, Field(ge=0, strict=True)] = 100


class FurtherSignature(SignatureSettings):
    """``[signatures.NAME]``: one that stands for an image feature, a score, groups or survival."""

    feature: str | None = None
    feature_layer: str | None = None
    scores: Path | None = None
    column: str | None = None
    endpoint: str | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        given = [key for key in ("feature", "scores", "endpoint") if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(
                f"names {' and '.join(given)}; a signature stands for one thing: a feature of a "
                "layer, a column of a file of scores, or an endpoint (none of them: the subtypes)"
            )
        if self.feature_layer is not None and self.feature is None:
            raise ValueError("names feature_layer without feature; name the feature too")
        if self.column is not None and self.scores is None:
            raise ValueError("names column without scores; name the file of scores too")
        return self
