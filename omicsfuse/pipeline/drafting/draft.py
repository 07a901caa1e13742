"""From what files seem to be to a manifest a cohort, and a study; nothing else is touched."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.same_patient import column_that_holds, matched
from omicsfuse.pipeline.drafting.columns import (
    covariates_of,
    endpoints_of,
    labels_of,
    technical_of,
)
from omicsfuse.pipeline.drafting.seen import Seen, data_files, look_at

#: Patients that two tables must share, as a share of the smaller, to be of one cohort.
_SHARED = 0.2
#: Least patients that can be fused.
_FEWEST = 10


@dataclass
class Group:
    """Files of one cohort."""

    layers: list[Seen]
    clinical: Seen | None = None
    name: str = ""


@dataclass(frozen=True)
class Draft:
    """What was written, and what stays open.

    ``told``: what each file was taken for; ``questions``: what could not be told from the files;
    ``fault``: what ``check`` says of the draft, empty where it is ready to run.
    """

    manifests: tuple[Path, ...]
    study: Path | None
    told: tuple[str, ...]
    questions: tuple[str, ...]
    fault: str = ""


def draft(places: Iterable[str | Path], out: str | Path) -> Draft:
    """Draft a manifest for each cohort in some files or folders, and a study of them.

    Files are told by layout, names and values; what is uncertain is a question, and a comment where
    it stands. Nothing that exists is written over.
    """
    roots, out = [Path(place) for place in places], Path(out)
    missing = [place for place in roots if not place.exists()]
    if missing:
        raise StudyError(f"{listed(missing, 3)} does not exist: name files, or a folder with them.")
    files = data_files(roots)
    if not files:
        raise StudyError(
            f"there is no file with data in {listed(roots, 3)}: expected tables of layers (TSV, "
            "CSV, Excel, MAF ...), and a clinical table."
        )
    seen = [look_at(path) for path in files]
    groups = _groups(seen)
    told = [_told(each) for each in seen]
    if not groups:
        raise StudyError(
            f"none of {count(len(files), 'file')} is a layer of patients and features:\n"
            + "\n".join(told)
        )
    _refuse_written(out, [*(f"{group.name}.toml" for group in groups), "study.toml"])
    out.mkdir(parents=True, exist_ok=True)
    questions = [question for each in seen for question in each.questions]
    manifests = []
    for group in groups:
        text, more = _manifest(group, seen, out)
        questions += more
        manifests.append(out / f"{group.name}.toml")
        manifests[-1].write_text(text, encoding="utf-8")
    study = out / "study.toml"
    study.write_text(_study(groups, seen, out), encoding="utf-8")
    return Draft(
        tuple(manifests), study, tuple(told), tuple(dict.fromkeys(questions)), _fault(study)
    )


def _refuse_written(out: Path, names: Sequence[str]) -> None:
    there = [name for name in names if (out / name).exists()]
    if out.exists() and not out.is_dir():
        raise StudyError(f"{out} is a file; expected a folder for the manifest and the study.")
    if there:
        raise StudyError(
            f"{out} holds {listed(there)} already, and nothing is written over: name another "
            "folder, or take them away."
        )


def _fault(study: Path) -> str:
    """What ``check`` says of a draft; empty where it is ready."""
    import warnings

    from omicsfuse.pipeline.commands.check import check

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(study)
    except OmicsfuseError as fault:
        return str(fault)
    return ""


def _told(seen: Seen) -> str:
    """One line on what a file was taken for."""
    roles = {
        "clinical": "the clinical table",
        "gene_sets": "gene sets",
        "gene_names": "a table of gene names",
        "sample_map": "a map of samples to patients",
        "case_list": "a list of those sequenced",
        "annotation": "genes of methylation probes",
        "other": "not used",
    }
    what = roles.get(seen.role) or f"layer of kind {seen.kind}"
    size = "" if seen.table is None else f", {seen.table.shape[0]} x {seen.table.shape[1]}"
    why = "; ".join(" ".join(reason.split())[:160] for reason in seen.why)
    return f"{seen.path.name}: {what}{size}{f' ({why})' if why else ''}"


def _groups(seen: Sequence[Seen]) -> list[Group]:
    """Bring the layers of common patients together, each with the clinical table that has them."""
    layers = [each for each in seen if each.role == "layer"]
    clinical = [each for each in seen if each.role == "clinical"]
    groups: list[Group] = []
    for layer in sorted(layers, key=lambda each: -len(each.patients)):
        home = max(groups, key=lambda group: _shared(layer, group), default=None)
        if home is not None and _shared(layer, home) >= _SHARED:
            home.layers.append(layer)
        else:
            groups.append(Group([layer]))
    for group in groups:
        patients = pd.Index(sorted({name for layer in group.layers for name in layer.patients}))
        held = [(_held(table, patients), table) for table in clinical]
        best = max(held, key=lambda pair: pair[0][1], default=None)
        if best is not None and best[0][1] > 0:
            group.clinical = best[1]
            if best[0][0]:
                group.clinical.keys["patient"] = best[0][0]
        group.layers.sort(key=lambda each: list(KINDS).index(each.kind))
    # Those with images, more layers and an endpoint are what a study begins with.
    groups.sort(
        key=lambda group: (
            not any(KINDS[layer.kind].image for layer in group.layers),
            -len(group.layers),
            group.clinical is None,
        )
    )
    for i, group in enumerate(groups):
        group.name = "cohort" if len(groups) == 1 else f"cohort_{i + 1}"
    return groups


def _shared(layer: Seen, group: Group) -> float:
    """Share of the patients of the smaller that are in both."""
    other = pd.Index({name for each in group.layers for name in each.patients})
    same = layer.patients.isin(other).sum() + len(matched(list(layer.patients), other)[0])
    return float(same) / max(min(len(layer.patients), len(other)), 1)


def _held(clinical: Seen, patients: pd.Index) -> tuple[str, int]:
    """Column of a clinical table with the patients (empty: the first), and how many it has."""
    first = int(clinical.patients.isin(patients).sum())
    first += len(matched(list(clinical.patients), patients)[0])
    if clinical.table is None:
        return "", 0
    column, held = column_that_holds(patients, clinical.table)
    return (column, held) if held > first else ("", first)


def _relative(path: Path, out: Path) -> str:
    """Path of a file as a manifest in ``out`` names it."""
    whole, base = path.resolve(), out.resolve()
    if whole.drive == base.drive and len(os.path.commonpath([whole, base])) > 1:
        return Path(os.path.relpath(whole, base)).as_posix()
    return whole.as_posix()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(name) for name in names) + "]"


def _manifest(group: Group, seen: Sequence[Seen], out: Path) -> tuple[str, list[str]]:
    """Text of a manifest, and the questions it leaves open."""
    lines = [
        "# Drafted by omicsfuse init from the files as they are: read it once, and correct it.",
        f"name = {_quoted(group.name)}",
        'title = ""                                   # what the report calls the cohort',
        'source = ""                                  # where the data are from',
        'licence = ""',
        'citation = ""',
    ]
    questions: list[str] = []
    if group.clinical is None:
        lines += ["", "# No clinical table was found: there is no survival, and no confounders."]
    else:
        lines += ["", *_clinical_lines(group.clinical, seen, out, questions)]
    used: set[str] = set()
    lists = [each for each in seen if each.role == "case_list"]
    probes = [each for each in seen if each.role == "annotation"]
    for layer in group.layers:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", layer.name).strip("_").lower() or layer.kind
        name = layer.kind if layer.kind not in used else name
        while name in used:
            name += "_2"
        used.add(name)
        lines += ["", f"[layers.{name}]"]
        lines += [f"# {' '.join(reason.split())}" for reason in layer.why]
        lines += [f"file = {_quoted(_relative(layer.path, out))}", f'kind = "{layer.kind}"']
        lines += [f"{key} = {_quoted(value)}" for key, value in layer.keys.items()]
        layer.name = name
        if KINDS[layer.kind].alterations == "mutations" and lists:
            lines.append(f"sequenced = {_quoted(_relative(lists[0].path, out))}")
        elif KINDS[layer.kind].alterations == "mutations" and "a row a variant" in layer.why[0]:
            lines.append('# sequenced = "FILE"   # patients who were sequenced, also those without')
        if KINDS[layer.kind].methylome and probes:
            lines.append(f"annotation = {_quoted(_relative(probes[0].path, out))}")
    unused = [each for each in seen if each.role == "other"]
    if unused:
        lines += ["", "# Not used:"]
        lines += [f"#   {_told(each)[:200]}" for each in unused]
    return "\n".join(lines) + "\n", questions


def _clinical_lines(
    clinical: Seen, seen: Sequence[Seen], out: Path, questions: list[str]
) -> list[str]:
    """Lines of ``[clinical]`` and its endpoints."""
    table = pd.DataFrame() if clinical.table is None else clinical.table
    ends = endpoints_of(table)
    taken = {name for end in ends.values() for name in (*end.time, end.event)}
    taken.add(clinical.keys.get("patient", ""))
    covariates = covariates_of(table, taken)
    taken |= set(covariates)
    lines = ["[clinical]", f"file = {_quoted(_relative(clinical.path, out))}"]
    lines += [f"{key} = {_quoted(value)}" for key, value in clinical.keys.items()]
    maps = [each for each in seen if each.role == "sample_map"]
    if maps:
        lines.append(f"sample_map = {_quoted(_relative(maps[0].path, out))}")
    if covariates:
        lines.append(f"covariates = {_list(covariates)}   # survival is adjusted for these")
    for key, names in (
        ("known_labels", labels_of(table, taken)),
        ("technical", technical_of(table, taken)),
    ):
        if names:
            lines.append(f"{key} = {_list(names)}")
    if not ends:
        lines.append("# No endpoint was found: a time and an event whose names tell it.")
        questions.append(
            f"{clinical.path.name}: which columns are the time and the event of an endpoint? Its "
            f"columns are {listed(table.columns, 12)}. Without an endpoint there is no survival."
        )
    for name, end in ends.items():
        time = _quoted(end.time[0]) if len(end.time) == 1 else _list(end.time)
        lines += ["", f"[clinical.endpoints.{name}]"]
        lines += [f"# {question}" for question in end.questions]
        lines += [f"time = {time}", f"event = {_quoted(end.event)}", f'unit = "{end.unit}"']
        if end.meaning:
            words = [
                f"{_quoted(word)} = {'?' if value is None else value}"
                for word, value in end.meaning.items()
            ]
            lines.append("event_values = { " + ", ".join(words) + " }")
        questions += end.questions
    return lines


def _study(groups: Sequence[Group], seen: Sequence[Seen], out: Path) -> str:
    """Text of a study: the first cohort is where subtypes are found, the others are external."""
    first, *others = groups
    sets = [_relative(each.path, out) for each in seen if each.role == "gene_sets"]
    names = [_relative(each.path, out) for each in seen if each.role == "gene_names"]
    n = max((len(layer.patients) for layer in first.layers), default=0)
    lines = [
        "# Drafted by omicsfuse init: what to do with the cohort. omicsfuse check study.toml reads",
        "# all of it and computes nothing; omicsfuse run study.toml --out results runs it.",
        'name = "study"',
        "seed = 0",
        f'discovery = "{first.name}.toml"',
    ]
    genes = [g for g in others if any(KINDS[layer.kind].ranks_genes for layer in g.layers)]
    kinds: dict[str, str] = {}
    for layer in first.layers:
        kinds.setdefault(layer.kind, layer.name)
    if len(kinds) < len(first.layers):
        rest = [layer.name for layer in first.layers if layer.name not in kinds.values()]
        lines.append(f"layers = {_list(kinds.values())}   # one a kind; also: {', '.join(rest)}")
    if genes:
        lines.append(f"external = {_list(f'{group.name}.toml' for group in genes)}")
    if sets:
        lines.append(f"gene_sets = {_list(sets)}")
    if names:
        lines.append(f"gene_names = {_quoted(names[0])}")
    lines += ["", "[fusion]", f"n_neighbors = {max(3, min(20, n // 4))}"]
    lines += ["", "[subtypes]", 'n_clusters = "auto"', 'budget = "quick"']
    lines.append('# "quick" tells whether to go on; a paper needs "standard" or more')
    return "\n".join(lines) + "\n"
