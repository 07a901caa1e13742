"""How much of a tumour's genome is altered, patient by patient."""

import numpy as np
import pandas as pd

from omicsfuse.biology.altered import altered
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import Subtypes

#: End of the names of columns that say how many genes were measured.
MEASURED = "_measured_genes"

#: Ends of the names of the other columns, and what they hold in words.
WORDS = {
    "_mutated_genes_per_megabase": "mutated genes per megabase",
    "_mutated_genes": "mutated genes",
    "_fraction_altered": "fraction of genome altered",
}


def burden(subtypes: Subtypes, cohort: Cohort) -> pd.DataFrame:
    """Count the altered genes of each patient.

    From a mutation layer the number of mutated genes, of those measured; with
    ``Layer.megabases`` (key ``megabases`` of the manifest) also as mutated genes per megabase,
    which comes near the tumour mutational burden but counts a gene with two mutations once. From a
    copy-number layer the fraction of the genome altered, by genes: the share of the measured genes
    whose level is not 0 (log2 ratios: at least 0.2 away from 0). By genes, not by bases: where a
    layer holds a choice of genes, so does the fraction.

    Parameters
    ----------
    subtypes : Subtypes
        Labels; patients without one are left out.
    cohort : Cohort
        Layers of kind mutation and copy_number are used, whether they were fused or not.

    Returns
    -------
    pandas.DataFrame
        Index patient (all with a label; values of patients without the layer are missing); for each
        layer ``LAYER_mutated_genes_per_megabase`` (if known) and ``LAYER_mutated_genes``, or
        ``LAYER_fraction_altered``, and ``LAYER_measured_genes``. No columns where there is no such
        layer.

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
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(cohort, Cohort, "cohort", "what of.read_cohort returns")
    patients = pd.Index(subtypes.labels.index, name="patient")
    columns: dict[str, pd.Series] = {}
    for name, layer in cohort.omics.items():
        calls, which = altered(layer), kind_of(layer).alterations
        if which == "mutations":
            mutated = _sums(calls["mutated"])
            if layer.megabases:
                columns[f"{name}_mutated_genes_per_megabase"] = mutated / layer.megabases
            columns[f"{name}_mutated_genes"] = mutated
        elif which == "copies":
            changed = np.maximum(calls["gained"], calls["lost"])
            columns[f"{name}_fraction_altered"] = changed.mean(axis=1)
        else:
            continue
        columns[f"{name}{MEASURED}"] = layer.table.notna().sum(axis=1).astype(float)
    table = pd.DataFrame({key: column.reindex(patients) for key, column in columns.items()})
    return table.reindex(patients)


def in_words(column: str) -> str:
    """Name of a column of the burden for people.

    >>> in_words("mutation_mutated_genes")
    'mutated genes (mutation)'
    """
    for end, words in WORDS.items():
        if column.endswith(end):
            return f"{words} ({column.removesuffix(end)})"
    return column


def _sums(calls: pd.DataFrame) -> pd.Series:
    """Sum of each row; missing where nothing was measured."""
    return calls.sum(axis=1, min_count=1)
