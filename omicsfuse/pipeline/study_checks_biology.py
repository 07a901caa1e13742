"""What a study asks of markers, immune scores, images and models: can it be done?"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

import pandas as pd

from omicsfuse.biology.adjusting import encoded
from omicsfuse.biology.count_data import checked_counts
from omicsfuse.biology.covariates import covariate_table
from omicsfuse.biology.immune import CYTOLYTIC, CYTOLYTIC_GENES
from omicsfuse.biology.marker_scores import method_of
from omicsfuse.biology.reference_matrix import read_reference
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import Kind, kinds_that, layers_that
from omicsfuse.imaging.interpretation import match_scores, read_scores
from omicsfuse.io.gmt import read_gmt
from omicsfuse.pipeline.study import Study, prepared_layers


def check_biology(study: Study, cohort: Cohort) -> None:
    """See that files of sets, matrices and scores can be read, and that what is named is there.

    Parameters
    ----------
    study : Study
        The study; its files exist, and the layers it names are in the cohort.
    cohort : Cohort
        The discovery cohort.

    Raises
    ------
    StudyError, CohortError
        If a part of the study could not be computed for a mistake in it.
    """
    where = str(study.path or study.name)
    for path in study.gene_sets:
        read_gmt(path)
    scores = _check_immune(study, cohort, where)
    _check_kinds(study, cohort, where)
    for table, names in (
        ("[markers]", study.markers.covariates),
        ("[radiogenomics]", study.radiogenomics.covariates),
    ):
        with _said_of(f"{where}: {table} "):
            _check_covariates(cohort, names, scores)
    if study.markers.counts == "deseq2":
        _check_counts(study, cohort, where)
    if study.interpret:
        known = set() if cohort.clinical is None else set(cohort.clinical.index)
        known |= {one for layer in cohort.omics.values() for one in layer.table.index}
        patients = pd.Index(sorted(known))
        for name, model in study.interpret.items():
            with _said_of(f"{where}: [interpret.{name}] "):
                columns = read_scores(
                    model.scores, None if model.column is None else [model.column]
                )
                if len(columns) != 1:
                    there = f'has the columns {", ".join(columns)}; name one: column = "..."'
                    none = "has no column beside the patient; give each patient a score"
                    raise StudyError(f"{model.scores.name} {there if columns else none}.")
                (key, column), *_ = columns.items()
                # What it warns of is said when the model is interpreted.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", OmicsfuseWarning)
                    match_scores(column, patients, key)


@contextmanager
def _said_of(where: str) -> Iterator[None]:
    """Say of an error which table of which study file it is about."""
    try:
        yield
    except OmicsfuseError as error:
        raise type(error)(f"{where}{error}") from error


def _check_immune(study: Study, cohort: Cohort, where: str) -> list[str]:
    """Read the marker sets and the reference matrix; return the names of scores there will be."""
    asked = study.immune
    names = [f"{CYTOLYTIC}: {' and '.join(CYTOLYTIC_GENES)}"]
    with _said_of(f"{where}: [immune] "):
        for collection, path in asked.sets.items():
            method_of(collection, asked.methods)
            names += [f"{collection}: {cell}" for cell in read_gmt(path)]
        if CYTOLYTIC in asked.sets:
            raise StudyError(
                f"sets names {CYTOLYTIC!r}, which is the score of GZMA and PRF1 that is always "
                "computed; give the collection another name."
            )
        if asked.signature_matrix is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OmicsfuseWarning)
                read_reference(asked.signature_matrix)
        if not asked.sets and asked.signature_matrix is None:
            return []
        used = {name: cohort.omics[name] for name in prepared_layers(study, cohort)}
        if asked.layer is None and not layers_that(used, lambda kind: kind.transcriptome):
            raise StudyError(
                "scores are asked for, but no layer of kind expression is used. Name a layer with "
                'genes: layer = "...", or leave the table out.'
            )
    return names


def _check_kinds(study: Study, cohort: Cohort, where: str) -> None:
    """See that layers named for a purpose are of a kind that serves it."""
    named: tuple[tuple[str, str | None, Callable[[Kind], bool]], ...] = (
        ("[immune] layer", study.immune.layer, lambda kind: kind.ranks_genes),
        ("[radiogenomics] layer", study.radiogenomics.layer, lambda kind: kind.image),
        ("[heterogeneity] layer", study.heterogeneity.layer, lambda kind: kind.radiomic),
    )
    for key, name, fits in named:
        kinds = kinds_that(fits)
        if name is not None and cohort.omics[name].kind not in kinds:
            raise StudyError(
                f"{where}: {key} names {name!r}, which is of kind {cohort.omics[name].kind!r}; "
                f"expected a layer of kind {' or '.join(kinds)}."
            )
    targets = study.radiogenomics.targets
    if targets is None:
        return
    key = f"{where}: [radiogenomics] targets"
    if not targets:
        raise StudyError(f"{key} is empty; name layers, or write map = false to leave the map out.")
    if len(set(targets)) < len(targets):
        twice = next(name for name in targets if targets.count(name) > 1)
        raise StudyError(f"{key} names {twice!r} twice; once is enough.")
    used = {name: cohort.omics[name] for name in prepared_layers(study, cohort)}
    images = study.radiogenomics.layer or next(
        iter(layers_that(used, lambda kind: kind.image)), None
    )
    if images in targets:
        raise StudyError(
            f"{key} names {images!r}, the layer of the images, which is not held against itself; "
            "leave it out."
        )


def _check_covariates(cohort: Cohort, names: Sequence[str], scores: list[str]) -> None:
    """See that covariates are there, known of some patients, and numbers or categories."""
    there = [] if cohort.clinical is None else [str(name) for name in cohort.clinical.columns]
    for name in names:
        if name not in there and name not in scores:
            hint = did_you_mean(name, [*there, *scores])
            raise StudyError(
                f"covariates: {name!r} is not among the {len(there)} clinical columns of cohort "
                f"{cohort.name!r} and the {len(scores)} immune scores of this study"
                f"{'; ' + hint if hint else ''}."
            )
    own = [name for name in names if name in there]
    if not own:
        return
    table = covariate_table(cohort, own)
    for name in own:
        known = int(table[name].notna().sum())
        if known < 3:
            raise StudyError(
                f"covariates: {name!r} is known of {known} of {len(table)} patients; nothing can "
                "be adjusted for it. Leave it out."
            )
        encoded(table[[name]], table.index, "covariates")


def _check_counts(study: Study, cohort: Cohort, where: str) -> None:
    """See that there are raw counts, and the package that tests them."""
    names = [
        name for name in prepared_layers(study, cohort) if cohort.omics[name].scale == "counts"
    ]
    if not names:
        scales = ", ".join(f"{name} {one.scale}" for name, one in cohort.omics.items())
        raise StudyError(
            f'{where}: [markers] counts = "deseq2" is for layers on scale "counts", and there is '
            f"none (scales: {scales}). Leave it out: layers are then tested by moderated t."
        )
    if find_spec("pydeseq2") is None:
        raise StudyError(
            f'{where}: [markers] counts = "deseq2" needs PyDESeq2, which is not installed: '
            'install it with pip install "omicsfuse[counts]", or leave counts out.'
        )
    with _said_of(f"{where}: [markers] "):
        for name in names:
            checked_counts(cohort.omics[name].table, name)
