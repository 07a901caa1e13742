# Reference values for tests/imaging/test_model_associations.py.
# Run with: Rscript tests/reference/interpretation.R
# Reads and writes CSV files beside this script; values from R 4.2.2, limma, pROC.
suppressMessages({library(limma); library(pROC)})
options(digits = 15)
cat(R.version.string, as.character(packageVersion("limma")), as.character(packageVersion("pROC")), "\n")
here <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
here <- if (length(here)) dirname(here) else "tests/reference"

set.seed(7)
n <- 24; p <- 30
genes <- round(matrix(rnorm(n * p), n), 3)
genes[, 1:5] <- round(genes[, 1:5] + (1:n) / 12, 3)
score <- round(c(exp(rnorm(n - 1)), 900), 2)
age <- round(rnorm(n, 60, 9), 1)
stage <- rep(c(0, 1), length.out = n)
mutated <- as.numeric(seq_len(n) %in% c(2, 5, 6, 11, 17, 18, 24))
data <- data.frame(score, age, stage, mutated, genes)
write.csv(data, file.path(here, "interpretation_data.csv"), row.names = FALSE)

# normal scores of the ranks, mean 0 and SD 1
ns <- qnorm((rank(score) - 3 / 8) / (n + 1 / 4)); ns <- (ns - mean(ns)) / sd(ns)
rows <- list()
for (adjusted in c(FALSE, TRUE)) {
  design <- if (adjusted) cbind(1, age, stage, ns) else cbind(1, ns)
  fit <- eBayes(lmFit(t(genes), design))
  k <- ncol(design)
  top <- topTable(fit, coef = k, number = Inf, sort.by = "none", confint = TRUE)
  rows[[length(rows) + 1]] <- data.frame(adjusted, gene = seq_len(p), effect = top$logFC,
    low = top$CI.L, high = top$CI.R, t = top$t, p = top$P.Value)
}
write.csv(do.call(rbind, rows), file.path(here, "interpretation_limma.csv"), row.names = FALSE)

cat("wilcox.test(score ~ mutated, exact = FALSE):", wilcox.test(score[mutated == 1], score[mutated == 0],
    exact = FALSE)$p.value, "\n")
r <- roc(mutated, score, direction = "<", quiet = TRUE)
cat("AUC and DeLong variance:", as.numeric(auc(r)), var(r, method = "delong"), "\n")
group <- factor(rep(c("a", "b", "c"), length.out = n))
small <- lm(ns ~ age + stage); large <- lm(ns ~ age + stage + group)
cat("anova p of groups given age and stage, partial R2:", anova(small, large)$`Pr(>F)`[2],
    1 - deviance(large) / deviance(small), "\n")
