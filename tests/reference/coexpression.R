# Reference values for tests/signatures/test_coexpression*.py and test_dynamic_cut.py.
# Run from the repository root: Rscript tests/reference/coexpression.R
# Written with R 4.2.2, WGCNA 1.72-1 and dynamicTreeCut 1.63-1. Writes, made up with a seed:
# tests/reference/coexpression_data.csv, 60 patients x 150 genes with four planted modules of
# different size and tightness, some of whose genes go the other way; values rounded to 3 digits.
# Then, from these data,
# coexpression_fit.csv: pickSoftThreshold, three types of network;
# coexpression_rows.csv: rows of correlation, bicor (also with missing values), adjacency and
#   TOMsimilarity, and the sums of all rows;
# coexpression_labels.csv: cutreeDynamic (hybrid, deepSplit 0 to 4, with and without the PAM stage),
#   blockwiseModules, and the planted modules;
# coexpression_eigengenes.csv: moduleEigengenes of the planted modules and of the merged ones.
suppressMessages({library(WGCNA); library(dynamicTreeCut)})
folder <- "tests/reference/"
put <- function(x, name) {
  number <- sapply(x, is.numeric)
  x[number] <- lapply(x[number], signif, digits = 13)
  write.csv(x, paste0(folder, name), row.names = FALSE, quote = FALSE)
}
set.seed(6)
n <- 60
sizes <- c(40, 30, 25, 15)
loadings <- c(0.85, 0.8, 0.75, 0.9)
seeds <- matrix(rnorm(n * 4), n)
seeds[, 2] <- 0.55 * seeds[, 1] + sqrt(1 - 0.55^2) * seeds[, 2]
planted <- c(rep(1:4, sizes), rep(0, 150 - sum(sizes)))
x <- matrix(rnorm(n * 150), n)
for (j in which(planted > 0)) {
  m <- planted[j]
  strength <- loadings[m] * runif(1, 0.75, 1.05)
  direction <- if (m == 3 && j %% 4 == 0) -1 else 1
  x[, j] <- direction * strength * seeds[, m] + sqrt(1 - strength^2) * x[, j]
}
x <- round(sweep(x, 2, runif(150, 0.5, 2), "*") + 6, 3)
colnames(x) <- sprintf("G%03d", 1:150)
rownames(x) <- sprintf("P%02d", 1:n)
x <- x[, sample(150)]
planted <- planted[match(colnames(x), sprintf("G%03d", 1:150))]
ordered <- order(colnames(x))
genes <- paste0("G", sprintf("%03d", 1:150))  # names that do not give the modules away
colnames(x) <- genes
write.csv(data.frame(patient = rownames(x), x), paste0(folder, "coexpression_data.csv"),
          row.names = FALSE, quote = FALSE)

types <- c("unsigned", "signed", "signed hybrid")
fit <- do.call(rbind, lapply(types, function(type) {
  found <- pickSoftThreshold(x, networkType = type, powerVector = c(1:10, 12, 14, 16), verbose = 0,
                             RsquaredCut = 0.85)
  names(found$fitIndices) <- c("power", "r2", "slope", "truncated_r2", "mean", "median", "max")
  data.frame(type = type, estimate = found$powerEstimate, found$fitIndices)
}))
put(fit, "coexpression_fit.csv")

missing <- x
missing[cbind(rep(1:60, each = 2), (7 * (1:120)) %% 150 + 1)] <- NA
write.csv(which(is.na(missing), arr.ind = TRUE), paste0(folder, "coexpression_missing.csv"),
          row.names = FALSE, quote = FALSE)
signed_unsigned <- sign(cor(x)) * adjacency(x, type = "unsigned", power = 4)
matrices <- list(
  pearson = cor(x), bicor = bicor(x), pearson_missing = cor(missing, use = "p"),
  signed = adjacency(x, type = "signed", power = 6),
  unsigned = adjacency(x, type = "unsigned", power = 4),
  hybrid = adjacency(x, type = "signed hybrid", power = 4))
matrices$tom <- TOMsimilarity(matrices$signed, TOMType = "unsigned", verbose = 0)
matrices$tom_unsigned <- TOMsimilarity(matrices$unsigned, TOMType = "unsigned", verbose = 0)
matrices$tom_signed <- TOMsimilarity(signed_unsigned, TOMType = "signed", verbose = 0)
rows <- do.call(rbind, lapply(names(matrices), function(name) {
  m <- matrices[[name]]
  data.frame(matrix = name, gene = genes, G001 = m[1, ], G075 = m[75, ], G150 = m[150, ],
             sum = rowSums(m))
}))
put(rows, "coexpression_rows.csv")

dissimilarity <- 1 - matrices$tom
dimnames(dissimilarity) <- list(genes, genes)
tree <- hclust(as.dist(dissimilarity), method = "average")
labels <- data.frame(gene = genes, planted = planted)
for (depth in 0:4) for (pam in c(FALSE, TRUE)) {
  labels[[paste0("cut_", depth, if (pam) "_pam" else "")]] <-
    cutreeDynamic(tree, distM = dissimilarity, deepSplit = depth, minClusterSize = 12,
                  pamStage = pam, pamRespectsDendro = TRUE, verbose = 0)
}
blockwise <- blockwiseModules(x, power = 6, networkType = "signed", TOMType = "unsigned",
                              minModuleSize = 12, mergeCutHeight = 0.25, deepSplit = 2,
                              numericLabels = TRUE, verbose = 0)
labels$blockwise <- blockwise$colors
put(labels, "coexpression_labels.csv")

eigengenes <- moduleEigengenes(x, planted, excludeGrey = TRUE)
kme <- signedKME(x, eigengenes$eigengenes)
put(data.frame(patient = rownames(x), eigengenes$eigengenes), "coexpression_eigengenes.csv")
put(data.frame(gene = genes, kme), "coexpression_kme.csv")
print(eigengenes$varExplained, digits = 12)
merged <- mergeCloseModules(x, labels$cut_2_pam, cutHeight = 0.25, verbose = 0)
print(table(labels$cut_2_pam, merged$colors))
print(table(planted, labels$cut_2_pam)); print(table(planted, blockwise$colors))
print(tree$height[c(1, 50, 149)], digits = 12)
