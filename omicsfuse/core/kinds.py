"""What a layer may be: one row for each kind of layer, one for each scale of analysis.

Everything that the package does differently for one kind than for another is a field of its row;
no other module names a kind. A new kind of layer is a new row of ``KINDS``, and a transformer if
none of those in ``preprocessing/`` will do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from omicsfuse.core.errors import CohortError

#: Limit of z-scores: beyond it a value says no more than that it is extreme, or an error.
ZSCORE_LIMIT = 10.0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A scale that values are analysed on, and what follows from it."""

    #: Test between subtypes, one of ``biology.layer_tests.TESTS``.
    test: str = "moderated_t"
    #: Distance between patients where none is named, one of ``fusion.METRICS``.
    distance: str = "euclidean"
    #: What the difference of two means is called.
    difference: str = "difference of means"
    #: What the mean of some patients is called, and what its numbers mean.
    average: str = "mean"
    range: str = ""
    #: Unit of a slope, on scales where a straight line through the values says something.
    slope: str = ""
    #: On scales of calls: each way of being altered, and the value beyond which it is.
    calls: Mapping[str, float] = field(default_factory=dict)
    #: Words for more and less of a feature.
    more: str = "raised"
    less: str = "lowered"


#: Scales of analysis by name. A kind may say something else of one of them.
SCALES = {
    "raw": Scale(),
    "log2": Scale(difference="log2 fold change", average="mean log2 value", slope="log2 change"),
    "zscore": Scale(
        difference="difference in z-score", average="mean z-score", slope="change in SD"
    ),
    "m_value": Scale(
        difference="difference in M-value", average="mean M-value", slope="change of M"
    ),
    "normal_score": Scale(
        test="brunner_munzel", average="mean normal score", range="0: the median patient"
    ),
    "gistic": Scale(
        test="proportional_odds",
        distance="manhattan",
        average="mean copy-number level",
        range="-2 to 2",
        calls={"gained": 0.5, "lost": -0.5},
    ),
    "binary": Scale(
        test="mutated_share",
        distance="jaccard",
        average="share of patients mutated",
        calls={"present": 0.5},
        more="more often",
        less="less often",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of layer: what its tables may hold, and how each room treats them."""

    name: str
    #: Scales that its tables may be given on; the first is assumed where none is declared.
    scales: tuple[str, ...]
    #: Transformer that prepares it: file and class in ``preprocessing/``.
    transformer: str
    #: What preprocessing does to its values, as a clause of the methods section.
    preparation: str
    #: What one feature is called.
    feature: str
    #: What its family of associations is called.
    family: str
    #: Scales of analysis that mean something else here than ``SCALES`` says.
    analysis: Mapping[str, Scale] = field(default_factory=dict)
    #: Features carry gene symbols: dates that a spreadsheet made of them are looked for.
    names_genes: bool = False
    #: Features can be ranked or scored as genes: enrichment, signatures, immune scores.
    ranks_genes: bool = False
    #: Covers the transcriptome: taken for genes where no layer is named.
    transcriptome: bool = False
    #: DNA methylation: probes may be brought to genes, and genes paired with their expression.
    methylome: bool = False
    #: Made of images: one side of every radiogenomic analysis, never the other.
    image: bool = False
    #: Names of features say image type, class and feature, as radiomics programs write them.
    radiomic: bool = False
    #: Which alterations of genes it holds.
    alterations: Literal["", "mutations", "copies"] = ""
    #: Words in the name of a layer that tell its kind, as a regular expression for small letters.
    #: Where several kinds match the last is meant: those of ``expression`` are the most general.
    words: str = "(?!)"
    #: Names of features that only this kind has, as a regular expression for the whole name.
    names: str = "(?!)"
    #: Whether names of its features tell a reader something in the summary of a subtype.
    telling: bool = True

    @property
    def binary(self) -> bool:
        """Whether values are 0 and 1, so that true and false may stand for them."""
        return self.scales == ("binary",)

    def scale(self, name: str) -> Scale:
        """What a scale of analysis means for this kind."""
        return self.analysis.get(name) or SCALES.get(name, SCALES["raw"])


_COPIES = replace(SCALES["log2"], difference="difference in log2 ratio", average="mean log2 ratio")

#: Every kind of layer, in the order in which a reader wants to hear of them.
KINDS: dict[str, Kind] = {
    row.name: row
    for row in (
        Kind(
            name="expression",
            scales=("log2", "counts", "normalised_counts", "tpm", "fpkm", "zscore"),
            transformer="expression.ExpressionPreprocessor",
            preparation="expression was analysed as log2(x + 1) unless given as log2 or z-scores",
            feature="gene",
            family="gene",
            names_genes=True,
            ranks_genes=True,
            transcriptome=True,
            words=r"rna|expr|transcript|\bgex\b|\bgenes?\b|\btpm\b|\bfpkm\b",
            names=r"ENSG\d{11}(\.\d+)?",
        ),
        Kind(
            name="mutation",
            scales=("binary",),
            transformer="mutation.MutationPreprocessor",
            preparation="mutations were coded as absent or present, and genes mutated in too "
            "few patients excluded",
            feature="gene",
            family="mutation",
            analysis={"binary": replace(SCALES["binary"], calls={"mutated": 0.5})},
            names_genes=True,
            alterations="mutations",
            words=r"\bmut|\bsn[vp]s?\b|\bmaf\b|variants?\b",
        ),
        Kind(
            name="copy_number",
            scales=("gistic", "log2"),
            transformer="copy_number.CopyNumberPreprocessor",
            preparation="copy number was used as given, with one of each set of identical profiles",
            feature="feature",
            family="copy number",
            # A copy-number ratio is a log2 ratio already: no fold change of an amount.
            analysis={"log2": _COPIES},
            names_genes=True,
            alterations="copies",
            # Neighbours on a chromosome.
            telling=False,
            words=r"\bcn[av]?s?\b|copy|gistic|\bscna",
        ),
        Kind(
            name="methylation",
            scales=("beta", "m_value"),
            transformer="methylation.MethylationPreprocessor",
            preparation="methylation beta values were converted to M-values",
            feature="methylated feature",
            family="methylation",
            names_genes=True,
            methylome=True,
            words=r"meth|\bcpgs?\b|\b[48]50k\b|\bepic\b",
            names=r"c[gh]\.?\d{7,8}.*",
        ),
        Kind(
            name="mirna",
            scales=("log2", "counts", "normalised_counts", "tpm", "zscore"),
            transformer="expression.MirnaPreprocessor",
            preparation="miRNA was analysed as log2(x + 1) unless given as log2 or z-scores",
            feature="miRNA",
            family="miRNA",
            words=r"\bmi ?rna|micro ?rna|\bmirs?\b",
            names=r"hsa[-.](mir|let)[-.].+",
        ),
        Kind(
            name="protein",
            scales=("raw", "log2", "zscore"),
            transformer="continuous.ContinuousPreprocessor",
            preparation="protein levels were used as given",
            feature="protein",
            family="protein",
            names_genes=True,
            ranks_genes=True,
            words=r"prot|\brppa\b",
        ),
        Kind(
            name="radiomics",
            scales=("raw", "zscore"),
            transformer="radiomics.RadiomicsPreprocessor",
            preparation="radiomic features were transformed to normal scores by rank, and "
            "near-duplicates excluded",
            feature="radiomic feature",
            family="radiomic feature",
            # Units and distributions of radiomic features are arbitrary: ranks are compared.
            analysis={
                name: replace(SCALES[name], test="brunner_munzel") for name in ("raw", "zscore")
            },
            image=True,
            radiomic=True,
            telling=False,
            words=r"radiom|\bimag|texture|\bcts?\b|\bmri?\b|\bpet\b",
        ),
        Kind(
            name="continuous",
            scales=("raw", "zscore"),
            transformer="continuous.ContinuousPreprocessor",
            preparation="continuous features were used as given",
            feature="feature",
            family="feature",
            ranks_genes=True,
        ),
    )
}


class OfKind(Protocol):
    """A layer as it came, or made ready: something with a kind."""

    @property
    def kind(self) -> str:
        """Name of its kind."""
        ...


class Analysed(OfKind, Protocol):
    """A layer on a scale of analysis."""

    @property
    def scale(self) -> str:
        """Name of the scale of its values."""
        ...


def kind_of(layer: OfKind) -> Kind:
    """Row of a layer's kind."""
    if layer.kind not in KINDS:
        raise CohortError(f'kind = "{layer.kind}" is not known; the kinds are {", ".join(KINDS)}.')
    return KINDS[layer.kind]


def analysis_of(layer: Analysed) -> Scale:
    """What the scale of a prepared layer means for its kind."""
    return kind_of(layer).scale(layer.scale)


def layers_that(layers: Mapping[str, OfKind], ask: Callable[[Kind], object]) -> list[str]:
    """Names of the layers whose kind answers a question with yes, in their order."""
    return [name for name, layer in layers.items() if ask(kind_of(layer))]


def kinds_that(ask: Callable[[Kind], object]) -> list[str]:
    """Names of the kinds that answer a question with yes."""
    return [name for name, row in KINDS.items() if ask(row)]


def image_families() -> set[str]:
    """Families of associations whose features are made of images."""
    return {row.family for row in KINDS.values() if row.image}
