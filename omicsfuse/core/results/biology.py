"""What the subtypes are in biological terms: features, gene sets, immune context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.layers import Exclusion
from omicsfuse.core.shown import Shown

#: Columns of a comparison of patient scores (gene sets, immune cells) between subtypes.
SCORE_TEST_COLUMNS = [
    "score",
    "comparison",
    "n",
    "effect",
    "effect_ci_low",
    "effect_ci_high",
    "effect_name",
    "test",
    "p",
    "fdr",
    "note",
]


@dataclass(frozen=True, eq=False, repr=False)
class Biology(Shown):
    """Biology of the subtypes beyond single markers; tables not requested are empty.

    Attributes
    ----------
    pairwise : pandas.DataFrame
        Features compared between every two subtypes: columns of the markers, with ``comparison``
        (``"S1 vs S2"``) in place of ``subtype``.
    drivers : pandas.DataFrame
        Features that tell a reader what a subtype is: columns ``subtype``, ``rank``, ``layer``,
        ``feature``, ``direction`` (``"raised"`` or ``"lowered"``; mutations: ``"more often"``,
        ``"less often"``), ``inside``, ``outside`` (mean, or share of patients), ``summary`` (what
        both numbers are), ``effect``, ``effect_ci_low``, ``effect_ci_high``, ``effect_name``,
        ``fdr``.
    over_representation : pandas.DataFrame
        Columns ``subtype``, ``direction``, ``gene_set``, ``overlap``, ``size``, ``n_marked``,
        ``background``, ``odds_ratio``, ``odds_ratio_ci_low``, ``odds_ratio_ci_high``, ``p``,
        ``fdr``, ``genes`` (separated by ``;``).
    gene_sets : pandas.DataFrame
        Columns ``gene_set``, ``size``, ``found``, ``tested``, ``group``, ``representative``:
        measured genes and groups of overlapping sets.
    running_sums : pandas.DataFrame
        For the enrichment plots: columns ``subtype``, ``gene_set``, ``place`` (of a gene of the
        set in the ranking, from 1), ``gene``, ``statistic``, ``running_sum`` (after that gene),
        ``n_genes``.
    scores : pandas.DataFrame
        Patients x gene sets: score of each set in each patient.
    score_tests : pandas.DataFrame
        ``SCORE_TEST_COLUMNS``: scores compared between subtypes.
    methylation_pairs : pandas.DataFrame
        Genes with opposite differences in expression and methylation in a subtype.
    params : mapping of str to object
        Settings as used.
    exclusions : tuple of Exclusion
        What was left out.
    label_markers : pandas.DataFrame
        Markers of known labels beside those of the subtype with most of their patients: columns as
        ``biology.label_markers``.
    """

    pairwise: pd.DataFrame = field(default_factory=pd.DataFrame)
    drivers: pd.DataFrame = field(default_factory=pd.DataFrame)
    over_representation: pd.DataFrame = field(default_factory=pd.DataFrame)
    gene_sets: pd.DataFrame = field(default_factory=pd.DataFrame)
    running_sums: pd.DataFrame = field(default_factory=pd.DataFrame)
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    score_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    methylation_pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    label_markers: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False, repr=False)
class ImmuneContext(Shown):
    """Immune and stromal scores of each patient, and their differences between subtypes.

    Attributes
    ----------
    scores : pandas.DataFrame
        Patients x scores; a column is named ``"<collection>: <cell type>"``. Scores of one column
        are comparable between patients, columns are not comparable with one another.
    coverage : pandas.DataFrame
        Columns ``score``, ``collection``, ``method``, ``size``, ``found``, ``used``, ``note``.
    tests : pandas.DataFrame
        ``SCORE_TEST_COLUMNS``; the family is all scores of one collection and all comparisons.
    fractions : pandas.DataFrame
        Patients x cell types, fractions that sum to 1; empty without a reference matrix.
    fit : pandas.DataFrame
        Index patient; columns ``correlation``, ``root_mean_square_error``, ``p``, ``n_genes``: fit
        of the reference matrix to each patient.
    fraction_tests : pandas.DataFrame
        ``SCORE_TEST_COLUMNS``: fractions compared between subtypes.
    params : mapping of str to object
        Settings as used.
    exclusions : tuple of Exclusion
        What was left out.
    """

    scores: pd.DataFrame
    coverage: pd.DataFrame
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    fractions: pd.DataFrame = field(default_factory=pd.DataFrame)
    fit: pd.DataFrame = field(default_factory=pd.DataFrame)
    fraction_tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()


def patient_scores(
    biology: Biology | None, immune: ImmuneContext | None
) -> dict[str, pd.DataFrame]:
    """Patients x scores, by the name of the family of tests that the radiogenomic map makes."""
    scores = {
        "gene sets": pd.DataFrame() if biology is None else biology.scores,
        "immune scores": pd.DataFrame() if immune is None else immune.scores,
    }
    return {name: table for name, table in scores.items() if len(table.columns)}
