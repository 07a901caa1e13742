"""The study file: what to do with which cohorts, parsed and checked before anything is computed."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import kind_of, kinds_that, layers_that
from omicsfuse.io.paths import resolve_path
from omicsfuse.io.toml import parse_toml_model
from omicsfuse.pipeline.study_biology import (
    EnrichmentSettings,
    HeterogeneitySettings,
    ImmuneSettings,
    InterpretSettings,
    MarkerSettings,
    RadiogenomicSettings,
)
from omicsfuse.pipeline.study_signatures import FurtherSignature, SignatureSettings

#: Kinds of layer that genes can be ranked on and a signature derived from.

PositiveInt = Annotated[int, Field(ge=1, strict=True)]
PositiveNumber = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    """A table of the study file: fixed once read, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PreprocessSettings(_Table):
    """``[preprocess]``: features kept by variance or by the outcome, for all layers or by layer."""

    n_features: PositiveInt | dict[str, PositiveInt] | Literal["auto"] = "auto"
    select: Literal["variance", "survival"] = "variance"


class FusionSettings(_Table):
    """``[fusion]``: settings of similarity network fusion."""

    n_neighbors: PositiveInt = 20
    mu: PositiveNumber = 0.5
    n_iterations: PositiveInt = 20
    variant: Literal["paper", "snfpy"] = "paper"
    engine: Literal["auto", "exact", "sparse", "snfpy"] = "auto"
    metrics: dict[str, str] = {}
    distances: dict[str, Path] = {}
    patients: Literal["all", "complete"] = "all"
    min_layers: PositiveInt = 1
    layer_weights: dict[str, PositiveNumber] = {}
    alpha: PositiveNumber | None = None
    dtype: Literal["float64", "float32"] = "float64"
    n_kept: PositiveInt = 60

    @model_validator(mode="before")
    @classmethod
    def _what_the_engine_can(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("engine") == "snfpy":
            return {"variant": "snfpy", "patients": "complete", **values}
        return values

    @model_validator(mode="after")
    def _one_distance_a_layer(self) -> Self:
        both = sorted(self.metrics.keys() & self.distances.keys())
        if both:
            raise ValueError(
                f"has a metric and a file of distances for {', '.join(both)}; give one of the two"
            )
        return self


class SubtypeSettings(_Table):
    """``[subtypes]``: how many, and how much resampling to judge them by."""

    n_clusters: PositiveInt | Literal["auto"] | tuple[PositiveInt, PositiveInt] = "auto"
    budget: Literal["quick", "standard", "thorough"] = "quick"
    feature_groups: dict[str, Path] = {}
    choose: Literal["structure", "survival"] = "structure"


class SurvivalSettings(_Table):
    """``[survival]``: endpoints to compare; all of the cohort's if none is named."""

    endpoints: tuple[str, ...] | None = None
    n_permutations: PositiveInt | Literal["adaptive"] = "adaptive"
    n_bootstrap: Annotated[int, Field(ge=0, strict=True)] = 200
    trend: str | None = None
    full_pipeline_permutations: Annotated[int, Field(ge=39, strict=True)] | None = None


class AssignmentSettings(_Table):
    """``[assignment]``: the classifier of new patients, and how often it is cross-validated."""

    layers: tuple[str, ...] | None = None
    n_repeats: Annotated[int, Field(ge=0, strict=True)] = 3


class Study(_Table):
    """A parsed study file. Paths are absolute.

    Examples
    --------
    >>> from pathlib import Path
    >>> study = Study(name="demo", discovery=Path("discovery.toml"))
    >>> study.fusion.n_neighbors
    20
    """

    name: Annotated[str, Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    discovery: Path
    layers: tuple[str, ...] | None = None
    gene_sets: tuple[Path, ...] = ()
    external: tuple[Path, ...] = ()
    negative_controls: tuple[Path, ...] = ()
    gene_names: Path | None = None
    preprocess: PreprocessSettings = PreprocessSettings()
    fusion: FusionSettings = FusionSettings()
    subtypes: SubtypeSettings = SubtypeSettings()
    survival: SurvivalSettings = SurvivalSettings()
    markers: MarkerSettings = MarkerSettings()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    immune: ImmuneSettings = ImmuneSettings()
    radiogenomics: RadiogenomicSettings = RadiogenomicSettings()
    heterogeneity: HeterogeneitySettings = HeterogeneitySettings()
    interpret: dict[str, InterpretSettings] = {}
    signature: SignatureSettings | None = None
    signatures: dict[str, FurtherSignature] = {}
    assignment: AssignmentSettings = AssignmentSettings()
    path: Annotated[Path | None, Field(exclude=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _verified_by_default(cls, values: Any) -> Any:
        # Whoever names other cohorts wants something verified in them.
        named = isinstance(values, dict) and (
            values.get("external") or values.get("negative_controls")
        )
        if named and "signature" not in values:
            return {**values, "signature": {}}
        return values

    @field_validator("signatures", "interpret")
    @classmethod
    def _file_names(cls, named: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        for name in named:
            if not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
                raise ValueError(
                    f"[{info.field_name}.{name}]: the name becomes that of a file; use letters, "
                    "digits, - and _"
                )
        return named

    @field_validator("layers")
    @classmethod
    def _some_layers(cls, layers: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if layers is not None and (not layers or len(set(layers)) < len(layers)):
            raise ValueError("names at least one layer, and none twice")
        return layers


def read_study(path: str | Path) -> Study:
    r"""Read a study file (TOML) and resolve its paths, without opening any data.

    Parameters
    ----------
    path : str or Path
        The study file. Relative paths in it are relative to it; a path may start with
        ``$OMICSFUSE_DATA/``.

    Returns
    -------
    Study
        The study as parsed, defaults filled in.

    Raises
    ------
    StudyError
        If the file is missing, is not TOML, has an unknown key (the nearest valid one is named) or
        a value out of range.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "study.toml").write_text('name = "demo"\ndiscovery = "cohort.toml"')
    >>> read_study(folder / "study.toml").discovery.name
    'cohort.toml'
    """
    path = Path(path)
    study = parse_toml_model(path, Study, what="study", error=StudyError)
    if study.path is not None:
        raise StudyError(f"{path}: unknown key 'path' in the study file.")
    base = path.resolve().parent
    return study.model_copy(
        update={
            "path": path.resolve(),
            "discovery": resolve_path(str(study.discovery), base),
            "gene_sets": tuple(resolve_path(str(file), base) for file in study.gene_sets),
            "external": tuple(resolve_path(str(file), base) for file in study.external),
            "negative_controls": tuple(
                resolve_path(str(file), base) for file in study.negative_controls
            ),
            "gene_names": None
            if study.gene_names is None
            else resolve_path(str(study.gene_names), base),
            "signatures": {
                name: one
                if one.scores is None
                else one.model_copy(update={"scores": resolve_path(str(one.scores), base)})
                for name, one in study.signatures.items()
            },
            "immune": study.immune.model_copy(
                update={
                    "sets": _resolved(study.immune.sets, base),
                    "signature_matrix": None
                    if study.immune.signature_matrix is None
                    else resolve_path(str(study.immune.signature_matrix), base),
                }
            ),
            "interpret": {
                name: one.model_copy(update={"scores": resolve_path(str(one.scores), base)})
                for name, one in study.interpret.items()
            },
            "fusion": study.fusion.model_copy(
                update={"distances": _resolved(study.fusion.distances, base)}
            ),
            "subtypes": study.subtypes.model_copy(
                update={"feature_groups": _resolved(study.subtypes.feature_groups, base)}
            ),
        }
    )


def _resolved(files: dict[str, Path], base: Path) -> dict[str, Path]:
    """Resolve the files of layers against the folder of the study file."""
    return {layer: resolve_path(str(file), base) for layer, file in files.items()}


def fused_layers(study: Study, cohort: Cohort) -> list[str]:
    """Layers that the study fuses: those it names, or all of the cohort's."""
    return list(study.layers or cohort.omics)


def prepared_layers(study: Study, cohort: Cohort) -> list[str]:
    """Layers to preprocess: the fused ones, and those that genes or features are read from."""
    names = fused_layers(study, cohort)
    extra = [gene_layer(study, cohort, "enrichment"), study.immune.layer]
    if study.radiogenomics.map:
        extra += [study.radiogenomics.layer, *(study.radiogenomics.targets or ())]
    if study.heterogeneity.index:
        extra.append(study.heterogeneity.layer)
    for name, one in asked_signatures(study).items():
        extra += [signature_layer(study, cohort, name), getattr(one, "feature_layer", None)]
        if isinstance(one, FurtherSignature) and one.feature and not one.feature_layer:
            extra.append(layer_with(study, cohort, name, one.feature))
    return names + [name for name in dict.fromkeys(extra) if name and name not in names]


def asked_signatures(study: Study) -> dict[str, SignatureSettings]:
    """All signatures that a study asks for, the one of the subtypes first, under an empty name."""
    own = {} if study.signature is None else {"": study.signature}
    return {**own, **study.signatures}


def signature_layer(study: Study, cohort: Cohort, name: str) -> str:
    """Name the layer that a signature is derived from: its own, else that of ``[signature]``.

    Raises
    ------
    StudyError
        If none is named and the cohort has no layer of kind expression.
    """
    named = asked_signatures(study)[name].layer
    if named is None and study.signature is not None:
        named = study.signature.layer
    where = f"[signatures.{name}]" if name else "[signature]"
    return _gene_layer(study, cohort, where, named, "a signature is asked for")


def gene_layer(study: Study, cohort: Cohort, use: Literal["enrichment", "signature"]) -> str | None:
    """Name the layer that genes are read from: the one named, or the first of kind expression.

    Fused layers come first. None where the study does not ask for it.

    Raises
    ------
    StudyError
        If the study asks for it and the cohort has no layer of kind expression.
    """
    if use == "signature":
        return None if study.signature is None else signature_layer(study, cohort, "")
    if not study.gene_sets:
        return study.enrichment.layer
    named = study.enrichment.layer
    return _gene_layer(study, cohort, "[enrichment]", named, "gene_sets are named")


def _gene_layer(study: Study, cohort: Cohort, where: str, named: str | None, why: str) -> str:
    if named and not kind_of(cohort.omics[named]).ranks_genes:
        raise StudyError(
            f"{study.path or study.name}: {where} layer {named!r} is of kind "
            f"{cohort.omics[named].kind!r}; genes are read from a layer of kind "
            f"{' or '.join(kinds_that(lambda kind: kind.ranks_genes))}."
        )
    if named:
        return named
    order = {name: cohort.omics[name] for name in (*fused_layers(study, cohort), *cohort.omics)}
    found = layers_that(order, lambda kind: kind.transcriptome)
    if not found:
        raise StudyError(
            f"{study.path or study.name}: {why}, but cohort {cohort.name!r} has no layer of kind "
            f'expression. Name a layer with genes: {where} layer = "...", or leave that out.'
        )
    return found[0]


def layer_with(study: Study, cohort: Cohort, signature: str, feature: str) -> str:
    """Name the layer that has a feature, where the study does not say which.

    Raises
    ------
    StudyError
        If none or several have it.
    """
    found = [name for name, layer in cohort.omics.items() if feature in layer.table.columns]
    if len(found) == 1:
        return found[0]
    said = f"layers {', '.join(found)} have one" if found else "no layer has it"
    raise StudyError(
        f"{study.path or study.name}: [signatures.{signature}] feature {feature!r}: {said}; name "
        "its layer with feature_layer, and the feature as it is in the table."
    )


def looks_at_outcome(study: Study) -> bool:
    """Whether a study chooses features or the number of subtypes with the outcome."""
    return "survival" in (study.preprocess.select, study.subtypes.choose)


def settings(study: Study) -> dict[str, Any]:
    """Return the study as plain values for the record: defaults filled in, paths by their ends."""
    plain = study.model_dump(mode="json")

    def named(path: Path) -> str:
        base = study.path.parent if study.path else Path.cwd()
        inside = path.is_relative_to(base)
        return path.relative_to(base).as_posix() if inside else "/".join(path.parts[-2:])

    plain["discovery"] = named(study.discovery)
    plain["gene_sets"] = [named(path) for path in study.gene_sets]
    plain["external"] = [named(path) for path in study.external]
    plain["negative_controls"] = [named(path) for path in study.negative_controls]
    plain["gene_names"] = None if study.gene_names is None else named(study.gene_names)
    for name, one in study.signatures.items():
        if one.scores is not None:
            plain["signatures"][name]["scores"] = named(one.scores)
    for name, score in study.interpret.items():
        plain["interpret"][name]["scores"] = named(score.scores)
    plain["immune"]["sets"] = {name: named(path) for name, path in study.immune.sets.items()}
    matrix = study.immune.signature_matrix
    plain["immune"]["signature_matrix"] = None if matrix is None else named(matrix)
    distances = study.fusion.distances.items()
    plain["fusion"]["distances"] = {layer: named(path) for layer, path in distances}
    groups = study.subtypes.feature_groups.items()
    plain["subtypes"]["feature_groups"] = {layer: named(path) for layer, path in groups}
    return plain
