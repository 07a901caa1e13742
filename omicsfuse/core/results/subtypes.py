"""Subtypes, and the evidence for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.checks.tables import count
from omicsfuse.core.given_labels import NAMES, named_by_size
from omicsfuse.core.shown import Shown, joined, p_text, some

#: What the tests say: groups; layers that vary together without groups; nothing in common.
VERDICTS = (
    "subtypes supported",
    "layers share a continuum, not groups",
    "layers share no detectable structure",
)

#: Key in ``Subtypes.params``: the endpoint with which features or k were chosen, where one was.
CHOSEN_WITH = "chosen_with_outcome"

#: The verdict where no test was made.
NOT_TESTED = "not tested"


@dataclass(frozen=True, eq=False, repr=False)
class Subtypes(Shown):
    """Integrated subtypes of patients, with their evidence.

    Attributes
    ----------
    labels : pandas.Series
        Patient -> ``"S1"`` to ``"Sk"``, ordered by size (ties by first patient).
    evidence : mapping of str to pandas.DataFrame
        ``"n_clusters"``: index k, columns ``eigengap``, ``silhouette``, ``chosen`` and more;
        ``"patients"``: index patient, columns ``silhouette``, ``confidence``, ``n_layers``;
        ``"subtypes"``: index subtype, columns ``n``, ``silhouette``.
    params : mapping of str to object
        Settings as used, and the choice of k. For given labels ``"names"``: their original names.
    """

    labels: pd.Series
    evidence: Mapping[str, pd.DataFrame]
    params: Mapping[str, Any]

    def sizes_text(self) -> str:
        """Write the size of each subtype."""
        sizes = self.labels.value_counts()
        return some(f"{name} {sizes.get(name, 0)}" for name in self.names)

    def _title(self) -> str:
        labelled = count(int(self.labels.notna().sum()), "patient")
        return f"{count(len(self.names), 'subtype')} of {labelled}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "sizes", self.sizes_text()
        yield "labels", some(f"{name} = {label}" for name, label in self.label_names.items())
        yield "source", str(self.params.get("source", ""))
        yield "number", self._number()
        patients = self.evidence.get("patients", pd.DataFrame())
        if "silhouette" in patients and patients["silhouette"].notna().any():
            yield "mean silhouette", f"{patients['silhouette'].mean():.3f}"

    def _number(self) -> str:
        """How the number came about, in a few words; ``params["rule"]`` has the whole rule."""
        if self.given:
            return "as many as there are labels"
        if "range" not in self.params:
            return ""
        low, high = self.params["range"]
        if low == high:
            return f"{low}, as asked"
        by = f" by {self.params[CHOSEN_WITH]}" if CHOSEN_WITH in self.params else ""
        return f"{len(self.names)}, chosen from {low} to {high}{by}"

    @classmethod
    def from_labels(cls, labels: pd.Series | Mapping[str, Any], *, source: str = "") -> "Subtypes":
        """Use labels from elsewhere as subtypes: published labels, or those of another program.

        They can be used in every test of subtypes: survival, clinical columns, markers, gene sets,
        ``assess``, signatures and their verification; ``[subtypes] labels`` of a study file uses
        them in a whole run. The origin of the labels cannot be checked. Labels made from the
        outcome (risk groups, long survivors) make every test against that outcome circular, and
        labels made from a layer differ in that layer by construction: state their origin in your
        methods.

        Parameters
        ----------
        labels : pandas.Series or mapping
            Patient -> label: text, whole numbers or categories. Patients with a missing label, or a
            word for missing (the list of clinical tables), are not labelled and excluded from
            tests. TCGA barcodes of samples are shortened to patients.
        source : str
            Source of the labels, for the report, e.g. ``"Thorsson 2018"``.

        Returns
        -------
        Subtypes
            ``"S1"`` to ``"Sk"`` by size (ties by first patient), of the labelled patients;
            ``label_names`` has the original names. ``evidence`` is empty; ``assess`` tests the
            labels in a network.

        Raises
        ------
        CohortError
            If a patient occurs twice or has no name, no patient has a label, all patients have
            the same, or nearly every patient has a different label.

        Examples
        --------
        >>> from omicsfuse import Subtypes
        >>> import pandas as pd
        >>> labels = pd.Series(["LumA", "Basal", "LumA", None], ["P1", "P2", "P3", "P4"])
        >>> subtypes = Subtypes.from_labels(labels, source="PAM50")
        >>> subtypes.labels.to_dict(), subtypes.label_names
        ({'P1': 'S1', 'P2': 'S2', 'P3': 'S1'}, {'S1': 'LumA', 'S2': 'Basal'})
        """
        found, names, n_without = named_by_size(labels)
        params = {
            "n_clusters": len(names),
            "rule": "number of given labels; not chosen from data",
            NAMES: names,
            "source": str(source),
            "not_labelled": n_without,
        }
        return cls(found, {}, params)

    @property
    def given(self) -> bool:
        """Whether the labels come from elsewhere, and not from clustering."""
        return NAMES in self.params

    @property
    def label_names(self) -> dict[str, str]:
        """Original name of each subtype of given labels; empty for subtypes from clustering."""
        return dict(self.params.get(NAMES, {}))

    @property
    def names(self) -> list[str]:
        """Names of the subtypes, largest first."""
        return [f"S{i + 1}" for i in range(self.labels.nunique())]


@dataclass(frozen=True, eq=False, repr=False)
class Assessment(Shown):
    """Evidence for subtypes: existence, stability, contribution of layers.

    Attributes
    ----------
    stability : pandas.DataFrame
        Index subtype; columns ``n``, ``jaccard_mean``, ``jaccard_sd``, ``dissolved``,
        ``n_resamples``.
    layers : pandas.DataFrame
        Index layer; agreement, ablation and permutation columns.
    params : mapping of str to object
        Settings as used.
    p_shared : float
        P-value of the test of shared structure: patients permuted within layers. NaN if not tested,
        or with one layer.
    p_structure : float
        P-value of the test of groups against a continuum with the same shared variation. NaN if not
        tested.
    verdict : str
        One of ``VERDICTS``, or ``"not tested"``.
    tests : pandas.DataFrame
        Columns ``test`` (``"shared"``, ``"structure"``), ``k``, ``statistic``, ``observed``,
        ``null_mean``, ``null_sd``, ``excess`` (standard deviations above the null), ``n_draws``.
    n_clusters : pandas.DataFrame
        Index k: every criterion for the number of subtypes, and ``chosen``.
    patients : pandas.DataFrame
        Index patient; columns ``subtype``, ``silhouette``, ``confidence``, ``co_clustering`` (mean
        share of resamples together with the other members of its subtype) and ``membership``
        (``"core"`` or ``"borderline"``).
    consensus : pandas.DataFrame
        Patients x patients: share of the resamples with both patients in which they were in one
        group; in large cohorts, of the patients drawn.
    consensus_cdf : pandas.DataFrame
        Columns ``k``, ``consensus``, ``cdf``: the distribution of consensus values.
    subtype_layers : pandas.DataFrame
        Columns ``subtype``, ``layer``, ``within``, ``between``, ``ratio``: mean affinity in the
        layer's own network among members, and to other patients.
    feature_groups : pandas.DataFrame
        Columns as ``layers``, for groups of features of a layer; index (layer, group).
    sensitivity : pandas.DataFrame
        Columns ``setting``, ``value``, ``agreement`` (adjusted Rand index with the subtypes),
        ``n_clusters``, ``agreement_auto``, ``note``.
    given_labels : pandas.DataFrame
        For given labels, one row for all (``subtype`` is ``"all"``) and one for each: columns
        ``subtype``, ``label``, ``n``, ``silhouette`` (in the network), ``silhouette_shuffled``
        (labels shuffled among patients), ``p``, ``fdr`` (over the labels); for all also
        ``own_cut_silhouette`` and ``own_cut_agreement`` (adjusted Rand index) of the network cut
        into as many groups; ``n_permutations``.
    """

    stability: pd.DataFrame
    layers: pd.DataFrame
    params: Mapping[str, Any]
    p_shared: float = float("nan")
    p_structure: float = float("nan")
    verdict: str = NOT_TESTED
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    n_clusters: pd.DataFrame = field(default_factory=pd.DataFrame)
    patients: pd.DataFrame = field(default_factory=pd.DataFrame)
    consensus: pd.DataFrame = field(default_factory=pd.DataFrame)
    consensus_cdf: pd.DataFrame = field(default_factory=pd.DataFrame)
    subtype_layers: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    given_labels: pd.DataFrame = field(default_factory=pd.DataFrame)

    def _title(self) -> str:
        return f"given labels; network: {self.verdict}" if len(self.given_labels) else self.verdict

    def _facts(self) -> Iterator[tuple[str, str]]:
        p_values = (p_text(self.p_shared, "shared p"), p_text(self.p_structure, "groups p"))
        yield "tests", joined(*p_values) + self._at_the_floor()
        for _, row in self.given_labels.head(1).iterrows():
            own_cut = f"agreement with own cut {row['own_cut_agreement']:.2f}"
            told = joined(f"silhouette {row['silhouette']:.3f}", p_text(row["p"]), own_cut)
            yield "given labels", told if row["p"] == row["p"] else ""
        if "jaccard_mean" in self.stability:
            means = self.stability["jaccard_mean"].dropna()
            yield "mean Jaccard", some(f"{name} {mean:.2f}" for name, mean in means.items())
        if "membership" in self.patients:
            borderline = int((self.patients["membership"] == "borderline").sum())
            yield "borderline", f"{borderline} of {count(len(self.patients), 'patient')}"
        if "p_adds" in self.layers:
            p_layers = self.layers["p_adds"].dropna()
            yield "layers", some(p_text(p, f"{str(name)[:15]} p") for name, p in p_layers.items())
        draws = (("n_draws", "draw"), ("n_resamples", "resample"))
        sizes = (count(self.params[key], noun) for key, noun in draws if key in self.params)
        yield "budget", joined(str(self.params.get("budget", "")), *sizes)
        if self.verdict != NOT_TESTED:
            yield "not weighed", "technical and clinical variables (`omicsfuse.run` does)"

    def _at_the_floor(self) -> str:
        """Say of a p-value that no draw reached that more draws could make it smaller."""
        draws = self.params.get("n_draws", 0)
        floor = 1 / (draws + 1) * (1 + 1e-9)
        reached = draws and any(p <= floor for p in (self.p_shared, self.p_structure))
        return f" (smallest possible: {1 / (draws + 1):.2g})" if reached else ""

    @property
    def supported(self) -> bool:
        """Whether the tests are significant and there is more than one subtype."""
        return self.verdict == VERDICTS[0] and len(self.stability) != 1
