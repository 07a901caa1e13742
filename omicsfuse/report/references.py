"""References that the methods cite, and their numbers."""

REFERENCES = {
    "snf": "Wang B et al. Similarity network fusion for aggregating data types on a genomic scale. "
    "Nat Methods 2014;11:333-337. doi:10.1038/nmeth.2810",
    "snfpy": "Markello R. snfpy: similarity network fusion in Python (software).",
    "spectral": "Ng AY, Jordan MI, Weiss Y. On spectral clustering: analysis and an algorithm. "
    "Adv Neural Inf Process Syst 2001;14:849-856.",
    "eigengap": "von Luxburg U. A tutorial on spectral clustering. Stat Comput 2007;17:395-416. "
    "doi:10.1007/s11222-007-9033-z",
    "silhouette": "Rousseeuw PJ. Silhouettes: a graphical aid to the interpretation and validation "
    "of cluster analysis. J Comput Appl Math 1987;20:53-65. doi:10.1016/0377-0427(87)90125-7",
    "stability": "Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal "
    "2007;52:258-271. doi:10.1016/j.csda.2006.11.025",
    "rand": "Hubert L, Arabie P. Comparing partitions. J Classif 1985;2:193-218. "
    "doi:10.1007/BF01908075",
    "umap": "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection "
    "for dimension reduction. arXiv:1802.03426, 2018.",
    "km": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat "
    "Assoc 1958;53:457-481. doi:10.1080/01621459.1958.10501452",
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics arising in "
    "its consideration. Cancer Chemother Rep 1966;50:163-170.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. "
    "doi:10.1111/j.2517-6161.1972.tb00899.x",
    "lifelines": "Davidson-Pilon C. lifelines: survival analysis in Python. J Open Source Softw "
    "2019;4:1317. doi:10.21105/joss.01317",
    "fdr": "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and "
    "powerful approach to multiple testing. J R Stat Soc B 1995;57:289-300. "
    "doi:10.1111/j.2517-6161.1995.tb02031.x",
    "noncentral": "Smithson M. Confidence Intervals. Thousand Oaks: Sage, 2003.",
    "freeman": "Freeman GH, Halton JH. Note on an exact treatment of contingency, goodness of fit "
    "and other problems of significance. Biometrika 1951;38:141-149.",
    "tableone": "Pollard TJ, Johnson AEW, Raffa JD, Mark RG. tableone: an open source Python "
    "package for producing summary statistics for research papers. JAMIA Open 2018;1:26-31. "
    "doi:10.1093/jamiaopen/ooy012",
    "gsea": "Subramanian A et al. Gene set enrichment analysis: a knowledge-based approach for "
    "interpreting genome-wide expression profiles. Proc Natl Acad Sci USA 2005;102:15545-15550. "
    "doi:10.1073/pnas.0506580102",
    "gseapy": "Fang Z, Liu X, Peltz G. GSEApy: a comprehensive package for performing gene set "
    "enrichment analysis in Python. Bioinformatics 2023;39:btac757. "
    "doi:10.1093/bioinformatics/btac757",
    "limma": "Smyth GK. Linear models and empirical Bayes methods for assessing differential "
    "expression in microarray experiments. Stat Appl Genet Mol Biol 2004;3:3. "
    "doi:10.2202/1544-6115.1027",
    "cibersort": "Newman AM et al. Robust enumeration of cell subsets from tissue expression "
    "profiles. Nat Methods 2015;12:453-457. doi:10.1038/nmeth.3337",
    "pitman": "Pitman EJG. Significance tests which may be applied to samples from any "
    "populations. II. The correlation coefficient test. J R Stat Soc Suppl 1937;4:225-232.",
    "bonett": "Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and "
    "Spearman correlations. Psychometrika 2000;65:23-28. doi:10.1007/BF02294183",
    "wgcna": "Zhang B, Horvath S. A general framework for weighted gene co-expression network "
    "analysis. Stat Appl Genet Mol Biol 2005;4:17. doi:10.2202/1544-6115.1128",
    "cca": "Hotelling H. Relations between two sets of variates. Biometrika 1936;28:321-377.",
    "besag": "Besag J, Clifford P. Sequential Monte Carlo p-values. Biometrika 1991;78:301-304.",
    "su": "Su GH et al. Radiogenomic-based multiomic analysis reveals imaging intratumor "
    "heterogeneity phenotypes and therapeutic targets. Sci Adv 2023;9:eadf0837.",
    "math": "Mroz EA, Rocco JW. MATH, a novel measure of intratumor genetic heterogeneity, is high "
    "in poor-outcome classes of head and neck squamous cell carcinoma. Oral Oncol 2013;49:211-215.",
    "lane": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. "
    "J Bus Econ Stat 1983;1:292-298.",
    "random": "Venet D, Dumont JE, Detours V. Most random gene expression signatures are "
    "significantly associated with breast cancer outcome. PLoS Comput Biol 2011;7:e1002240. "
    "doi:10.1371/journal.pcbi.1002240",
    "sklearn": "Pedregosa F et al. Scikit-learn: machine learning in Python. J Mach Learn Res "
    "2011;12:2825-2830.",
    "cut": "Shi J, Malik J. Normalized cuts and image segmentation. IEEE Trans Pattern Anal Mach "
    "Intell 2000;22:888-905. doi:10.1109/34.868688",
    "gap": "Tibshirani R, Walther G, Hastie T. Estimating the number of clusters in a data set via "
    "the gap statistic. J R Stat Soc B 2001;63:411-423. doi:10.1111/1467-9868.00293",
    "rotation_cost": "Zelnik-Manor L, Perona P. Self-tuning spectral clustering. Adv Neural Inf "
    "Process Syst 2004;17:1601-1608.",
    "consensus": "Monti S, Tamayo P, Mesirov J, Golub T. Consensus clustering: a resampling-based "
    "method for class discovery and visualization of gene expression microarray data. Mach Learn "
    "2003;52:91-118. doi:10.1023/A:1023949509487",
    "pac": "Senbabaoglu Y, Michailidis G, Li JZ. Critical limitations of consensus clustering in "
    "class discovery. Sci Rep 2014;4:6207. doi:10.1038/srep06207",
    "prediction": "Tibshirani R, Walther G. Cluster validation by prediction strength. J Comput "
    "Graph Stat 2005;14:511-528. doi:10.1198/106186005X59243",
    "rotation": "Langsrud O. Rotation tests. Stat Comput 2005;15:53-60. "
    "doi:10.1007/s11222-005-4789-5",
    "one mode": "Silverman BW. Using kernel density estimates to investigate multimodality. J R "
    "Stat Soc B 1981;43:97-99. doi:10.1111/j.2517-6161.1981.tb01155.x",
    "permutation": "Phipson B, Smyth GK. Permutation p-values should never be zero: calculating "
    "exact p-values when permutations are randomly drawn. Stat Appl Genet Mol Biol 2010;9:39. "
    "doi:10.2202/1544-6115.1585",
    "recovery": "Steinley D. Properties of the Hubert-Arabie adjusted Rand index. Psychol Methods "
    "2004;9:386-396. doi:10.1037/1082-989X.9.3.386",
    "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat "
    "Assoc 1977;72:557-565. doi:10.1080/01621459.1977.10480613",
    "firth": "Firth D. Bias reduction of maximum likelihood estimates. Biometrika 1993;80:27-38. "
    "doi:10.1093/biomet/80.1.27",
    "firth in cox": "Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox "
    "regression. Biometrics 2001;57:114-119. doi:10.1111/j.0006-341X.2001.00114.x",
    "zph": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted "
    "residuals. Biometrika 1994;81:515-526. doi:10.1093/biomet/81.3.515",
    "trend": "Tarone RE. Tests for trend in life table analysis. Biometrika 1975;62:679-690. "
    "doi:10.1093/biomet/62.3.679",
    "follow-up": "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure "
    "time. Control Clin Trials 1996;17:343-346. doi:10.1016/0197-2456(96)00075-X",
    "incidence": "Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov "
    "chains based on censored observations. Scand J Stat 1978;5:141-150.",
    "rmst": "Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard "
    "ratio for the design and analysis of randomized trials with a time-to-event outcome. BMC Med "
    "Res Methodol 2013;13:152. doi:10.1186/1471-2288-13-152",
    "rmst permuted": "Horiguchi M, Uno H. On permutation tests for comparing restricted mean "
    "survival time with small sample from randomized trials. Stat Med 2020;39:2655-2670. "
    "doi:10.1002/sim.8565",
    "rmst studentised": "Ditzhaus M, Yu M, Xu J. Studentized permutation method for comparing two "
    "restricted mean survival times with small sample from randomized trials. Stat Med "
    "2023;42:2226-2240. doi:10.1002/sim.9720",
    "potter": "Potter DM. A permutation test for inference in logistic regression with small- and "
    "moderate-sized data sets. Stat Med 2005;24:693-708.",
    "optimism": "Harrell FE Jr, Lee KL, Mark DB. Multivariable prognostic models: issues in "
    "developing models, evaluating assumptions and adequacy, and measuring and reducing errors. "
    "Stat Med 1996;15:361-387.",
    "uno": "Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ. On the C-statistics for evaluating "
    "overall adequacy of risk prediction procedures with censored survival data. Stat Med "
    "2011;30:1105-1117. doi:10.1002/sim.4154",
    "auc": "Uno H, Cai T, Tian L, Wei LJ. Evaluating prediction rules for t-year survivors with "
    "censored regression models. J Am Stat Assoc 2007;102:527-537. "
    "doi:10.1198/016214507000000149",
    "brier": "Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of "
    "prognostic classification schemes for survival data. Stat Med 1999;18:2529-2545.",
    "decision": "Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating "
    "prediction models. Med Decis Making 2006;26:565-574. doi:10.1177/0272989X06295361",
    "decision censored": "Vickers AJ, Cronin AM, Elkin EB, Gonen M. Extensions to decision curve "
    "analysis, a novel method for evaluating diagnostic tests, prediction models and molecular "
    "markers. BMC Med Inform Decis Mak 2008;8:53. doi:10.1186/1472-6947-8-53",
}


class Citations:
    """Numbers references in the order in which they are cited.

    Examples
    --------
    >>> from omicsfuse.report.references import Citations
    >>> cite = Citations()
    >>> cite("snf", "km"), cite("km")
    ('[1, 2]', '[2]')
    """

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, *keys: str) -> str:
        """Numbers of these references in brackets."""
        self.keys += [key for key in keys if key not in self.keys]
        return f"[{', '.join(str(self.keys.index(key) + 1) for key in keys)}]"
