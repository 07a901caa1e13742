"""One cohort scored by a locked signature: who has which score, and what was lost on the way."""

import warnings
from dataclasses import dataclass, replace

import pandas as pd

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, SignatureError
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import Signature
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import score_signature
from omicsfuse.signatures.identifiers import match_genes
from omicsfuse.signatures.scaling import MINIMUM_PATIENTS
from omicsfuse.signatures.scorer import make_scorer
from omicsfuse.signatures.training import relation, training_patients, without_patients


@dataclass(frozen=True, eq=False)
class How:
    """How signatures are to be scored in every cohort; None: as the signature says."""

    layer: str | None = None
    scorer: str | None = None
    scaling: str | None = None
    aliases: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class ScoredCohort:
    """One cohort's scores, without training patients, and what every row about it says."""

    cohort: Cohort
    row: dict[str, object]
    table: pd.DataFrame
    assigned: pd.DataFrame
    note: str
    aliases: pd.DataFrame | None = None

    @property
    def scorer(self) -> str:
        """How it was scored."""
        return str(self.row["scorer"])

    @property
    def scaling(self) -> str:
        """How genes were scaled."""
        return str(self.row["scaling"])


def join_notes(*notes: str) -> str:
    """Join notes that are not empty, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))


def score_names(assigned: pd.DataFrame) -> list[str]:
    """Names of the scores of a table of assignments, in order."""
    return [
        str(column).removeprefix("score_")
        for column in assigned.columns
        if str(column).startswith("score_")
    ]


def score_cohort(
    signature: Signature, whole: Cohort, how: How, *, control: bool, drawn: bool
) -> tuple[dict[str, object], ScoredCohort | None, pd.DataFrame, list[Exclusion]]:
    """Score one cohort: its row, scores or None with a note why, gene names, exclusions."""
    same_study, note = relation(signature, whole)
    if control:
        role = "negative control"
    else:
        role = "internal-external" if same_study in ("yes", "by name") else "external"
    name = expression_layer(
        whole.omics,
        how.layer,
        f"verify: cohort {whole.name!r}",
        trained=str(signature.trained_on.get("layer", "")),
    )
    given = whole.omics[name].table
    trained = training_patients(signature, given.index)
    genes, other_kind = _matched(signature, given.columns, how.aliases)
    known_as = _names(genes)
    columns = given.columns.map(lambda gene: known_as.get(gene, gene))
    left, usable = len(given) - len(trained), columns
    exclusions = []
    if len(trained):
        exclusions.append(_shared(signature, whole, trained))
        note = join_notes(note, f"{len(trained)} patients of the training cohort excluded")
    row: dict[str, object] = {
        "cohort": whole.name,
        "signature": signature.name,
        "role": role,
        "genes_total": len(signature.templates),
        "scorer": how.scorer or signature.scorer,
        "scaling": how.scaling or signature.scaling,
        "same_study": same_study,
    }
    scored = None
    try:
        if other_kind:
            raise SignatureError(other_kind)
        if len(trained) and left < MINIMUM_PATIENTS:
            raise SignatureError(
                f"{left} of {len(given)} patients are not in the training cohort; at least "
                f"{MINIMUM_PATIENTS} are needed"
            )
        cohort = without_patients(whole, name, trained)
        table, lost = expression_values(cohort, name)
        exclusions += lost
        # Sorted, so that no result depends on the order of the genes in a file.
        table = table.rename(columns=known_as).sort_index(axis=1)
        left, usable = len(table), table.columns
        assigned = score_signature(signature, table, scorer=how.scorer, scaling=how.scaling)
        if len(assigned):
            row |= {key: str(assigned[key].iloc[0]) for key in ("scorer", "scaling")}
        ready = make_scorer(
            str(row["scorer"]), table, scaling=str(row["scaling"]), signature=signature
        )
        usable = ready.genes
        if row["scaling"] == "reference":
            # Other genes have no reference, and are not scored for want of it, not of values.
            others = table.columns[~table.columns.isin(signature.templates.index)]
            usable = usable.append(others)
        scored = ScoredCohort(cohort, row, table, assigned, note, how.aliases)
    except (CohortError, SignatureError) as error:
        note = join_notes(note, f"not scored: {error}")
        warnings.warn(
            f"cohort {whole.name!r} cannot verify the signature: {error}",
            OmicsfuseWarning,
            stacklevel=3,
        )
    exclusions += _unusable(
        signature, whole.name, name, columns, usable, drawn and scored is not None
    )
    row |= {
        "n": left,
        "genes_found": int(signature.templates.index.isin(usable).sum()),
        "note": note,
    }
    coverage = genes.assign(cohort=whole.name, signature=signature.name)
    return row, scored, coverage[["cohort", "signature", "gene", "found_as", "how"]], exclusions


def _matched(
    signature: Signature, names: pd.Index, aliases: pd.DataFrame | None
) -> tuple[pd.DataFrame, str]:
    """Find the genes; where the cohort has names of another kind, none is, and it is said why."""
    wanted = signature.templates.index
    try:
        return match_genes(wanted, names, aliases=aliases), ""
    except SignatureError as error:
        table = pd.DataFrame({"gene": [str(gene) for gene in wanted]})
        return table.assign(found_as="", how="not found"), str(error)


def _names(genes: pd.DataFrame) -> dict[str, str]:
    """Name in the cohort -> name in the signature, each used once."""
    known: dict[str, str] = {}
    for gene, found_as in zip(genes["gene"], genes["found_as"], strict=True):
        if isinstance(found_as, str) and found_as:
            known.setdefault(found_as, str(gene))
    return known


def _shared(signature: Signature, cohort: Cohort, trained: pd.Index) -> Exclusion:
    """Say which patients the training cohort has too, and count them as lost."""
    examples = tuple(str(patient) for patient in trained[:5])
    origin = signature.trained_on.get("cohort", "")
    warnings.warn(
        f"cohort {cohort.name!r} has {len(trained)} patients of the training cohort "
        f"{origin!r}, which are excluded: {', '.join(examples)}. If these are different "
        "people with the same identifiers, rename them.",
        OmicsfuseWarning,
        stacklevel=4,
    )
    reason = "patients of the training cohort, excluded"
    return Exclusion("verify", cohort.name, "patients", len(trained), reason, examples)


def expression_values(cohort: Cohort, layer: str) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Patients x usable genes on the scale of analysis, before anything for distances."""
    prepared = preprocess(cohort, [layer])
    table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
    exclusions = [
        replace(exclusion, layer=cohort.name)
        for exclusion in prepared.exclusions
        if exclusion.step == "preprocess" and exclusion.what == "patients"
    ]
    if prepared.layers[layer].scale == "zscore":
        given = cohort.omics[layer].table.loc[table.index, table.columns]
        limited = (given.abs() > table.abs()).sum()
        if limited.any():
            examples = tuple(str(gene) for gene in limited.index[limited > 0][:5])
            reason = "z-scores beyond the limit, set to the limit"
            exclusions.append(
                Exclusion("verify", cohort.name, "values", int(limited.sum()), reason, examples)
            )
    return table, exclusions


def _unusable(
    signature: Signature, cohort: str, layer: str, given: pd.Index, usable: pd.Index, drawn: bool
) -> list[Exclusion]:
    """Count each gene that cannot be scored once: absent, unusable, or unusable and another's."""
    genes = signature.templates.index
    why = "too often missing, or nearly constant"
    others = given[~(given.isin(usable) | given.isin(genes))]
    unusable = (
        ("genes", genes[~genes.isin(given)], f"genes of the signature missing from layer {layer}"),
        (
            "genes",
            genes[genes.isin(given) & ~genes.isin(usable)],
            f"genes of the signature in layer {layer}, unusable: {why}",
        ),
        (
            "features",
            others[: None if drawn else 0],
            f"other features of layer {layer}, not drawn for random sets: {why}",
        ),
    )
    return [
        Exclusion(
            "verify", cohort, counted, len(lost), reason, tuple(str(gene) for gene in lost[:5])
        )
        for counted, lost, reason in unusable
        if len(lost)
    ]
