"""What the command `interpret` says."""

from omicsfuse.core.results import Interpretation
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.p_values import p_text

#: From this correlation with the tumour's volume on, a score is called a measure of it.
MEASURE_OF_VOLUME = 0.9


def interpretation_summary(found: Interpretation) -> list[str]:
    """Say in a few lines what goes with a model."""
    lines = [f"{found.name}: {found.kind}, {len(found.scores)} patients"]
    for contrast, volume in found.params.get("volume_correlation", {}).items():
        r = volume["correlation"]
        if r == r:
            text = f"{contrast} and tumour volume: Spearman {r:.2f} (n = {volume['n']})"
            measure = ", so it is a measure of volume" if abs(r) > MEASURE_OF_VOLUME else ""
            lines.append(f"  {text}{measure}")
    names = ", ".join(found.params.get("adjusted_for", ())) or "nothing"
    lines.append(f"  adjusted for: {names}")
    lines += [f"  not adjusted for {note}" for note in found.params.get("not_adjusted_for", ())]
    for _, row in found.families.iterrows():
        if not row["tests"]:
            lines.append(f"  {row['layer']}: {row['note']}")
            continue
        text = f"  {row['layer']}: {row['found']} of {row['tests']} found at FDR {FDR:g}"
        if row["adjusted_n"]:
            text += f", {row['adjusted_found']} adjusted ({row['kept']} both)"
        lines.append(f"{text}; n = {row['n']}, smallest FDR {p_text(row['smallest_fdr'])}")
    for score, table in found.enrichment.groupby("score", sort=False):
        family = table["fdr_patients"] if table["fdr_patients"].notna().any() else table["fdr"]
        lines.append(
            f"  gene sets, {score}: {int((family <= FDR).sum())} of {len(table)} at FDR {FDR:g}"
        )
    return lines
