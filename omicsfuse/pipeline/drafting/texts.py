"""The text of a drafted manifest and study: TOML, with what told each line as comments."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.kinds import KINDS
from omicsfuse.pipeline.drafting.columns import (
    EVENTS_EACH,
    covariates_of,
    labels_of,
    technical_of,
)
from omicsfuse.pipeline.drafting.endpoints import (
    Drafted,
    endpoints_of,
    events_of,
    unit_questions,
)
from omicsfuse.pipeline.drafting.groups import Group
from omicsfuse.pipeline.drafting.seen import Seen

_ROLES = {
    "clinical": "the clinical table",
    "gene_sets": "gene sets",
    "gene_names": "a table of gene names",
    "sample_map": "a map of samples to patients",
    "case_list": "a list of those sequenced",
    "annotation": "genes of methylation probes",
    "other": "not used",
}


def told(seen: Seen, name: str) -> str:
    """One line on what a file was taken for."""
    what = _ROLES.get(seen.role) or f"layer of kind {seen.kind}"
    size = "" if seen.table is None else f", {seen.table.shape[0]} x {seen.table.shape[1]}"
    why = "; ".join(_one_line(reason, 200) for reason in seen.why)
    return f"{name}: {what}{size}{f' ({why})' if why else ''}"


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 4]} ..."


def manifest_text(
    group: Group, seen: Sequence[Seen], unused: Sequence[Seen], out: Path
) -> tuple[str, list[str]]:
    """Text of a manifest with ``unused`` as comments, and the questions that it leaves open."""
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
        lines += ["", *_clinical_lines(group, seen, out, questions)]
    used: set[str] = set()
    for layer in group.layers:
        lines += ["", *_layer_lines(layer, _free_name(layer, used), seen, out)]
    beside = [*group.beside, *group.other_clinical, *unused]
    if beside:
        lines += ["", "# Not used:"]
        lines += [f"#   {each.path.name}: {_one_line(each.why[-1], 160)}" for each in beside]
    return "\n".join(lines) + "\n", questions


def _free_name(layer: Seen, used: set[str]) -> str:
    """Name of a layer: its kind, else its file's."""
    name = layer.kind
    if name in used:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", layer.name).strip("_").lower() or layer.kind
    while name in used:
        name += "_2"
    used.add(name)
    layer.name = name
    return name


def _layer_lines(layer: Seen, name: str, seen: Sequence[Seen], out: Path) -> list[str]:
    """Lines of ``[layers.NAME]``."""
    lines = [f"[layers.{name}]"]
    lines += [f"# {_one_line(reason, 160)}" for reason in layer.why]
    lines += [f"file = {_quoted(_relative(layer.path, out))}", f'kind = "{layer.kind}"']
    lines += [f"{key} = {_quoted(value)}" for key, value in layer.keys.items()]
    lines += [f"# {hint}" for hint in layer.hints]
    lists = [each for each in seen if each.role == "case_list"]
    probes = [each for each in seen if each.role == "annotation"]
    if layer.variants and lists:
        nearest = min(lists, key=lambda each: each.path.parent.parent != layer.path.parent)
        lines.append(f"sequenced = {_quoted(_relative(nearest.path, out))}")
    elif layer.variants:
        lines.append('# sequenced = "FILE"   # patients who were sequenced, also those without')
    if KINDS[layer.kind].methylome and probes:
        lines.append(f"annotation = {_quoted(_relative(probes[0].path, out))}")
    return lines


def _clinical_lines(
    group: Group, seen: Sequence[Seen], out: Path, questions: list[str]
) -> list[str]:
    """Lines of ``[clinical]`` and its endpoints."""
    clinical = group.clinical
    if clinical is None or clinical.table is None:
        return []
    table = _of_patients(clinical, group)
    ends = endpoints_of(table)
    usable = {name: end for name, end in ends.items() if not end.unknown}
    taken = {name for end in ends.values() for name in (*end.time, end.event)}
    taken.add(clinical.keys.get("patient", ""))
    events = events_of(table, next(iter(usable.values()))) if usable else 0
    covariates, beyond = covariates_of(table, taken, events if usable else 10**9)
    taken |= {*covariates, *beyond}
    lines = ["[clinical]", f"file = {_quoted(_relative(clinical.path, out))}"]
    lines += [f"{key} = {_quoted(value)}" for key, value in clinical.keys.items()]
    if any(layer.samples for layer in group.layers):
        maps = [each for each in seen if each.role == "sample_map"]
        lines.append(f"sample_map = {_quoted(_relative(maps[0].path, out))}")
    if covariates:
        lines.append(f"covariates = {_list(covariates)}   # survival is adjusted for these")
    if beyond:
        lines.append(
            f"# not among them: {', '.join(beyond)}; with {count(events, 'event')} there are fewer "
            f"than {EVENTS_EACH} for each"
        )
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
    questions += unit_questions(list(usable.values()))
    if group.other_clinical and not covariates:
        questions.append(
            f"{listed((each.path.name for each in group.other_clinical), 3)} and "
            f'"{clinical.path.name}" describe the same patients, and one table is read: are '
            "covariates, such as age and stage, to be joined to it?"
        )
    for name, end in ends.items():
        lines += ["", *_endpoint_lines(name, end, questions)]
    return lines


def _of_patients(clinical: Seen, group: Group) -> pd.DataFrame:
    """Rows of a clinical table that are patients of the layers, one each; else all of it."""
    table = clinical.table
    if table is None:
        return pd.DataFrame()
    patients = {name for layer in group.layers for name in layer.patients}
    held = clinical.patients.isin(patients)
    rows = table[held] if held.sum() >= 0.5 * len(patients) else table
    if rows.index.is_unique:
        return rows
    # What differs between rows of a patient cannot be used.
    several = rows.groupby(level=0).nunique().gt(1).any().to_numpy()
    return rows.loc[~rows.index.duplicated(), ~several]


def _endpoint_lines(name: str, end: Drafted, questions: list[str]) -> list[str]:
    """Lines of ``[clinical.endpoints.NAME]``; commented out while a word's meaning is open."""
    time = _quoted(end.time[0]) if len(end.time) == 1 else _list(end.time)
    unit = f'unit = "{end.unit}"'
    if end.assumed:
        unit += f"   # assumed: the longest is {end.longest:.4g}"
    lines = [
        f"[clinical.endpoints.{name}]",
        f"time = {time}",
        f"event = {_quoted(end.event)}",
        unit,
    ]
    if end.meaning:
        words = [
            f"{_quoted(word)} = {'?' if value is None else value}"
            for word, value in end.meaning.items()
        ]
        lines.append("event_values = { " + ", ".join(words) + " }")
    if end.inverted:
        questions.append(
            f'endpoint "{name}": is 1 of "{end.event}" censored? Its name says so, and it is taken '
            "so."
        )
    if not end.unknown:
        return lines
    questions.append(
        f'endpoint "{name}": does {listed(end.unknown, 6)} of column "{end.event}" mean the event '
        "(1), censored (0), or missing (leave it out, and name it in missing)? Until then the "
        "endpoint is commented out: replace each ?."
    )
    return ["# Replace each ?, then take the # away:", *(f"# {line}" for line in lines)]


def study_text(groups: Sequence[Group], seen: Sequence[Seen], out: Path) -> str:
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
    kinds: dict[str, str] = {}
    for layer in first.layers:
        kinds.setdefault(layer.kind, layer.name)
    if len(kinds) < len(first.layers):
        rest = [layer.name for layer in first.layers if layer.name not in kinds.values()]
        lines.append(f"layers = {_list(kinds.values())}   # one a kind; also: {', '.join(rest)}")
    genes = [g for g in others if any(KINDS[layer.kind].ranks_genes for layer in g.layers)]
    has_genes = any(KINDS[kind].transcriptome for kind in kinds)
    if genes and has_genes:
        lines.append(f"external = {_list(f'{group.name}.toml' for group in genes)}")
    if sets:
        lines.append(f"{'' if has_genes else '# '}gene_sets = {_list(sets)}")
    if names:
        lines.append(f"gene_names = {_quoted(names[0])}")
    lines += ["", "[fusion]", f"n_neighbors = {max(3, min(20, n // 4))}"]
    lines += ["", "[subtypes]", 'n_clusters = "auto"', 'budget = "quick"']
    lines.append('# "quick" tells whether to go on; a paper needs "standard" or more')
    return "\n".join(lines) + "\n"


def _relative(path: Path, out: Path) -> str:
    """Path of a file as a manifest in ``out`` names it."""
    whole, base = path.resolve(), out.resolve()
    if whole.drive == base.drive and len(os.path.commonpath([whole, base])) > 1:
        return Path(os.path.relpath(whole, base)).as_posix()
    return whole.as_posix()


def _quoted(text: str) -> str:
    """Write a TOML string: quotes, backslashes and signs that are no text are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped)
    return f'"{escaped}"'


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(name) for name in names) + "]"
