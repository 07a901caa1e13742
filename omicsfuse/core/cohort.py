"""A cohort: omics layers and a clinical table of the same patients, checked once at this gate."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.clinical import cause_names
from omicsfuse.core.checks.cohort import (
    CELLS,
    ROLES,
    check_columns,
    clean_clinical,
    excluded_cells,
    missing_cells,
    outcome_values,
    refuse_few_patients,
    role_columns,
    survival_exclusions,
    times_and_events,
    where_clinical,
)
from omicsfuse.core.checks.layers import checked_layer
from omicsfuse.core.checks.patients import patients_without_layer
from omicsfuse.core.checks.tables import count, did_you_mean, in_canonical_order
from omicsfuse.core.clean_table import CleanTable
from omicsfuse.core.errors import CohortError
from omicsfuse.core.faults import Faults
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.layers import Endpoint, Exclusion, Layer, describe_layer, exclusions_text
from omicsfuse.core.shown import Shown, joined, layer_facts, notes_text, short, table_size
from omicsfuse.core.variables import describe_variables

__all__ = [
    "KINDS",
    "MINIMUM_PATIENTS",
    "Cohort",
    "Endpoint",
    "Layer",
    "Exclusion",
    "describe_layer",
]

#: Fewest patients that must be present in every layer of an analysis.
MINIMUM_PATIENTS = 10


@dataclass(frozen=True, eq=False, repr=False)
class Cohort(Shown):
    """Omics layers and a clinical table of one cohort, checked.

    All user data pass through a ``Cohort``. It normalises the tables (float64, patients and
    features named by str, patients sorted by identifier as text, so that no result depends on the
    order of the rows). It refuses, and reports with file, column and example rows: duplicate
    patients or features, empty tables, cells that are not numbers, infinite values, values that
    contradict the scale (amounts above 1e12 among them), dates in place of gene symbols, rows that
    are not patients, clinical columns that do not exist, times that are negative or not numbers,
    and events that are neither 0/1, true/false nor mapped words.

    The clinical table, if given, defines the patients. Patients of a layer who are not in it are
    excluded and counted in ``exclusions``; patients of the clinical table without a layer are
    counted too. Without a clinical table, every patient of every layer is included.

    Words for missing in the clinical table ("[Not Available]", "unknown", "'--": one list, in any
    case, with or without brackets) become missing values. Each column is classified once as
    numeric, ordered or categorical (``variables``), and every analysis uses this classification.

    Attributes
    ----------
    name : str
        Name of the cohort.
    omics : mapping of str to Layer
        Layers by name. They may have different patients, sorted by identifier (``"P10"`` before
        ``"P2"``).
    clinical : pandas.DataFrame or None
        Patients (index, sorted in the same way) x clinical columns.
    endpoints : mapping of str to Endpoint
        Endpoints by name, e.g. ``"os"``.
    covariates : tuple of str
        Clinical columns to adjust for.
    known_labels : tuple of str
        Clinical columns with known groupings (HPV status, published subtypes) to compare with the
        subtypes; never used to find them.
    exclusions : tuple of Exclusion
        Exclusions by reading and checking.
    technical : tuple of str
        Clinical columns that describe the acquisition (scanner, centre, batch). Subtypes associated
        with them may be technical.
    clinical_source : str
        File of the clinical table, for messages.
    study : str
        Study of the patients, e.g. ``"TCGA-HNSC"``: cohorts of the same study are not independent.
        Empty if not stated.
    ignore : tuple of str
        Clinical columns that are not compared with the subtypes.
    strata : tuple of str
        Clinical columns (site, centre) that stratify Cox models and log-rank tests.
    missing : tuple of str
        Further words and numbers that mean missing in the clinical table.
    missing_cells : mapping of str to mapping of str to int
        Words taken as missing, by clinical column: the word as written, and how many cells.
    notes : tuple of str
        Guesses of ``from_tables``, and how to override them.
    variables : pandas.DataFrame
        Classification of each clinical column (index): ``type`` (``"numeric"``, ``"ordered"`` or
        ``"categorical"``), ``why``, ``levels`` (in order, or by name; empty for numbers), ``steps``
        (the step of each level of an ordered column; substages share a step), ``n_known``,
        ``n_missing`` and ``missing_words`` (as ``missing_cells``).
    decided : pandas.DataFrame, optional
        ``variables`` of a larger cohort, for a subset of its patients: columns are not classified
        again.

    Raises
    ------
    CohortError
        If data are refused as listed above, or no patient of a layer is in the clinical table.

    Warns
    -----
    OmicsfuseWarning
        If data are usable but doubtful: dates with a single possible gene symbol, counts that look
        normalised or cover a small panel, unknown words among numbers or stages, numbers with a
        unit or a decimal comma, words that differ by case only.

    Examples
    --------
    >>> from omicsfuse import Cohort, Layer
    >>> import pandas as pd
    >>> table = pd.DataFrame({"EGFR": [3.1, 7.4], "TP53": [5.0, 6.2]}, index=["P2", "P1"])
    >>> cohort = Cohort("two", {"expression": Layer("expression", table, "log2")})
    >>> list(cohort.patients())
    ['P1', 'P2']
    """

    name: str
    omics: Mapping[str, Layer]
    clinical: pd.DataFrame | None = None
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    covariates: tuple[str, ...] = ()
    known_labels: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    technical: tuple[str, ...] = ()
    clinical_source: str = ""
    study: str = ""
    ignore: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    missing_cells: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decided: InitVar[pd.DataFrame | None] = None
    variables: pd.DataFrame = field(init=False, repr=False)

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, pd.DataFrame | Layer],
        clinical: pd.DataFrame | None = None,
        endpoints: Mapping[str, Any] | None = None,
        *,
        kinds: Mapping[str, str] | str | None = None,
        scales: Mapping[str, str] | str | None = None,
        name: str = "cohort",
        covariates: Iterable[str] = (),
        known_labels: Iterable[str] = (),
        technical: Iterable[str] = (),
        strata: Iterable[str] = (),
        ignore: Iterable[str] = (),
        missing: Iterable[str] = (),
        study: str = "",
    ) -> "Cohort":
        r"""Make a cohort from tables in memory, with patients in rows.

        The tables pass the same checks as the files of ``read_cohort``, and TCGA barcodes are
        shortened to patients. A table is transposed if its columns are evidently patients: patients
        of the clinical table or of most other layers, TCGA barcodes, or rows that are genes or
        probes. Kind and scale of a layer are guessed if not given. ``notes`` lists every guess, its
        reason, and how to override it.

        Parameters
        ----------
        tables : mapping of str to pandas.DataFrame
            Layers by name: patients x features, indexed by patient; or ``Layer`` objects.
        clinical : pandas.DataFrame, optional
            Patients x clinical columns, indexed by patient. It defines the patients of the cohort.
        endpoints : mapping of str to tuple or mapping, optional
            By name, the columns of time and event, as in ``{"os": ("days", "event")}``, with events
            as 0/1 or true/false; or a dict with the keys of ``Endpoint``: ``time``, ``event``,
            ``unit``, ``event_values``, ``entry``, ``competing``. The default unit is that of the
            column's name (``"OS_MONTHS"``), or days.
        kinds, scales : mapping of str to str, or str, optional
            Kind of each layer (one of ``KINDS``) and scale of its values; a single word applies to
            all layers.
        name : str
            Name of the cohort.
        covariates, known_labels, technical, strata, ignore, missing, study
            As in ``Cohort``.

        Returns
        -------
        Cohort
            Checked; see ``Cohort`` for the checks.

        Raises
        ------
        CohortError
            If there is no table, rows have no names or are variants in place of patients, or a
            ``Cohort`` refuses the data.

        Examples
        --------
        >>> from omicsfuse import Cohort
        >>> import pandas as pd
        >>> rna = pd.DataFrame({"P1": [7.0, 2.0], "P2": [3.1, 4.4]}, index=["TP53", "EGFR"])
        >>> clinical = pd.DataFrame({"days": [20, 70], "event": [1, 0]}, index=["P1", "P2"])
        >>> ends = {"os": ("days", "event")}
        >>> cohort = Cohort.from_tables({"rna": rna}, clinical, ends, name="two")
        >>> cohort.omics["rna"].table.shape, cohort.omics["rna"].kind
        ((2, 2), 'expression')
        >>> for note in cohort.notes:
        ...     print(note.partition(". ")[0])
        endpoint "os": times read as days
        layer "rna": transposed, as 2 columns of 2 are patients of the clinical table
        layer "rna": read as kind "expression" (by its name) on scale "log2" (values from 2 to 7)
        """
        from omicsfuse.core.from_tables import read_tables

        roles: dict[str, Any] = {
            "covariates": covariates,
            "known_labels": known_labels,
            "technical": technical,
            "strata": strata,
            "ignore": ignore,
            "missing": missing,
        }
        found = read_tables(tables, clinical, endpoints or {}, kinds, scales)
        return cls(
            name,
            found.layers,
            found.clinical,
            found.endpoints,
            exclusions=tuple(found.exclusions),
            study=study,
            notes=tuple(found.notes),
            **roles,
        )

    def _title(self) -> str:
        whose = {name: layer.table.index for name, layer in self.omics.items()}
        if self.clinical is not None:
            whose["clinical"] = self.clinical.index
        n = len(set().union(*whose.values()))
        return joined(short(self.name), count(n, "patient"), count(len(self.omics), "layer"))

    def _facts(self) -> Iterator[tuple[str, str]]:
        sizes = {
            name: f"{table_size(layer.table, 'patient', 'feature')} ({layer.kind}, {layer.scale})"
            for name, layer in self.omics.items()
        }
        yield from layer_facts(sizes)
        if self.clinical is not None:
            yield "clinical", table_size(self.clinical, "patient", "column")
        for name in self.endpoints:
            table = self.survival(name)
            events = count(int(table["event"].sum()), "event")
            yield f"endpoint {name}", joined(count(len(table), "patient"), events)
        yield "excluded", exclusions_text(self.exclusions)
        yield "notes", notes_text(self.notes)

    def __post_init__(self, decided: pd.DataFrame | None) -> None:
        require(self.name, str, "name", 'the name of the cohort, such as "TCGA-HNSC"')
        exclusions = [exclusion for exclusion in self.exclusions if exclusion.what != CELLS]
        for role in (*ROLES, "missing"):
            object.__setattr__(self, role, role_columns(getattr(self, role), role))
        clean, where = clean_clinical(self, decided), where_clinical(self)
        clinical = None if clean is None else clean.table
        outcomes = outcome_values(self.endpoints, clinical)
        omics: dict[str, Layer] = {}
        patients = pd.Index([]) if clinical is None else clinical.index
        with Faults() as faults:
            for name in self.omics:
                with faults.gathered():
                    omics[name], excluded = checked_layer(
                        name, self.omics, clinical, where, outcomes, patients
                    )
                    exclusions += excluded
                    patients = patients.union(omics[name].table.index)
            object.__setattr__(self, "omics", omics)
            object.__setattr__(self, "clinical", clinical)
            object.__setattr__(self, "endpoints", dict(self.endpoints))
            with faults.gathered():
                check_columns(self)
        if clinical is not None:
            # Not before the checks, whose messages count the rows as they were given.
            clinical = in_canonical_order(clinical)
            object.__setattr__(self, "clinical", clinical)
            exclusions += patients_without_layer(omics, clinical)
        clean = clean or CleanTable(pd.DataFrame(), {}, {})
        cells = missing_cells(self.missing_cells, clean)
        variables = describe_variables(clean.table, clean.decisions, cells)
        object.__setattr__(self, "missing_cells", cells)
        object.__setattr__(self, "variables", variables)
        exclusions += excluded_cells(cells)
        # A cohort made from a cohort (dataclasses.replace) meets the same exclusions again.
        object.__setattr__(self, "exclusions", tuple(dict.fromkeys(exclusions)))

    def patients(self, layers: Iterable[str] | None = None) -> pd.Index:
        """Return the patients with all named layers.

        Parameters
        ----------
        layers : iterable of str, optional
            Names of layers; all layers when not given.

        Returns
        -------
        pandas.Index
            Sorted by identifier; without layers, the patients of the clinical table.

        Raises
        ------
        CohortError
            If a layer does not exist.

        Examples
        --------
        >>> from omicsfuse.datasets import simulate_cohort
        >>> cohort = simulate_cohort(40, n_external=0).discovery
        >>> len(cohort.patients(["radiomics", "expression"]))
        40
        """
        names = self._layer_names(layers)
        if not names:
            return (
                self.clinical.index if self.clinical is not None else pd.Index([], name="patient")
            )
        shared = self.omics[names[0]].table.index
        for name in names[1:]:
            shared = shared[shared.isin(self.omics[name].table.index)]
        return shared.rename("patient")

    def common_patients(self, layers: Iterable[str] | None = None) -> pd.Index:
        """Return the patients with all named layers, at least ``MINIMUM_PATIENTS``.

        Parameters
        ----------
        layers : iterable of str, optional
            Names of layers; all layers when not given.

        Returns
        -------
        pandas.Index
            As in ``patients``.

        Raises
        ------
        CohortError
            If fewer than 10 patients have all layers; the message counts the patients of each layer
            and gives examples of identifiers.

        Examples
        --------
        >>> from omicsfuse.datasets import simulate_cohort
        >>> len(simulate_cohort(40, n_external=0).discovery.common_patients())
        40
        """
        names = self._layer_names(layers)
        shared = self.patients(names)
        if len(shared) < MINIMUM_PATIENTS:
            refuse_few_patients(self, names, len(shared), MINIMUM_PATIENTS)
        return shared

    def survival(self, endpoint: str) -> pd.DataFrame:
        """Return time and event of the patients with both.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint.

        Returns
        -------
        pandas.DataFrame
            Index patient; columns ``time`` (float, in the endpoint's unit, 0 or more) and ``event``
            (int, 1 the event, 0 censored, by a competing event as well). Where the endpoint
            declares them also ``entry`` (float, below ``time``) and ``cause`` (int, 0 censored, 1
            the event, 2 and more competing events, named by ``causes``).

        Raises
        ------
        CohortError
            If there is no clinical table or no such endpoint.

        Examples
        --------
        >>> from omicsfuse.datasets import simulate_cohort
        >>> survival = simulate_cohort(40, n_external=0).discovery.survival("os")
        >>> list(survival.columns), len(survival)
        (['time', 'event'], 40)
        """
        table = times_and_events(self, endpoint).dropna()
        table = table[table["time"] >= 0]
        if "entry" in table:
            table = table[table["entry"] < table["time"]]
        whole = {name: "int64" for name in ("event", "cause") if name in table}
        return table.astype({"time": "float64", **whole})

    def causes(self, endpoint: str) -> dict[int, str]:
        """Name the events of an endpoint: 1 the event, 2 and more competing events.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint.

        Returns
        -------
        dict of int to str
            One entry without competing events.

        Examples
        --------
        >>> from omicsfuse.datasets import simulate_cohort
        >>> simulate_cohort(40, n_external=0).discovery.causes("os")
        {1: 'os'}
        """
        return cause_names(self.endpoints[endpoint], endpoint)

    def survival_exclusions(self, endpoint: str) -> tuple[Exclusion, ...]:
        """Count the patients without time or event, and the patients with a time of zero.

        Patients with a time of zero stay in ``survival``, but have no information on the order of
        events.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint.

        Returns
        -------
        tuple of Exclusion
            Empty without missing values and zeros.

        Raises
        ------
        CohortError
            As in ``survival``.

        Examples
        --------
        >>> from omicsfuse.datasets import simulate_cohort
        >>> simulate_cohort(40, n_external=0).discovery.survival_exclusions("os")
        ()
        """
        return survival_exclusions(times_and_events(self, endpoint), endpoint)

    def _layer_names(self, layers: Iterable[str] | None) -> list[str]:
        names = list(self.omics) if layers is None else list(dict.fromkeys(layers))
        for name in names:
            if name not in self.omics:
                raise CohortError(
                    f'cohort "{self.name}": there is no layer "{name}"; '
                    f"{did_you_mean(name, self.omics) or 'it has none'}."
                )
        return names
