"""How much of a tumour's genome is altered, patient by patient."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.biology.altered import altered
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.results import Subtypes


class Measure(NamedTuple):
    """A column of the burden, its name for people (empty: not to be tested), and its values."""

    column: str
    words: str
    amounts: pd.Series


def burden(subtypes: Subtypes, cohort: Cohort) -> pd.DataFrame:
    """Count the altered genes of each patient.

    Mutation layer: the number of mutated genes and, with ``Layer.megabases`` (key ``megabases`` of
    the manifest), mutated genes per megabase. This approximates the tumour mutational burden, but
    counts a gene with two mutations once. Copy-number layer: the fraction of the genome altered, as
    the share of measured genes with a level other than 0 (log2 ratios: at least 0.2 from 0). The
    fraction is of genes, not of bases, and refers to the genes of the layer.

    Parameters
    ----------
    subtypes : Subtypes
        Labels; patients without a label are excluded.
    cohort : Cohort
        Cohort with layers of kind mutation or copy_number, fused or not.

    Returns
    -------
    pandas.DataFrame
        Index patient (all with a label; values of patients without the layer are missing); for each
        layer ``LAYER_mutated_genes_per_megabase`` (if known) and ``LAYER_mutated_genes``, or
        ``LAYER_fraction_altered``, and ``LAYER_measured_genes``. No columns without such a layer.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import burden
    >>> from omicsfuse.core.cohort import Cohort, Layer
    >>> from omicsfuse.core.results import Subtypes
    >>> calls = pd.DataFrame({"TP53": [1, 1], "FAT1": [1, 0]}, ["P1", "P2"])
    >>> cohort = Cohort("two", {"mutation": Layer("mutation", calls, megabases=2.0)})
    >>> burden(Subtypes(pd.Series("S1", calls.index), {}, {}), cohort).loc["P1"].tolist()
    [1.0, 2.0, 2.0]
    """
    subtypes = require_labelled(subtypes, cohort, Cohort)
    patients = pd.Index(subtypes.labels.index, name="patient")
    table = pd.DataFrame({each.column: each.amounts.reindex(patients) for each in measures(cohort)})
    return table.reindex(patients)


def measures(cohort: Cohort) -> Iterator[Measure]:
    """What `burden` counts, layer by layer."""
    for name, layer in cohort.omics.items():
        calls, which = altered(layer), kind_of(layer).alterations
        if which == "mutations":
            mutated = _sums(calls["mutated"])
            if layer.megabases:
                words = f"mutated genes per megabase ({name})"
                rate = mutated / layer.megabases
                yield Measure(f"{name}_mutated_genes_per_megabase", words, rate)
            yield Measure(f"{name}_mutated_genes", f"mutated genes ({name})", mutated)
        elif which == "copies":
            share = np.maximum(calls["gained"], calls["lost"]).mean(axis=1)
            yield Measure(f"{name}_fraction_altered", f"fraction of genome altered ({name})", share)
        else:
            continue
        measured = layer.table.notna().sum(axis=1).astype(float)
        yield Measure(f"{name}_measured_genes", "", measured)


def _sums(calls: pd.DataFrame) -> pd.Series:
    """Sum of each row; missing where nothing was measured."""
    return calls.sum(axis=1, min_count=1)
