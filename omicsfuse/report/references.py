"""References that several sections cite, and the numbering of all references."""

from omicsfuse.fusion import METHODS

#: References that more than one section cites; others stand with their section.
SHARED = {
    **{key: text for method in METHODS.values() for key, text in method.references.items()},
    "eigengap": "von Luxburg U. A tutorial on spectral clustering. Stat Comput 2007;17:395-416. "
    "doi:10.1007/s11222-007-9033-z",
    "silhouette": "Rousseeuw PJ. Silhouettes: a graphical aid to the interpretation and validation "
    "of cluster analysis. J Comput Appl Math 1987;20:53-65. doi:10.1016/0377-0427(87)90125-7",
    "permutation": "Phipson B, Smyth GK. Permutation p-values should never be zero: calculating "
    "exact p-values when permutations are randomly drawn. Stat Appl Genet Mol Biol 2010;9:39. "
    "doi:10.2202/1544-6115.1585",
    "fdr": "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and "
    "powerful approach to multiple testing. J R Stat Soc B 1995;57:289-300. "
    "doi:10.1111/j.2517-6161.1995.tb02031.x",
    "limma": "Smyth GK. Linear models and empirical Bayes methods for assessing differential "
    "expression in microarray experiments. Stat Appl Genet Mol Biol 2004;3:3. "
    "doi:10.2202/1544-6115.1027",
}


class Citations:
    """Numbers references in the order in which they are cited."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, *keys: str) -> str:
        """Numbers of these references in brackets."""
        self.keys += [key for key in keys if key not in self.keys]
        return f"[{', '.join(str(self.keys.index(key) + 1) for key in keys)}]"
