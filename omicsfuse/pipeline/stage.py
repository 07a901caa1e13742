"""A stage of a run as one object, and what it is given."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

import pandas as pd

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning
from omicsfuse.core.results import Prepared, ResultFile, RunResults, Subtypes
from omicsfuse.io.manifest import Manifest
from omicsfuse.pipeline.asked import fused_layers
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.report.section import Section

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study

S = TypeVar("S")
R = TypeVar("R")


@dataclass
class Context:
    """What a stage works on: the study, the results of earlier stages, and how to work.

    ``stages`` are those whose layers are made ready and whose checks are made; ``progress`` is told
    of repeated work: what it is, how much is done, how much there is.
    """

    study: "Study"
    stages: "Sequence[Stage[Any, Any]]"
    workspace: Workspace
    n_jobs: int = 1
    progress: Callable[[str, int, int], None] | None = None
    results: dict[str, Any] = field(default_factory=dict)
    files: list[ResultFile] = field(default_factory=list)

    def of(self, stage: "Stage[Any, R]") -> R:
        """Return the result of a stage that has run."""
        return cast(R, self.results[stage.name])

    @property
    def cohort(self) -> Cohort:
        """The discovery cohort."""
        return cast(Cohort, self.results["read"].cohort)

    @property
    def prepared(self) -> Prepared:
        """The layers as made ready; chosen with the outcome where the study asks for that."""
        fused = self.results.get("fuse")
        return cast(Prepared, self.results["preprocess"] if fused is None else fused.prepared)

    @property
    def subtypes(self) -> Subtypes:
        """The subtypes."""
        return cast(Subtypes, self.results["cluster"])

    def remembered(
        self, function: Callable[..., R], *args: Any, n_jobs: int = 0, **kwargs: Any
    ) -> R:
        """Do long work, or take up what an unfinished run has kept of it."""
        fingerprint = self.results["read"].fingerprint
        return cast(
            R, self.workspace.remembered(fingerprint, function, *args, n_jobs=n_jobs, **kwargs)
        )

    @property
    def tasks(self) -> dict[str, Any]:
        """How the tasks of repeated work are kept and told of; no influence on what they give."""
        return {"folder": self.workspace.tasks, "progress": self.progress}


class Stage(ABC, Generic[S, R]):
    """One step of a run: what may be asked of it, whether that can be done, and what it gives.

    A subclass states ``name``, ``run``, and whatever it has of the rest. ``table`` and ``settings``
    are the name and the type of its table in the study file. The pipeline does what is left: it
    reads and checks the settings, times and names the stage, writes its files, counts what it
    excludes, records its warnings, and puts its sections on the report.
    """

    name: str
    table: str = ""
    settings: type[S]
    #: Sections of the report; ``report.page.SECTIONS`` orders them, new ones precede the methods.
    sections: Sequence[Section[RunResults]] = ()
    #: What each result file holds, in words for the reader of ``index.tsv``. Capitals in the name
    #: of a file, as in ``assigned_COHORT.tsv``, stand for any text, also in the words.
    holds: ClassVar[Mapping[str, str]] = {}
    #: Name of a later stage whose exclusions are listed before those of this one.
    listed_after: str = ""

    def asked(self, study: "Study") -> S:
        """Return what the study asks of this stage; the defaults where it has no such table."""
        return cast(S, getattr(study, self.table, None) or self.settings())

    def named_layers(self, study: "Study") -> Sequence[tuple[str, str | None]]:
        """Keys that name a layer, with what they name: the cohort must have it."""
        return ()

    def layers(self, study: "Study", cohort: Cohort) -> Sequence[str | None]:
        """Layers to make ready for this stage, beside those that are fused."""
        return ()

    def adjusts_for(self, study: "Study") -> Mapping[str, Sequence[str]]:
        """Clinical columns that it adjusts for or puts in order, by key: none may be an outcome."""
        return {}

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        """Raise if what is asked cannot be done; compute nothing.

        The cohort has all layers that are named; ``layers`` are those that will be made ready.
        """

    def check_other(self, study: "Study", cohort: Cohort, other: Manifest) -> None:
        """Raise if another cohort lacks, by its manifest, what is asked of it."""

    @abstractmethod
    def run(self, context: Context) -> R:
        """Do the work."""

    def tables(self, result: R) -> Mapping[str, pd.DataFrame]:
        """Lay out the result files, the key of each table in its first column.

        Names have no folder: ``folder.place`` says where each file lies.
        """
        return {}

    def write(self, result: R, folder: Path) -> None:
        """Write files that are no tables; they are in place before the next stage begins."""

    def exclusions(self, result: R) -> Sequence[Exclusion]:
        """Say what took no part."""
        return ()

    def inputs(self, result: R) -> Mapping[Path, str]:
        """Files that were opened, with their hashes, for the record."""
        return {}

    def fields(self, result: R) -> Mapping[str, Any]:
        """Attributes of ``RunResults`` that hold the result; ``RunResults.of`` has it anyway."""
        return {}


def layers_to_prepare(
    stages: Sequence[Stage[Any, Any]], study: "Study", cohort: Cohort
) -> list[str]:
    """Layers to preprocess: the fused ones, and those that stages read genes or features from."""
    names = fused_layers(study, cohort)
    extra = [name for stage in stages for name in stage.layers(study, cohort)]
    return names + [name for name in dict.fromkeys(extra) if name and name not in names]


def or_without(result: str, make: Callable[[], R]) -> R | None:
    """Make a part of a run that the rest stands without; say so where the data do not give it."""
    try:
        return make()
    except OmicsfuseError as error:
        warnings.warn(f"no {result}: {error}", OmicsfuseWarning, stacklevel=2)
        return None
