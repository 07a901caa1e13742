"""Folders of one file a sample, which are one layer each."""

from collections.abc import Sequence
from pathlib import Path

from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.io.files.opening import plain_name
from omicsfuse.io.files.text import open_text
from omicsfuse.io.layouts.folders import SampleFile, sample_files
from omicsfuse.io.layouts.samples import quantifier_of

#: So many files of one ending are a file a sample each.
_FEWEST = 3


def with_folders(files: Sequence[Path]) -> list[Path]:
    """Put a folder in the place of its files where each is of one sample."""
    alike: dict[tuple[Path, str], list[Path]] = {}
    for path in files:
        for base in (path.parent, path.parent.parent):
            alike.setdefault((base, _ending(path)), []).append(path)
    taken: set[Path] = set()
    folders: list[Path] = []
    # The folder nearest to the files first.
    for (base, _), paths in sorted(alike.items(), key=lambda item: -len(item[0][0].parts)):
        left = [path for path in paths if path not in taken]
        if len(left) < _FEWEST or base in folders or not _of_one_sample(left[0]):
            continue
        if {file.path for file in _read_of(base)} == set(left):
            folders.append(base)
            taken |= set(left)
    return sorted([*(path for path in files if path not in taken), *folders])


def _ending(path: Path) -> str:
    """What a name has after its first point, or all of it where every folder has one."""
    name = plain_name(path.name)
    return name[name.find(".") :] if "." in name else name


def _of_one_sample(path: Path) -> bool:
    """Whether a file is of one sample by its columns, or a MAF."""
    if plain_name(path.name).endswith(".maf"):
        return True
    try:
        return quantifier_of(open_text(path)) is not None
    except OmicsfuseError:
        return False


def _read_of(folder: Path) -> list[SampleFile]:
    """Files of a folder that a layer of it would be read from."""
    try:
        return sample_files(folder)
    except OmicsfuseError:
        return []
