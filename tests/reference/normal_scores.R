# Reference values for tests/preprocess (test_preprocess_radiomics.py, test_filters.py), base R only:
#   Rscript tests/reference/normal_scores.R
cat(R.version.string, "\n")
blom <- function(x) qnorm((rank(x) - 3/8) / (length(x) + 1/4))
print(blom(c(3, 1e14, 1, 2, 2)), digits = 15)
print(blom(c(0.02, -7, 1813007625, 5, 5, 5, 41, 1e-9, 3.5, -0.3)), digits = 15)
# Spearman correlation with ties
print(cor(c(1, 2, 2, 4, 5, 9), c(3, 1, 2, 8, 8, 20), method = "spearman"), digits = 15)
