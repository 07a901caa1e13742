"""The command ``assign``: a finished run and a manifest in, one table out."""

import json
from collections.abc import Sequence
from pathlib import Path

from omicsfuse.assignment.assign import Assignment, assignment
from omicsfuse.assignment.multilayer import NONE
from omicsfuse.assignment.saved import load_classifier
from omicsfuse.core.errors import ClassifierError, StudyError
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.results import as_tsv
from omicsfuse.io.whole import write_whole
from omicsfuse.pipeline.folder import RECORD
from omicsfuse.pipeline.stages.assign import CLASSIFIER_FILE


def assign_patients(
    run_dir: str | Path,
    manifest: str | Path,
    out: str | Path,
    *,
    layers: Sequence[str] | None = None,
) -> Assignment:
    """Assign the patients of a manifest to the subtypes of a finished run, and write the table.

    Parameters
    ----------
    run_dir : str or Path
        Folder that ``run`` wrote.
    manifest : str or Path
        Manifest of the new patients; one patient is enough.
    out : str or Path
        File for the table (tab-separated), written last. Folders are created; an existing file is
        replaced.
    layers : sequence of str, optional
        Use these layers of the classifier only.

    Returns
    -------
    Assignment
        The table as written to ``out``, and its notes.

    Raises
    ------
    ClassifierError
        If the folder has no finished run or no classifier, the classifier was altered, or no layer
        of the cohort fits it.
    CohortError
        If the manifest or a table is at fault.
    StudyError
        If ``out`` is a folder, or a layer is not one of the classifier's.
    """
    target = Path(out)
    if target.is_dir():
        raise StudyError(f"{target} is a folder; name a file for the table, e.g. assigned.tsv.")
    classifier = load_classifier(_classifier_of(Path(run_dir)))
    done = assignment(classifier, read_cohort(manifest), layers=layers)
    text = as_tsv(done.table)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text)
    except OSError as error:
        raise StudyError(f"{target}: the table cannot be written: {error}.") from error
    return done


def _classifier_of(folder: Path) -> Path:
    """Path of a run's classifier, refusing what is no finished run."""
    if not folder.is_dir():
        raise ClassifierError(f"{folder} is not a folder; name the folder of a finished run.")
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict) or "versions" not in record:
        raise ClassifierError(
            f"{folder} holds no finished run: {RECORD} is missing. Name the folder given to "
            "omicsfuse run as --out. Finish an interrupted run with --resume."
        )
    if "inputs" in record and "subtypes" not in record:
        raise ClassifierError(
            f"{folder} does not hold the run of a study but another output of omicsfuse "
            f"({record.get('name', 'without a name')}). Name the folder given to omicsfuse "
            "run as --out."
        )
    path = folder / CLASSIFIER_FILE
    if not path.is_file():
        raise ClassifierError(
            f"{folder} holds a run without a classifier ({CLASSIFIER_FILE}). No classifier is "
            "made from one subtype, from subtypes chosen with an outcome, or from too few "
            "patients. See assign/assignment.tsv for the reason; if that file is missing, "
            "run the study again."
        )
    return path


def assignment_summary(done: Assignment) -> list[str]:
    """Say in a few lines who was assigned, and from what."""
    table = done.table
    sizes = table.loc[table["subtype"] != NONE, "subtype"].value_counts().sort_index()
    counted = ", ".join(f"{name} {n}" for name, n in sizes.items())
    lines = [
        f"assigned: {int(sizes.sum())} of {len(table)} patients" + (f" ({counted})" * bool(counted))
    ]
    for reason, n in done.unassigned.items():
        lines.append(f"no subtype: {n}: {reason}")
    met = [name if name == other else f"{name} ({other})" for name, other in done.used.items()]
    lines.append(f"layers used: {', '.join(met)}")
    if done.missing:
        lines.append(f"layers missing from the cohort: {', '.join(done.missing)}")
    for name, why in done.refused.items():
        lines.append(f"layer not used: {name}: {why}")
    for exclusion in done.exclusions:
        lines.append(f"{exclusion.layer}: {exclusion.count} {exclusion.what}: {exclusion.reason}")
    known = int(table["training_patient"].sum())
    if known:
        lines.append(f"training patients of the classifier, not new patients: {known}")
    return lines
