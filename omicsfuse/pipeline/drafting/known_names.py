"""Names that portals and programs give their files, and what they hold."""

import re

#: Files that are no data, by their endings.
_BESIDE = (
    *(".toml", ".md", ".rst", ".py", ".r", ".rmd", ".ipynb", ".sh", ".json", ".yml", ".yaml"),
    *(".html", ".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".svg", ".docx", ".pptx", ".log"),
    *(".md5", ".sha256", ".xml", ".bib", ".bai", ".tbi", ".fai", ".lock"),
)
#: Files that describe others, by their whole names.
_DESCRIPTIONS = re.compile(
    r"readme.*|license.*|licence.*|manifest\.txt|gdc_manifest.*|meta_.*\.txt|annotations\.txt"
    r"|md5sums?.*|checksums?.*|cases_(?!sequenced).*\.txt|.*\.log\.txt"
)
#: Files that hold data which no layer and no clinical table can take, and why.
_NOT_USED = (
    (r"data_timeline.*", "events over time, several rows a patient"),
    (r"data_gene_panel_matrix.*|data_gene_matrix.*", "which panel was used, no measurement"),
    (r"data_(sv|fusions?|structural_variants?)\b.*", "fusions are of no kind of layer"),
    (
        r".*\.seg(\.txt)?|data_cna_hg\d+.*|.*segment(s|ation)?[._].*",
        "segments: a layer of copy number has a value for each gene or arm",
    ),
    (r"data_mutsig.*|data_gistic_genes.*|sig_genes.*|(amp|del)_genes.*", "results of the cohort"),
    (r".*_normals?(_.*)?\.(txt|tsv)", "normal samples"),
    (
        r"data_linear_cna.*|.*linear_cna.*",
        "linear copy numbers: discrete calls (data_cna) or log2 ratios are used",
    ),
    (
        r"(exposure|family_history|follow_up|pathology_detail|molecular_test|biospecimen|aliquot"
        r"|analyte|portion|slide)\.tsv",
        "a table of the GDC beside clinical.tsv",
    ),
    (r".*probemap.*|gpl\d+.*", "places or names of probes"),
)
#: Kinds by words in the names of files; the first that fits is meant.
_KINDS = (
    (r"mirna|mirbase|isoforms?[._]quant|\bmirs?\b", "mirna"),
    (r"hm450|hm27|humanmethylation|methylation|\bbetas?\b|\b[48]50k\b", "methylation"),
    (r"rppa|tcpa|rbn\b|proteom|protein", "protein"),
    (
        r"thresholded|data_by_genes|broad_values|_cna\b|\bcna\b|gistic|copy_?number|arm_?level"
        r"|gene-level|ascat|masked_copy|absolute_cn",
        "copy_number",
    ),
    (r"mutect|mc3|\.maf|mutations?\b|somatic", "mutation"),
    (r"radiom|lifex|mirp|captk|cgita|texture|features?_(ct|mri?|pet)\b", "radiomics"),
    (
        r"hiseqv2|hiseq|htseq|star[_.-]?(counts|tpm|fpkm)|rsem|agilentg4502|geneexp|gene_exp"
        r"|mrna|salmon|kallisto|featurecounts|u133|series_matrix|rna[_.-]?seq|_tpm|_fpkm",
        "expression",
    ),
)


def is_description(name: str) -> bool:
    """Whether a file (name in small letters) is no data by its name."""
    return name.endswith(_BESIDE) or _DESCRIPTIONS.fullmatch(name) is not None


def not_used(name: str) -> str:
    """Why a file (name in small letters) can be no table of a cohort; empty where it may be."""
    return next((why for pattern, why in _NOT_USED if re.fullmatch(pattern, name)), "")


def kind_of_name(name: str) -> str:
    """Kind of layer that portals give a name to; empty where there is none."""
    return next((kind for pattern, kind in _KINDS if re.search(pattern, name.lower())), "")
