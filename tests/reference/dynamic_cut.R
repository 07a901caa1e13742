# A harder dendrogram for tests/signatures/test_dynamic_cut.py than that of coexpression.R.
# Run from the repository root: Rscript tests/reference/dynamic_cut.R
# Written with R 4.2.2, WGCNA 1.72-1 and dynamicTreeCut 1.63-1. Writes, made up with a seed,
# tests/reference/dynamic_cut_data.csv: 50 patients x 300 genes of eight modules, three pairs of
# which are related, with genes from hardly to closely tied to them; and dynamic_cut_labels.csv: the
# planted modules, cutreeDynamic (hybrid, deepSplit 0 to 4, with and without the PAM stage) and
# blockwiseModules.
suppressMessages(library(WGCNA))
folder <- "tests/reference/"
set.seed(3)
n <- 50; p <- 300; k <- 8
f <- matrix(rnorm(n * k), n)
for (pair in list(c(1, 2, 0.7), c(3, 4, 0.8), c(5, 6, 0.5)))
  f[, pair[2]] <- pair[3] * f[, pair[1]] + sqrt(1 - pair[3]^2) * f[, pair[2]]
planted <- sample(0:k, p, TRUE, prob = c(0.3, runif(k, 0.3, 1)))
x <- matrix(rnorm(n * p), n)
for (j in which(planted > 0)) {
  a <- runif(1, 0.4, 0.95)
  x[, j] <- a * f[, planted[j]] + sqrt(1 - a^2) * x[, j]
}
x <- round(x, 2)
colnames(x) <- sprintf("G%03d", 1:p)
rownames(x) <- sprintf("P%02d", 1:n)
write.csv(data.frame(patient = rownames(x), x), paste0(folder, "dynamic_cut_data.csv"),
          row.names = FALSE, quote = FALSE)
dissimilarity <- 1 - TOMsimilarity(adjacency(x, type = "signed", power = 6), verbose = 0)
tree <- hclust(as.dist(dissimilarity), "average")
labels <- data.frame(gene = colnames(x), planted)
for (depth in 0:4) for (pam in c(FALSE, TRUE))
  labels[[paste0("cut_", depth, if (pam) "_pam" else "")]] <-
    cutreeDynamic(tree, distM = dissimilarity, deepSplit = depth, minClusterSize = 12,
                  pamStage = pam, verbose = 0)
labels$blockwise <- blockwiseModules(x, power = 6, networkType = "signed", TOMType = "unsigned",
                                     minModuleSize = 12, mergeCutHeight = 0.25,
                                     numericLabels = TRUE, verbose = 0)$colors
write.csv(labels, paste0(folder, "dynamic_cut_labels.csv"), row.names = FALSE, quote = FALSE)
