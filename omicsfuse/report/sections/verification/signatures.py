"""The locked signatures of a run: their targets, and their agreement with them."""

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
        f"scale {clean(signature.scale)}{_trained(signature)}. Its target is {source} (method "
        f"{clean(signature.method.replace('_', ' '))}); it is "
        f"{'locked' if signature.hash else 'not locked'}."
    )
    return text if _disagrees(signature) else f"{text} {agreement_sentence(signature)}".strip()


def _disagrees(signature: Signature) -> bool:
    """Whether held-out scores are not shown to be associated with the target: then a caveat."""
    return len(signature.agreement) > 0 and signature.agreement["p"].iloc[0] > SIGNIFICANCE


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
    """Say whether held-out scores of the genes are associated with the target."""
    if signature.agreement.empty:
        return ""
    row = signature.agreement.iloc[0]
    value = f"{clean(row['measure'])} {format_number(float(row['value']), 2)}"
    chance, p = float(row["by_chance"]), float(row["p"])
    if chance == chance:
        value += f", {format_number(chance, 2)} by chance"
    if p != p:
        return f"Cross-validated agreement with its target: {value}."
    if p <= SIGNIFICANCE:
        return f"Its held-out score is associated with its target ({value}, {format_p(p)})."
    return (
        f"There is no evidence that its held-out score is associated with its target ({value}, "
        f"{format_p(p)}): its results in other cohorts say little about the target."
    )


def caveats(every: Signatures) -> Iterator[str]:
    """Name signatures whose held-out scores are not shown to be associated with the target."""
    for name, derived in every.items():
        if _disagrees(derived.signature):
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
        "Agreement of held-out scores with the target. Cross-validation; genes are chosen anew in "
        "each training part. Chance: mean agreement when the target is shuffled among patients and "
        "everything is repeated; p is from the same shuffles.",
        file="signature_agreement.tsv",
    )


def signatures_table(every: Signatures) -> Table | None:
    """List the signatures."""
    frame = pd.DataFrame(
        [
            {
                "signature": name,
                "target": derived.signature.target.get("source", ""),
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
        "The signatures of this run. SHA-256 locks their content, scaling and cut-points.",
        file="signature.json",
    )


def methods_text(signature: Signature) -> str:
    """Describe the signature of the subtypes, and how it was locked."""
    text = (
        f"A signature of {plural(len(signature.templates), 'gene')} was derived from the subtypes "
        f"(scale {clean(signature.scale)})."
    )
    if signature.hash:
        text += " It was locked with a hash of its content (SHA-256, in signature.json)."
    return text
