"""The locked signatures of a run: what they stand for, and whether they do."""

from collections.abc import Iterator
from typing import TypeAlias

import pandas as pd

from omicsfuse.core.results import DerivedSignature, RunResults, Signature
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE

#: Signatures by name, the one of the subtypes first.
Signatures: TypeAlias = dict[str, DerivedSignature]


def every_signature(results: RunResults) -> Signatures:
    """All signatures of a run by name, the one of the subtypes first."""
    if results.signatures:
        return dict(results.signatures)
    if results.signature is None:
        return {}
    only = DerivedSignature(results.signature, pd.DataFrame(), results.verification)
    return {results.signature.name: only}


def stacked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of all signatures, with the name of each; empty where there is none."""
    known = [table.assign(signature=name) for name, table in tables.items() if len(table)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame()


def verified(every: Signatures, part: str) -> pd.DataFrame:
    """Rows of one table of all verifications."""
    verifications = {name: derived.verification for name, derived in every.items()}
    return stacked(
        {
            name: getattr(verification, part)
            for name, verification in verifications.items()
            if verification
        }
    )


def derived_sentence(signature: Signature) -> str:
    """Say what a signature is made of and what it was trained on."""
    source = clean(signature.target.get("source", "")) or "subtypes"
    text = (
        f"The signature {clean(signature.name)} has {plural(len(signature.templates), 'gene')} on "
        f"scale {clean(signature.scale)}{_trained(signature)}. It stands for {source}, by the "
        f"method {clean(signature.method.replace('_', ' '))}, and is "
        f"{'locked' if signature.hash else 'not locked'}."
    )
    return f"{text} {agreement_sentence(signature)}".strip()


def _trained(signature: Signature) -> str:
    """Name layer, patients and cohort that a signature was derived from, as far as known."""
    known = signature.trained_on
    layer, cohort, study = (clean(known.get(name, "")) for name in ("layer", "cohort", "study"))
    text = f" of layer {layer}" if layer else ""
    patients, labelled = known.get("n_patients"), int(known.get("n_labelled") or 0)
    if patients is not None:
        text += f", derived from {plural(int(patients), 'patient')}"
        text += f" (of {labelled:,} with a value)" if labelled > patients else ""
    text += f" of cohort {cohort}" if cohort else ""
    text += f", study {study}" if study else ""
    sizes = [f"{clean(name)} {int(n)}" for name, n in known.get("subtype_sizes", {}).items()]
    text += f": {listing(sizes)}" if sizes else ""
    text += f", {plural(int(known['events']), 'event')}" if "events" in known else ""
    return text


def agreement_sentence(signature: Signature) -> str:
    """Say whether held-out scores of the genes go with what they are to stand for."""
    if signature.agreement.empty:
        return ""
    row = signature.agreement.iloc[0]
    value = f"{clean(row['measure'])} {format_number(float(row['value']), 2)}"
    chance, p = float(row["by_chance"]), float(row["p"])
    if chance == chance:
        value += f", {format_number(chance, 2)} by chance"
    if p != p:
        return f"Cross-validated agreement with what it stands for: {value}."
    if p <= SIGNIFICANCE:
        return (
            "In patients held out of the choice of genes, its score goes with what it stands for "
            f"({value}, {format_p(p)})."
        )
    return (
        "In patients held out of the choice of genes, there is no evidence that its score goes "
        f"with what it stands for ({value}, {format_p(p)}): whatever it shows elsewhere says "
        "little about it."
    )


def caveats(every: Signatures) -> Iterator[str]:
    """Name signatures whose held-out scores do not go with what they stand for."""
    for name, derived in every.items():
        agreement = derived.signature.agreement
        if len(agreement) and agreement["p"].iloc[0] > SIGNIFICANCE:
            yield f"Signature {clean(name)}: {agreement_sentence(derived.signature)}"


def agreement_table(every: Signatures) -> Table | None:
    """Lay out the cross-validated agreement of each gene set with its target."""
    frame = stacked({name: derived.signature.agreement for name, derived in every.items()})
    if frame.empty:
        return None
    frame = with_interval(frame, "", format_number)
    return make_table(
        frame.rename(columns={"by_chance": "chance"}),
        ["signature", "score", "measure", "value", "interval", "chance", "p", "n", "note"],
        "Does the gene set stand for what it was derived from? Agreement of held-out scores with "
        "the target by cross-validation, genes chosen anew in each training part. Chance: the "
        "mean where the target is shuffled among patients and everything repeated, from which p "
        "comes too.",
        file="signature_agreement.tsv",
    )


def signatures_table(every: Signatures) -> Table | None:
    """List the signatures."""
    frame = pd.DataFrame(
        [
            {
                "signature": name,
                "stands for": derived.signature.target.get("source", ""),
                "method": derived.signature.method.replace("_", " "),
                "genes": len(derived.signature.templates),
                "scorer": derived.signature.scorer.replace("_", " "),
                "SHA-256": derived.signature.hash,
            }
            for name, derived in every.items()
        ]
    )
    return make_table(
        frame,
        list(frame.columns),
        "The signatures of this run. SHA-256 locks content, scaling and cut-points.",
        file="signature.json",
    )


def methods_text(signature: Signature) -> str:
    """Say what the signature of the subtypes is, and how it was locked."""
    text = (
        f"A signature of {plural(len(signature.templates), 'gene')} was derived from the subtypes "
        f"(scale {clean(signature.scale)})."
    )
    if signature.hash:
        text += " It was locked, with a hash of its content (SHA-256, in signature.json)."
    return text
