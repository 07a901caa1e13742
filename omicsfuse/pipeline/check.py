"""Can a study be done? Every fault is told at once, and nothing is computed."""

import warnings
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsfuse.biology.outcomes import is_outcome
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.manifest import Manifest, read_manifest
from omicsfuse.pipeline.asked import fused_layers
from omicsfuse.pipeline.gene_symbols import with_symbols
from omicsfuse.pipeline.keys import refuse_missing
from omicsfuse.pipeline.partial import what_can_be_read
from omicsfuse.pipeline.stage import Stage

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


@dataclass(frozen=True)
class Checked:
    """Manifests of all cohorts of a study, and those cohorts that were opened, by manifest path."""

    manifests: dict[Path, Manifest]
    cohorts: dict[Path, Cohort]


def check_study(
    study: "Study", stages: Sequence[Stage[Any, Any]], *, open_all: bool = False
) -> Checked:
    """See that all that a study names is there and can be done; external tables if ``open_all``."""
    faults = Faults()
    with faults.gathered():
        _check_roles(study)
    manifests: dict[Path, Manifest] = {}
    for path in (study.discovery, *study.external, *study.negative_controls):
        with faults.gathered():
            manifests[path] = read_manifest(path)
    files = [*study.files(), *(file for each in manifests.values() for file in each.files())]
    missing = {path for path in files if not path.exists()}
    with faults.gathered():
        refuse_missing(files, study.where)
    others = [
        manifests[path] for path in (*study.external, *study.negative_controls) if path in manifests
    ]
    with faults.gathered():
        _refuse_same_names(study, others)
    cohorts: dict[Path, Cohort] = {}
    for path, manifest in manifests.items():
        if open_all or path == study.discovery:
            with faults.gathered():
                there = manifest.with_files(lambda file: file not in missing)
                cohort = read_cohort(there) if there is not None else None
                if cohort is not None and there == manifest:
                    cohorts[path] = with_symbols(cohort, study.gene_names)
    path = study.discovery
    with faults.gathered():
        if path in cohorts:
            check_cohort(study, cohorts[path], stages, others, missing)
        else:
            part, doubtful = what_can_be_read(path, manifests.get(path), faults)
            if part is not None:
                check_cohort(study, part, stages, others, missing, doubtful)
    faults.tell()
    return Checked(manifests, cohorts)


def _check_roles(study: "Study") -> None:
    """See that no cohort has two roles."""
    for key, paths in (
        ("external", study.external),
        ("negative_controls", study.negative_controls),
    ):
        if study.discovery in paths:
            raise StudyError(
                f"{study.where}: {key} names the discovery cohort ({study.discovery.name}); "
                "verify the signature in another cohort. Remove the discovery cohort."
            )
        twice = next((path.name for path in paths if paths.count(path) > 1), None)
        if twice:
            raise StudyError(f"{study.where}: {key} names {twice} twice. Remove one.")
    both = [path.name for path in study.external if path in study.negative_controls]
    if both:
        raise StudyError(
            f"{study.where}: {', '.join(both)} is named in external and in negative_controls. "
            "Remove it from one of them."
        )


def check_cohort(
    study: "Study",
    cohort: Cohort,
    stages: Sequence[Stage[Any, Any]],
    others: Sequence[Manifest] = (),
    missing: Collection[Path] = (),
    doubtful: Callable[[Exception], bool] = lambda _: False,
) -> None:
    """See that what the stages are asked can be done with the discovery cohort, and in ``others``.

    The tables of the others stay closed until the signatures are locked.
    Nothing is said of ``missing`` files, which have been told, nor of what is ``doubtful``.
    """
    named: list[tuple[str, str | None]] = [("layers", name) for name in fused_layers(study, cohort)]
    named += [pair for stage in stages for pair in stage.named_layers(study)]
    strangers = {name for _, name in named if name is not None and name not in cohort.omics}

    def told(error: Exception) -> bool:
        quoted = any(
            mark in str(error) for name in strangers for mark in (f"'{name}'", f'"{name}"')
        )
        return quoted or _is_about(error, missing) or doubtful(error)

    with Faults() as everything:
        for key, name in named:
            with everything.gathered():
                if name in strangers:
                    raise StudyError(
                        f"{study.where}: {key} names {name!r}, which cohort {cohort.name!r} does "
                        f"not have. It has {', '.join(cohort.omics)}."
                    )
        faults = Faults(told)
        cohort = _strict(study, cohort)
        layers = [name for name in fused_layers(study, cohort) if name in cohort.omics]
        for stage in stages:
            with faults.gathered():
                extra = stage.layers(study, cohort)
                layers += [name for name in extra if name and name in cohort.omics]
        # Where a name is wrong, any layer may be the one that is meant.
        layers = list(cohort.omics if strangers else dict.fromkeys(layers))
        for stage in stages:
            with faults.gathered():
                stage.check(study, cohort, layers)
        for other in others:
            for stage in stages:
                with everything.gathered():
                    stage.check_other(study, cohort, other)
        _warn_of_outcomes(study, cohort, stages)
        with everything.gathered():
            faults.tell()


class _Layers(dict[str, Layer]):
    """Layers of a cohort; a layer that is not there is a fault of the study that asks for it."""

    where: str

    def __missing__(self, name: str) -> Layer:
        raise StudyError(f"{self.where}: there is no layer {name!r}; there is {', '.join(self)}.")


def _strict(study: "Study", cohort: Cohort) -> Cohort:
    """The cohort, with layers of which a missing one is a fault that is told."""
    layers = _Layers(cohort.omics)
    layers.where = f"{study.where}: cohort {cohort.name!r}"
    strict = copy(cohort)  # not made again: it has been checked
    object.__setattr__(strict, "omics", layers)
    return strict


def _refuse_same_names(study: "Study", others: Sequence[Manifest]) -> None:
    """See that each of the other cohorts has a name of its own."""
    names = [manifest.name for manifest in others]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise StudyError(
            f"{study.where}: several of the other cohorts are named {', '.join(twice)} in their "
            "manifests. Give each a name of its own."
        )


def _is_about(error: BaseException | None, missing: Collection[Path]) -> bool:
    """Whether an error came of opening one of the files that are missing."""
    while error is not None:
        if isinstance(error, FileNotFoundError) and Path(error.filename or "") in missing:
            return True
        error = error.__cause__ or error.__context__
    return False


def _warn_of_outcomes(study: "Study", cohort: Cohort, stages: Sequence[Stage[Any, Any]]) -> None:
    """Warn of columns that by their names hold an outcome and are used as if they did not."""
    roles: dict[str, Sequence[str]] = {"covariates": cohort.covariates, "strata": cohort.strata}
    roles["technical"] = cohort.technical
    for stage in stages:
        roles |= stage.adjusts_for(study)
    for role, columns in roles.items():
        outcomes = [column for column in columns if is_outcome(column)]
        if outcomes:
            warnings.warn(
                f"{role} names {', '.join(outcomes)}, an outcome by its name. Adjustment or "
                "ordering by the outcome makes the test invalid. Name another column.",
                OmicsfuseWarning,
                stacklevel=3,
            )
