"""From files to a drafted manifest a cohort, and a study; nothing else is touched."""

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.io.files.opening import plain_name
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.drafting.groups import Group, grouped, settled
from omicsfuse.pipeline.drafting.known_names import is_description
from omicsfuse.pipeline.drafting.sample_folders import with_folders
from omicsfuse.pipeline.drafting.seen import Seen, look_at
from omicsfuse.pipeline.drafting.texts import manifest_text, study_text, told

#: Most files that are looked at: in more, a file a sample is likelier than a file a layer.
MOST_FILES = 200
#: What an output folder of a run holds.
_OF_A_RUN = ("run.json", "index.tsv")


@dataclass(frozen=True)
class Draft:
    """What was written, and what stays open.

    ``told``: what each file was taken for; ``questions``: what could not be told from the files;
    ``fault``: what ``check`` says of the draft, empty where it is ready to run.
    """

    manifests: tuple[Path, ...]
    study: Path
    told: tuple[str, ...]
    questions: tuple[str, ...]
    fault: str = ""


def draft(places: Iterable[str | Path], out: str | Path) -> Draft:
    """Draft a manifest for each cohort in some files or folders, and a study of them.

    Files are told by layout, names and values; what is uncertain is a question, and a comment where
    it stands. Nothing that exists is written over, and nothing is left of a draft that fails.
    """
    roots, out = [Path(place) for place in places], Path(out)
    missing = [place for place in roots if not place.exists()]
    if missing:
        raise StudyError(f"{listed(missing, 3)} does not exist: name files, or a folder with them.")
    _refuse_written(out, ["study.toml"])
    files, beside = data_files(roots, out)
    if not files:
        raise StudyError(
            f"there is no file with data in {listed(roots, 3)}: expected tables of layers (TSV, "
            "CSV, Excel, MAF ...), and a clinical table."
        )
    if len(files) > MOST_FILES:
        raise StudyError(
            f"{listed(roots, 3)} holds {count(len(files), 'file')}, and at most {MOST_FILES} are "
            f"looked at (e.g. {listed((path.name for path in files), 3)}). Name the files, or "
            "folders, of one cohort."
        )
    seen = settled([look_at(path) for path in files])
    groups = grouped(seen)
    names = _short_names(files)
    lines = _told(seen, groups, names, beside)
    if not groups:
        raise StudyError(
            f"none of {count(len(files), 'file')} is a layer of patients and features:\n"
            + "\n".join(lines)
        )
    _refuse_written(out, [*(f"{group.name}.toml" for group in groups), "study.toml"])
    used = [layer for group in groups for layer in group.layers]
    questions = [question for each in used for question in each.questions]
    texts: dict[Path, str] = {}
    unused = [each for each in seen if each.role == "other"]
    for group in groups:
        more_unused = unused if group is groups[0] else []
        texts[out / f"{group.name}.toml"], more = manifest_text(group, seen, more_unused, out)
        questions += more
    manifests, study = tuple(texts), out / "study.toml"
    texts[study] = study_text(groups, seen, out)
    fault = _written(texts, out)
    return Draft(manifests, study, tuple(lines), tuple(dict.fromkeys(questions)), fault)


def data_files(places: Iterable[Path], out: Path) -> tuple[list[Path], list[str]]:
    """Files in folders, and named ones, sorted; and names of those that are no data.

    Hidden files, results of a run, and what lies in ``out`` are passed over.
    """
    files: list[Path] = []
    beside: list[str] = []
    for place in places:
        if not place.is_dir():
            files.append(place)
            continue
        for parent, folders, names in os.walk(place):
            folders[:] = sorted(
                folder
                for folder in folders
                if not folder.startswith((".", "__"))
                and Path(parent, folder).resolve() != out.resolve()
                and not all(Path(parent, folder, name).exists() for name in _OF_A_RUN)
            )
            for name in names:
                if is_description(plain_name(name)):
                    beside.append(name)
                elif not name.startswith((".", "~$")):
                    files.append(Path(parent, name))
    return with_folders(sorted(dict.fromkeys(files))), sorted(beside)


def _short_names(files: Sequence[Path]) -> dict[Path, str]:
    """Names that tell files apart: with their folder where another has the same."""
    often = Counter(path.name for path in files)
    return {
        path: path.name if often[path.name] == 1 else f"{path.parent.name}/{path.name}"
        for path in files
    }


def _told(
    seen: Sequence[Seen], groups: Sequence[Group], names: dict[Path, str], beside: Sequence[str]
) -> list[str]:
    """A line for each file."""
    twice = {each.path for group in groups for each in group.beside}
    chosen = {group.clinical.path for group in groups if group.clinical is not None}
    lines = []
    for each in seen:
        line = told(each, names[each.path])
        if each.path in twice:
            line = line.replace(": ", ": not used: ", 1)
        elif each.role == "clinical" and each.path not in chosen:
            why = "another table" if chosen else "none of the layers"
            line = line.replace(": the clinical table", ": not used: a clinical table", 1)
            line += f"; {why} has its patients"
        lines.append(line)
    if beside:
        lines.append(f"passed over, as no data by their names: {', '.join(beside[:5])}")
        lines[-1] += f" and {len(beside) - 5} more" if len(beside) > 5 else ""
    return lines


def _refuse_written(out: Path, names: Sequence[str]) -> None:
    if out.exists() and not out.is_dir():
        raise StudyError(f"{out} is a file; expected a folder for the manifest and the study.")
    there = [name for name in names if (out / name).exists()]
    if there:
        raise StudyError(
            f"{out} holds {listed(there)} already, and nothing is written over: name another "
            "folder, or take them away."
        )


def _written(texts: dict[Path, str], out: Path) -> str:
    """Write all files, or none where that fails; say what ``check`` says of the study."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    done: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8", newline="\n") as file:
                done.append(path)
                file.write(text)
        return _fault(done[-1])
    except BaseException as fault:
        for path in done:
            path.unlink(missing_ok=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        if isinstance(fault, OSError):
            raise StudyError(f"{out} cannot be written: {fault}. Name another folder.") from None
        raise


def _fault(study: Path) -> str:
    """What ``check`` says of a draft; empty where it is ready."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(study)
    except OmicsfuseError as fault:
        return str(fault)
    return ""
