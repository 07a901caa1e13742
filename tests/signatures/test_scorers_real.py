"""Published subtypes of head and neck cancer, carried to other patients by every scorer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.results import Prepared, Signature, Subtypes, Target
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import derive_signature, score_signature
from omicsfuse.signatures.cut_points import fix_cut_points
from omicsfuse.signatures.identifiers import match_genes, match_summary
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.scorer import SCALINGS_OF

NAMES = {"Basal": "S1", "Atypical": "S2", "Mesenchymal": "S3", "Classical": "S4"}
DISCOVERY, EXTERNAL = "tcga_hnsc_radiogenomic", "tcga_hnsc_noimaging_external"


def ready(folder: Path, file: str, scale: str) -> tuple[Prepared, pd.DataFrame]:
    table = pd.read_csv(folder / file, sep="\t", index_col=0)
    prepared = preprocess(Cohort(folder.name, {"rna": Layer("expression", table, scale)}))
    return prepared, prepared.layers["rna"].values  # noqa: PD011 - a field of ours


def known(folder: Path) -> pd.Series:
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col=0)
    return clinical["subtype_mrna"].dropna().map(NAMES)


@pytest.fixture(scope="module")
def hnsc(real_data: Path) -> tuple[Signature, pd.DataFrame, pd.Series]:
    prepared, values = ready(real_data / DISCOVERY, "expression_rnaz.tsv.gz", "zscore")
    labels = known(real_data / DISCOVERY)
    labels = labels[labels.index.isin(values.index)]
    signature = derive_signature(Subtypes(labels, {}, {}), prepared, n_genes=30)
    target = Target("subtypes", "groups", labels)
    cuts = fix_cut_points(signature, values.loc[labels.index], target)
    locked = lock(replace(signature, cut_points=cuts, hash=""))
    _, other = ready(real_data / EXTERNAL, "expression_rnaz.tsv.gz", "zscore")
    return locked, other, known(real_data / EXTERNAL)


def test_all_scorers_tell_much_the_same(
    hnsc: tuple[Signature, pd.DataFrame, pd.Series],
) -> None:
    signature, table, truth = hnsc
    scores: dict[str, list[pd.Series]] = {name: [] for name in NAMES.values()}
    for scorer, scalings in SCALINGS_OF.items():
        for scaling in scalings:
            found = score_signature(signature, table, scorer=scorer, scaling=scaling)
            for name, own in scores.items():
                own.append(found[f"score_{name}"])
            subtype = found["subtype"].dropna()
            both = subtype[subtype.index.isin(truth.index)]
            # The largest subtype makes a third of them.
            assert (both == truth[both.index]).mean() > 0.7, (scorer, scaling)
    for own in scores.values():
        assert np.corrcoef(np.array(own)).min() > 0.85


def test_who_resembles_nothing_is_left_alone(
    hnsc: tuple[Signature, pd.DataFrame, pd.Series], real_data: Path
) -> None:
    signature, table, truth = hnsc
    found = score_signature(signature, table)
    found = found[found.index.isin(truth.index)]
    sure = found["subtype"].notna()
    agreement = found["nearest"] == truth[found.index]
    assert 0.6 < sure.mean() < 0.95
    assert agreement[sure].mean() > agreement[~sure].mean() + 0.15
    # In another disease hardly anybody resembles a subtype of this one.
    _, glioma = ready(real_data / "external_glioma_vital", "expression.tsv.gz", "log2")
    matches = match_genes(signature.templates.index, glioma.columns)
    assert match_summary(matches).startswith("111 of 120 genes found: 111 exact; not found: CDK3")
    elsewhere = score_signature(signature, glioma)
    assert elsewhere["subtype"].notna().mean() < 0.25
