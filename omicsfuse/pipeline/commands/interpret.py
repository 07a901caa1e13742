"""The command `interpret`: scores of imaging models and a study in, a report out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import Interpretation, Subtypes
from omicsfuse.imaging.interpretation import read_scores
from omicsfuse.imaging.interpretation.adjusted import ADJUST_FOR
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.folder import write_index, write_stage
from omicsfuse.pipeline.provenance import (
    Clock,
    hashes_of,
    named_inputs,
    recorded_warnings,
    versions,
)
from omicsfuse.pipeline.stage import Context
from omicsfuse.pipeline.stages.immune import IMMUNE
from omicsfuse.pipeline.stages.interpret import INTERPRET, interpreted
from omicsfuse.pipeline.stages.preprocess import PREPROCESS
from omicsfuse.pipeline.stages.read import READ
from omicsfuse.pipeline.study import Study, read_study
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.report.interpretation_page import write_interpretation_report
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.one_thread import one_thread
from omicsfuse.stats.p_values import p_text

#: From this correlation with the tumour's volume on, a score is called a measure of it.
MEASURE_OF_VOLUME = 0.9
#: Stages, in order.
INTERPRET_STAGES = ("read", "preprocess", "immune", "interpret", "report")
#: Name of the subtypes among the files of a run.
_SUBTYPES = "subtypes.tsv"


def interpret_scores(
    scores: str | Path,
    study: Study | str | Path,
    out: str | Path,
    *,
    columns: Sequence[str] | None = None,
    run: str | Path | None = None,
    adjust_for: Sequence[str] = ADJUST_FOR,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Interpretation]:
    """Interpret the scores or classes of imaging models in a study's cohort, and write a report.

    Parameters
    ----------
    scores : str or Path
        Table of scores: the first column is the patient, each other column a model.
    study : Study, str or Path
        The study; its discovery cohort and gene sets are used.
    out : str or Path
        Folder for the results: new, empty, or with an earlier interpretation of the same study.
    columns : sequence of str, optional
        Models to interpret; by default all columns.
    run : str or Path, optional
        Results folder of ``run`` for this study, for its subtypes.
    adjust_for : sequence of str
        Covariates, see ``interpretation.adjusted.covariates``.
    seed : int, optional
        Seed in place of the study's.
    n_jobs : int
        Processes; results do not depend on them.
    progress : callable, optional
        Called with the name of each stage (of ``INTERPRET_STAGES``) when it begins.

    Returns
    -------
    dict of str to Interpretation
        Results by model, also written to ``out``; its ``index.tsv`` lists the files.

    Raises
    ------
    StudyError, CohortError
        If the study, the cohort, the scores or the folder are at fault; nothing is written then.
    """
    for value, name in ((scores, "scores"), (out, "out")):
        require(value, (str, Path), name)
    require(study, (Study, str, Path), "study")
    n_jobs = whole_number(n_jobs, "n_jobs")
    study = study if isinstance(study, Study) else read_study(study)
    chosen = whole_number(study.seed if seed is None else seed, "seed", 0, 2**32 - 1)
    study = study.model_copy(update={"seed": chosen})
    name = f"{study.name}, imaging models"
    with (
        Workspace(Path(out), name) as workspace,
        recorded_warnings() as caught,
        one_thread(),
    ):
        clock = Clock(progress, caught)
        context = Context(study, stages.STAGES, workspace, n_jobs, clock.tasks)
        with clock("read"):
            models = read_scores(scores, columns)
            context.results["read"] = opened = READ.run(context)
            files = [Path(scores)]
            if run is not None:
                context.results["cluster"] = read_subtypes(Path(run), opened.cohort)
                files.append(Path(run) / _SUBTYPES)
            inputs = {**opened.hashes, **hashes_of(files)}
        for stage in (PREPROCESS, IMMUNE):
            with clock(stage.name):
                context.results[stage.name] = stage.run(context)
        with clock("interpret"):
            interpretations = {
                key: replace(interpreted(context, model, adjust_for=adjust_for), name=key)
                for key, model in models.items()
            }
        first = next(iter(interpretations.values()))
        settings: dict[str, Any] = {
            "models": list(interpretations),
            "adjust_for": list(adjust_for),
            "subtypes": run is not None,
            "seed": chosen,
            "n_permutations": first.params["n_permutations"],
            "n_resamples": first.params["n_resamples"],
        }
        exclusions = [
            *PREPROCESS.exclusions(context.of(PREPROCESS)),
            *IMMUNE.exclusions(context.of(IMMUNE)),
            *INTERPRET.exclusions(interpretations),
        ]
        warned = caught()
        record = {
            "name": name,
            "versions": versions(),
            "seed": chosen,
            "settings": settings,
            "inputs": named_inputs(study.folder, inputs),
            "losses": [asdict(exclusion) for exclusion in exclusions],
            "warnings": warned,
        }
        with clock("report"):
            written = write_stage(INTERPRET, interpretations, workspace.staging)
            titles = write_interpretation_report(
                interpretations,
                workspace.staging,
                name=name,
                cohort=context.cohort.name,
                warnings=warned,
                record=record,
                options=study.figures.options(),
            )
        write_index(written, workspace.staging, titles)
        workspace.publish(record | {"seconds": dict(clock.seconds)})
    return interpretations


def read_subtypes(folder: Path, cohort: Cohort) -> Subtypes:
    """Read the subtypes of a finished run, for the patients of a cohort.

    They come without evidence.
    """
    path = folder / _SUBTYPES
    if not path.is_file():
        raise StudyError(
            f"{folder} holds no run of a study: {_SUBTYPES} is missing. Name the folder given "
            "to omicsfuse run as --out, or omit --run."
        )
    table = read_table(path)
    if "subtype" not in table:
        raise StudyError(f"{path} has no column subtype: was it written by omicsfuse run?")
    labels = table["subtype"].astype(str).rename("subtype")
    known = set() if cohort.clinical is None else set(cohort.clinical.index)
    for layer in cohort.omics.values():
        known |= set(layer.table.index)
    strangers = sorted(set(labels.index) - known)
    if strangers:
        raise CohortError(
            f"{path}: {len(strangers)} of {len(labels)} patients are not in cohort "
            f'"{cohort.name}", e.g. {", ".join(strangers[:3])}. Name a run of this study.'
        )
    return Subtypes(labels.sort_index(), {}, {})


def interpretation_summary(interpretation: Interpretation) -> list[str]:
    """Say in a few lines what goes with a model."""
    lines = [f"{interpretation.name}: {interpretation.kind}, {len(interpretation.scores)} patients"]
    for contrast, volume in interpretation.params.get("volume_correlation", {}).items():
        r = volume["correlation"]
        if r == r:
            text = f"{contrast} and tumour volume: Spearman {r:.2f} (n = {volume['n']})"
            measure = ": the score measures tumour volume" if abs(r) > MEASURE_OF_VOLUME else ""
            lines.append(f"  {text}{measure}")
    names = ", ".join(interpretation.params.get("adjusted_for", ())) or "nothing"
    lines.append(f"  adjusted for: {names}")
    lines += [
        f"  not adjusted for {note}" for note in interpretation.params.get("not_adjusted_for", ())
    ]
    for _, row in interpretation.families.iterrows():
        if not row["tests"]:
            lines.append(f"  {row['layer']}: {row['note']}")
            continue
        text = f"  {row['layer']}: {row['found']} of {row['tests']} found at FDR {FDR:g}"
        if row["adjusted_n"]:
            text += f", {row['adjusted_found']} after adjustment ({row['kept']} in both)"
        lines.append(f"{text}; n = {row['n']}, smallest FDR {p_text(row['smallest_fdr'])}")
    for score, table in interpretation.enrichment.groupby("score", sort=False):
        family = table["fdr_patients"] if table["fdr_patients"].notna().any() else table["fdr"]
        lines.append(
            f"  gene sets, {score}: {int((family <= FDR).sum())} of {len(table)} at FDR {FDR:g}"
        )
    return lines
