"""Genes that are mutated often because they are long, whatever the disease."""

#: The first twenty of the genes with most rare variants in healthy people.
_FLAGS = (
    "TTN", "MUC16", "OBSCN", "AHNAK2", "SYNE1", "FLG", "MUC5B", "DNAH17", "PLEC", "DST", "SYNE2",
    "NEB", "HSPG2", "LAMA5", "AHNAK", "HMCN1", "USH2A", "DNAH11", "MACF1", "MUC17",
)  # fmt: skip
#: Very large or late-replicating genes that tests of cancer genes find without reason.
_LARGE = ("CSMD1", "CSMD3", "MUC4", "RYR2", "RYR3")

#: Genes whose mutations say little by themselves. Sources: Shyr and others 2014, BMC Med Genomics
#: 7:64 (FLAGS, the first twenty); Lawrence and others 2013, Nature 499:214.
LONG_GENES = frozenset(_FLAGS + _LARGE)
