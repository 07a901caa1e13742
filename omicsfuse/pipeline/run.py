"""The pipeline: one study in, all its results out, stage by stage."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.results import RunResults
from omicsfuse.io.results import write_json
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.folder import SUMMARY, index, write_index, write_stage
from omicsfuse.pipeline.provenance import Clock, named_inputs, recorded_warnings, versions
from omicsfuse.pipeline.record import run_record
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.study import Study, read_study, settings
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.report import summary_record, write_report
from omicsfuse.report.conclusion import conclude
from omicsfuse.stats.one_thread import one_thread


def run(
    study: Study | str | Path,
    out: str | Path,
    *,
    seed: int | None = None,
    n_jobs: int = 1,
    resume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> RunResults:
    """Run a study from tables to report, and write its results.

    Parameters
    ----------
    study : Study, str or Path
        A study, or the path of a study file.
    out : str or Path
        Folder for the results: new, empty, or with an earlier run, which is replaced at the end.
    seed : int, optional
        Seed in place of the study's.
    n_jobs : int
        Processes; results do not depend on them.
    resume : bool
        Continue an interrupted run in the same folder: finished long stages are not repeated.
    progress : callable, optional
        Called with the name of each stage as it begins (those of ``stages.STAGES``, then
        ``"report"``). If it has a method ``tasks(what, done, total)``, that is called as the
        repeated work of a stage goes on; if it has ``done(stage, seconds, warnings)``, that is
        called as a stage ends; ``seconds`` is None where it fails.

    Returns
    -------
    RunResults
        The results as written to ``out``.

    Raises
    ------
    StudyError, CohortError, SignatureError
        If the study or the data are at fault; nothing is written then.

    Examples
    --------
    >>> from pathlib import Path
    >>> import tempfile
    >>> import omicsfuse as of
    >>> from omicsfuse.datasets.write import write_simulated_study
    >>> folder = Path(tempfile.mkdtemp())
    >>> study = write_simulated_study(of.simulate_cohort(60, n_external=0, effect=2), folder)
    >>> results = of.run(study, out=folder / "results")  # doctest: +SKIP
    """
    require(study, (Study, str, Path), "study")
    require(out, (str, Path), "out")
    n_jobs = whole_number(n_jobs, "n_jobs")
    study = study if isinstance(study, Study) else read_study(study)
    if seed is not None:
        study = study.model_copy(update={"seed": whole_number(seed, "seed", 0, 2**32 - 1)})
    # One thread for linear algebra: the last bits of a sum depend on how many share the work.
    with (
        Workspace(Path(out), study.name, resume) as workspace,
        recorded_warnings() as caught,
        one_thread(),
    ):
        clock = Clock(progress, caught)
        context = Context(study, stages.STAGES, workspace, n_jobs, clock.tasks)
        run_stages(stages.STAGES, context, clock)
        results = _concluded(_gathered(context, stages.STAGES, caught()))
        with clock("report"):
            write_json(summary_record(results), workspace.staging / SUMMARY)
            options = study.figures.options()
            titles = write_report(results, workspace.staging, n_jobs=n_jobs, figures=options)
        provenance = {**results.provenance, "seconds": dict(clock.seconds)}
        files = write_index(context.files, workspace.staging, titles)
        results = replace(results, provenance=provenance, files=files)
        workspace.publish(run_record(results))
    return results


def run_stages(chosen: Sequence[Stage[Any, Any]], context: Context, clock: Clock) -> None:
    """Run stages in order; the files of each are written before the next begins."""
    folder = context.workspace.staging
    for stage in chosen:
        with clock(stage.name):
            result = context.results[stage.name] = stage.run(context)
            context.files += write_stage(stage, result, folder)


def in_listing_order(chosen: Sequence[Stage[Any, Any]]) -> list[Stage[Any, Any]]:
    """Stages in the order in which their exclusions are listed."""
    names = [stage.name for stage in chosen]
    return sorted(
        chosen,
        key=lambda stage: (names.index(stage.listed_after or stage.name), bool(stage.listed_after)),
    )


def _concluded(results: RunResults) -> RunResults:
    """Add what the first screen of the report says."""
    said = conclude(results)
    reservations = {each.name: each.text for each in said.reservations}
    return replace(results, status=said.status, reservations=reservations)


def _gathered(
    context: Context, chosen: Sequence[Stage[Any, Any]], warnings: Sequence[str]
) -> RunResults:
    """Put the results of all stages into one object."""
    study, results = context.study, context.results
    inputs: dict[Path, str] = {}
    fields: dict[str, Any] = {}
    for stage in chosen:
        inputs |= stage.inputs(results[stage.name])
        fields |= stage.fields(results[stage.name])
    provenance = {
        "versions": versions(),
        "seed": study.seed,
        "inputs": named_inputs(study.folder, inputs),
        "seconds": {},
    }
    return RunResults(
        name=study.name,
        settings=settings(study),
        exclusions=tuple(
            each
            for stage in in_listing_order(chosen)
            for each in stage.exclusions(results[stage.name])
        ),
        warnings=tuple(warnings),
        provenance=provenance,
        stages=dict(results),
        files=index(context.files),
        sections=tuple(section for stage in chosen for section in stage.sections),
        **fields,
    )
