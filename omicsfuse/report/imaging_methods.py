"""How immune context, radiogenomic maps, heterogeneity and imaging models came about, in words."""

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.words import listing, plural


def imaging_methods(results: RunResults, cite: Citations) -> list[str]:
    """Describe the methods that this run used, one paragraph for each part that there is.

    Parameters
    ----------
    results : RunResults
        The run.
    cite : Citations
        Numbers the references.

    Returns
    -------
    list of str
    """
    parts = [
        _immune(results, cite),
        _maps(results, cite),
        _modules(results, cite),
        _heterogeneity(results, cite),
        _models(results, cite),
    ]
    return [part for part in parts if part]


def _immune(results: RunResults, cite: Citations) -> str:
    found = results.immune
    if found is None or found.coverage.empty:
        return ""
    text = (
        "Immune and stromal scores were made from the marker sets given, each collection by the "
        "method of its authors (named in the section), and compared between subtypes by ranks; the "
        f"false discovery rate {cite('fdr')} is over the scores and comparisons of a collection."
    )
    if len(found.fractions):
        text += (
            " Shares of cells are those of the reference matrix given, with p-values by random "
            f"mixtures {cite('cibersort')}."
        )
    return text


def _maps(results: RunResults, cite: Citations) -> str:
    found = results.radiogenomics
    if found is None or found.families.empty:
        return ""
    params = found.params
    adjusted = list(params.get("adjusted_for", ()))
    given = listing(adjusted) if adjusted else ""
    text = (
        f"Radiomic features with |rho| of at least {params['threshold']:g} to one another were "
        "gathered (complete linkage), and one representative of each cluster was correlated "
        "(Spearman) with everything molecular; p-values have the first four moments of the "
        f"permutation distribution {cite('pitman')}, intervals are by Fisher's transformation "
        f"{cite('bonett')}, and the false discovery rate {cite('fdr')} is over all pairs of one "
        "layer. "
    )
    text += f"Adjusted, they are partial rank correlations given {given}. " if given else ""
    shuffles = int(found.families["permutations"].max())
    if shuffles:
        text += (
            f"Patients were shuffled {plural(shuffles, 'time')} to see how small a false discovery "
            "rate comes by chance."
        )
    return text.strip()


def _modules(results: RunResults, cite: Citations) -> str:
    found = results.radiogenomics
    if found is None or found.modules.empty:
        return ""
    settings = found.params.get("modules", {})
    return (
        f"Modules of co-expressed genes {cite('wgcna')} were held against wider clusters of "
        f"radiomic features by the first canonical correlation {cite('cca')} of at most "
        f"{settings.get('n_components', 3)} principal components of either, weights chosen in "
        f"training patients and judged in held-out ones ({settings.get('n_folds', 5)} folds); "
        f"p-values are by permutation of patients, stopped early for clear cases {cite('besag')}."
    )


def _heterogeneity(results: RunResults, cite: Citations) -> str:
    if results.heterogeneity is None:
        return ""
    text = (
        "The heterogeneity index is the coordinate of a patient along the fused network "
        f"{cite('snf')} of first-order and of texture features that follows the entropy of grey "
        "levels most. Similarity network fusion of first-order and texture features is the method "
        f"of Su et al. {cite('su')}; choice of features, order and scale of the index are those of "
        "omicsfuse."
    )
    if "math" in results.heterogeneity.patients:
        text += (
            f" Heterogeneity of the genome is MATH {cite('math')}, from all variants of the MAF."
        )
    return text


def _models(results: RunResults, cite: Citations) -> str:
    if not results.interpretations:
        return ""
    names = listing([clean(name) for name in results.interpretations])
    return (
        f"What goes with the imaging models ({names}) was tested by the moderated t "
        f"{cite('limma')} of each gene on normal scores of the model's score, by partial rank "
        "correlation elsewhere, alone and with covariates; gene sets on that ranking have p-values "
        f"by shuffled patients, with covariates as by Freedman and Lane {cite('lane')}."
    )
