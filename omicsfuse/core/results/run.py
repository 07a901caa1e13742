"""Everything that one run produced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.layers import exclusions_text
from omicsfuse.core.results.assignment import AssignmentEvidence
from omicsfuse.core.results.biology import Biology, ImmuneContext
from omicsfuse.core.results.fusion import Fusion, Prepared
from omicsfuse.core.results.imaging import HeterogeneityIndex, Interpretation, RadiogenomicMap
from omicsfuse.core.results.signatures import DerivedSignature, Signature, Verification
from omicsfuse.core.results.subtypes import Assessment, Subtypes
from omicsfuse.core.results.survival import SurvivalComparison
from omicsfuse.core.shown import Shown, joined, p_text, some


class ResultFile(NamedTuple):
    """A file of a results folder: its path in it, the stage that gave it, and what it holds."""

    file: str
    stage: str
    holds: str


@dataclass(frozen=True, eq=False, repr=False)
class RunResults(Shown):
    """Results of one run, the source of its files and its report.

    Attributes
    ----------
    name : str
        Name of the study.
    settings : mapping of str to object
        The study with its defaults.
    cohort, prepared, fusion, subtypes, assessment
        Results of the stages.
    embedding : pandas.DataFrame
        Index patient; columns ``x``, ``y``, ``method``: the 2-D map of the fused network.
    survival : mapping of str to SurvivalComparison
        By endpoint; empty without endpoints.
    clinical : pandas.DataFrame
        Association of subtypes with clinical columns, technical variables and genomic burden: index
        ``variable``; columns ``role``, ``test``, ``n``, ``missing``, ``statistic``, ``p``, ``fdr``,
        ``effect``, ``effect_ci_low``, ``effect_ci_high``, ``effect_name``, ``stands_out``,
        ``adjusted_rand_index``, ``normalised_mutual_information`` (the last two for known labels
        only), ``note``.
    markers : pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect``, ``effect_name``, ``test``, ``n``,
        ``p``, ``fdr``.
    enrichment : pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes``, ``p``, ``fdr``, ``size``, ``leading_edge``,
        ``note``.
    signature : Signature or None
    verification : Verification or None
    exclusions : tuple of Exclusion
        All exclusions, in the order they happened.
    warnings : tuple of str
    provenance : mapping of str to object
        Versions, seed, SHA-256 of every input, seconds a stage.
    alterations : pandas.DataFrame
        Association of subtypes with mutations and copy-number changes; columns as
        ``biology.alterations``.
    burden : pandas.DataFrame
        Index patient: mutated genes and fraction of the genome altered.
    table_one : pandas.DataFrame
        Table 1 as text; columns as ``biology.table_one``.
    signatures : mapping of str to DerivedSignature
        All signatures by name.
    assignment : AssignmentEvidence or None
    biology : Biology or None
        Pairwise markers, drivers, gene sets of each patient.
    immune : ImmuneContext or None
        Immune and stromal scores.
    radiogenomics : RadiogenomicMap or None
        Associations of radiomic features with molecular layers.
    heterogeneity : HeterogeneityIndex or None
        Imaging heterogeneity of each patient.
    interpretations : mapping of str to Interpretation
        Imaging models interpreted, by name.
    stages : mapping of str to object
        Result of each stage, by its name.
    sections : tuple
        Sections of the report from the stages (`omicsfuse.report.section.Section`).
    files : pandas.DataFrame
        The result files as in ``index.tsv``: columns ``file`` (path in the results folder),
        ``stage``, ``holds``.
    status : str
        What tests and reservations come to, as the first screen of the report says it:
        ``"supported"``, ``"supported, with reservations"``, ``"not supported"``, ``"not tested"``
        or, of labels from elsewhere, ``"given labels"``.
    reservations : mapping of str to str
        Reasons to doubt the subtypes, the most serious first: a name, and a sentence.
    """

    name: str
    settings: Mapping[str, Any]
    cohort: Cohort
    prepared: Prepared
    fusion: Fusion
    subtypes: Subtypes
    assessment: Assessment
    embedding: pd.DataFrame
    survival: Mapping[str, SurvivalComparison]
    clinical: pd.DataFrame
    markers: pd.DataFrame
    enrichment: pd.DataFrame
    signature: Signature | None = None
    verification: Verification | None = None
    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    alterations: pd.DataFrame = field(default_factory=pd.DataFrame)
    burden: pd.DataFrame = field(default_factory=pd.DataFrame)
    table_one: pd.DataFrame = field(default_factory=pd.DataFrame)
    signatures: Mapping[str, DerivedSignature] = field(default_factory=dict)
    assignment: AssignmentEvidence | None = None
    biology: Biology | None = None
    immune: ImmuneContext | None = None
    radiogenomics: RadiogenomicMap | None = None
    heterogeneity: HeterogeneityIndex | None = None
    interpretations: Mapping[str, Interpretation] = field(default_factory=dict)
    stages: Mapping[str, Any] = field(default_factory=dict)
    sections: tuple[Any, ...] = ()
    files: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ResultFile._fields))
    status: str = ""
    reservations: Mapping[str, str] = field(default_factory=dict)

    def where(self, name: str) -> str | None:
        """Path of a result file in the results folder, by its plain name; None if there is none.

        ``results.where("cox.tsv")`` is ``"survival/cox.tsv"``.
        """
        return next((path for path in self.files["file"] if path.split("/")[-1] == name), None)

    def _title(self) -> str:
        return self.name

    def _facts(self) -> Iterator[tuple[str, str]]:
        patients = count(len(self.fusion.patients), "patient")
        layers = count(len(self.fusion.per_layer), "layer")
        yield "data", joined(patients, layers, count(len(self.subtypes.names), "subtype"))
        yield "status", self.status
        yield "reservations", some(name.replace("_", " ") for name in self.reservations)
        yield "tests", self.assessment.verdict
        yield "sizes", self.subtypes.sizes_text()
        firsts = [(name, each.tests.head(1)) for name, each in self.survival.items()]
        p_values = (p_text(p, name) for name, row in firsts for p in row["p_asymptotic"])
        yield "log-rank", some(text for text in p_values if text)
        yield "excluded", exclusions_text(self.exclusions)
        yield "warnings", str(len(self.warnings) or "")
