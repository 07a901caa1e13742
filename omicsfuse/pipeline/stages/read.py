"""Read the study's cohort, once all that the study asks is known to be possible."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsfuse.core.cohort import Cohort
from omicsfuse.io.manifest import Manifest
from omicsfuse.pipeline.check import check_study
from omicsfuse.pipeline.provenance import digest, hashes_of, named_inputs, versions
from omicsfuse.pipeline.stage import Context, Stage


@dataclass(frozen=True)
class Opened:
    """The discovery cohort; manifests of the others, whose tables nobody has looked at yet.

    ``fingerprint`` stands for the content of all files read so far, and for versions.
    """

    cohort: Cohort
    external: dict[Path, Manifest]
    controls: dict[Path, Manifest]
    hashes: dict[Path, str]
    fingerprint: str


class Read(Stage[None, Opened]):
    """Check the study and open its discovery cohort."""

    name = "read"

    def run(self, context: Context) -> Opened:
        study = context.study
        checked = check_study(study, context.stages)
        manifests = checked.manifests
        files = [study.discovery, *manifests[study.discovery].files(), *study.files()]
        hashes = hashes_of([study.path, *files] if study.path else files)
        return Opened(
            checked.cohorts[study.discovery],
            {path: manifests[path] for path in study.external},
            {path: manifests[path] for path in study.negative_controls},
            hashes,
            digest({"inputs": named_inputs(study.folder, hashes), "versions": versions()}),
        )

    def inputs(self, result: Opened) -> dict[Path, str]:
        return result.hashes

    def fields(self, result: Opened) -> dict[str, Any]:
        return {"cohort": result.cohort}


READ = Read()
