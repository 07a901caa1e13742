"""A cohort some of which is at fault: what can be read, and stand-ins for layers that cannot.

So that a fault of a manifest or a table does not hide those of the study.
"""

import difflib
import re
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.core.faults import Faults
from omicsfuse.core.kinds import KINDS
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.manifest import Manifest

#: Keys of ``[clinical]`` that name columns.
_ROLES = ("covariates", "strata", "known_labels", "technical", "ignore")

#: File of a layer whose table of the manifest is at fault.
_NO_FILE = "-"
#: Where a message begins to list what there is.
_LISTS = re.compile(
    "did you mean|Valid:|[Ii]t has |it describes:|among the fused |which is not used|"
    "[Tt]he layers are"
)


def what_can_be_read(
    path: Path, manifest: Manifest | None, faults: Faults
) -> tuple[Cohort | None, Callable[[Exception], bool]]:
    """Cohort of a manifest that is at fault, or whose tables are; None where too little is right.

    Of a manifest at fault, ``faults`` gathers those of the tables: it was not read as a whole.
    Also whether an error may be due to what is not as the user means it: it names a part at fault.
    """
    doubtful: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told when it is read as a whole
        try:
            whole = manifest or _mended(path, doubtful)
            told = Faults() if manifest else faults
            cohort = None if whole is None else _cohort(whole, doubtful, told)
        except OmicsfuseError:
            cohort = None
    words = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in doubtful) or "(?!)")
    return cohort, lambda error: words.search(_LISTS.split(str(error))[0]) is not None


def _mended(path: Path, doubtful: set[str]) -> Manifest | None:
    """The manifest without the keys that are at fault; what they belong to is doubtful."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    values = {"name": path.stem} | values
    for _ in range(3):
        try:
            manifest = Manifest.model_validate(values)
        except ValidationError as faults:
            for fault in faults.errors(include_url=False):
                _take_out(values, fault["loc"], fault["type"] == "extra_forbidden", doubtful)
            continue
        manifest._path = path
        return manifest
    return None


def _take_out(values: Any, place: tuple[Any, ...], unknown: bool, doubtful: set[str]) -> None:
    """Remove what a fault is about, or the table that it is in; of a layer leave its kind."""
    if unknown or len(place) < 2:
        keys = place
    elif place[0] == "layers":
        given = values["layers"][place[1]]
        kind = str(given.get("kind", "")) if isinstance(given, dict) else ""
        (nearest,) = difflib.get_close_matches(kind, KINDS, 1, cutoff=0)
        values["layers"][place[1]] = {"file": _NO_FILE, "kind": nearest}
        doubtful.add(str(place[1]))
        return
    else:
        keys = place[:3] if place[1] == "endpoints" else place[:2]
        doubtful.add(str(keys[-1]))
    for key in keys[:-1]:
        values = values.get(key, {}) if isinstance(values, dict) else {}
    if isinstance(values, dict) and keys:
        values.pop(keys[-1], None)


def _cohort(manifest: Manifest, doubtful: set[str], faults: Faults) -> Cohort | None:
    """Read part by part; a layer that cannot be read is one of its kind that says nothing."""
    bare = manifest.model_copy(update={"layers": {}})
    if (table := manifest.clinical) is not None:
        none: dict[str, Any] = {**dict.fromkeys(_ROLES, ()), "endpoints": {}}
        plain = table.model_copy(update=none)
        columns = read_cohort(bare.model_copy(update={"clinical": plain})).variables.index
        roles = {role: tuple(c for c in getattr(table, role) if c in columns) for role in _ROLES}
        for role in _ROLES:
            doubtful.update(set(getattr(table, role)) - set(roles[role]))
        ends = {}
        for name, end in table.endpoints.items():
            one = plain.model_copy(update={"endpoints": {name: end}})
            if _read(bare.model_copy(update={"clinical": one}), faults) is None:
                doubtful.add(name)
            else:
                ends[name] = end
        table = table.model_copy(update={**roles, "endpoints": ends})
    bare = bare.model_copy(update={"clinical": table})
    found = {
        name: None
        if layer.file == _NO_FILE
        else _read(bare.model_copy(update={"layers": {name: layer}}), faults)
        for name, layer in manifest.layers.items()
    }
    cohort = read_cohort(bare)
    there = [one.omics[name].table.index for name, one in found.items() if one is not None]
    if cohort.clinical is not None:
        there.append(cohort.clinical.index)
    if not there:
        return None
    patients = there[0].append(there[1:]).unique()
    omics = {}
    for name, layer in manifest.layers.items():
        if (own := found[name]) is not None:
            omics[name] = own.omics[name]
            continue
        doubtful.add(name)
        scale = layer.scale or KINDS[layer.kind].scales[0]
        low = -1.0 if scale == "zscore" else 0.0  # which lie on both sides of 0
        values = [1.0 if i % 2 else low for i in range(len(patients))]
        omics[name] = Layer(layer.kind, pd.DataFrame({"a": values, "b": values}, patients), scale)
    return replace(cohort, omics=omics)


def _read(manifest: Manifest, faults: Faults) -> Cohort | None:
    with faults.gathered():
        return read_cohort(manifest)
    return None
