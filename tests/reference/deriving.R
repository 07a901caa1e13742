# Reference values for tests/signatures/test_moderated_t.py and test_correlation.py.
# Run from the repository root: Rscript tests/reference/deriving.R
# Written with R 4.2.2 (package stats) and limma 3.54.1. Writes, to 15 digits,
#   tests/signatures/deriving_table.csv: made up with a seed: 24 patients of three groups, a
#     covariate, a score, and 60 genes, ten of them with missing values, one with few values;
#   tests/signatures/deriving_limma.csv: lmFit and eBayes of group A against the others, plain and
#     adjusted for the covariate: coefficient, t, P.Value, df.total, and the priors;
#   tests/signatures/deriving_correlations.csv: cor.test of every gene with the score, and partial
#     correlations as correlations of residuals of lm() on the covariate (of ranks for Spearman),
#     with t = r sqrt(df / (1 - r^2)) and df = n - 3. Each over the patients who have the gene.
suppressMessages(library(limma))
cat(R.version.string, "limma", as.character(packageVersion("limma")), "\n")
set.seed(11)
n <- 24
p <- 60
group <- rep(c("A", "B", "C"), c(9, 8, 7))
covariate <- round(rnorm(n, 0.6, 0.15), 3)
genes <- matrix(rnorm(n * p, sd = rep(sqrt(4 / rchisq(p, 4)), each = n)), n)
genes[group == "A", 1:6] <- genes[group == "A", 1:6] + 1.5
genes[, 7:10] <- genes[, 7:10] + 6 * (covariate - 0.6)
genes[, 11] <- round(genes[, 11]) # ties
genes <- round(genes, 4)
for (j in 21:30) genes[sample(n, sample(1:6, 1)), j] <- NA
genes[sample(which(group != "A"), 12), 31] <- NA
genes[group == "A", 32] <- NA # limma has no coefficient, but a variance
score <- round(genes[, 1] - genes[, 12] + 3 * covariate + rnorm(n), 2)
colnames(genes) <- sprintf("G%02d", 1:p)
write.csv(data.frame(patient = sprintf("P%02d", 1:n), group, covariate, score, genes),
          "tests/signatures/deriving_table.csv", row.names = FALSE, quote = FALSE, na = "")

limma_table <- function(design, model) {
  fit <- suppressWarnings(eBayes(lmFit(t(genes), design)))
  data.frame(model, gene = colnames(genes), effect = fit$coefficients[, "inside"],
             t = fit$t[, "inside"], p = fit$p.value[, "inside"],
             fdr = p.adjust(fit$p.value[, "inside"], "BH"), df_total = fit$df.total,
             df_prior = fit$df.prior, variance_prior = fit$s2.prior)
}
inside <- as.numeric(group == "A")
tables <- rbind(limma_table(cbind(1, inside), "plain"),
                limma_table(cbind(1, covariate, inside), "adjusted"),
                # equal variances: the prior has infinitely many degrees of freedom
                {
                  same <- genes
                  genes <- scale(residuals(lm(genes[, 1:20] ~ inside))) * sqrt((n - 1) / (n - 2))
                  genes <- genes * rep(1 + 0.02 * (1:20), each = n)
                  genes <- round(genes + 0.7 * outer(inside, rep(1:0, 10)), 6)
                  colnames(genes) <- sprintf("G%02d", 1:20)
                  write.csv(genes, "tests/signatures/deriving_even.csv", row.names = FALSE,
                            quote = FALSE)
                  even <- limma_table(cbind(1, inside), "even")
                  genes <- same
                  even
                })
write.csv(format(tables, digits = 15), "tests/signatures/deriving_limma.csv", row.names = FALSE,
          quote = FALSE)

correlation <- function(j, method, adjusted) {
  here <- !is.na(genes[, j])
  x <- genes[here, j]
  y <- score[here]
  z <- covariate[here]
  if (!adjusted) {
    found <- suppressWarnings(cor.test(x, y, method = method, exact = FALSE))
    # cor.test takes the statistic S for Spearman; its p is that of t with n - 2
    return(c(found$estimate, found$p.value))
  }
  if (method == "spearman") {
    x <- rank(x)
    y <- rank(y)
    z <- rank(z)
  }
  r <- cor(residuals(lm(x ~ z)), residuals(lm(y ~ z)))
  df <- sum(here) - 3
  c(r, 2 * pt(-abs(r) * sqrt(df / (1 - r^2)), df))
}
rows <- NULL
for (method in c("pearson", "spearman")) for (adjusted in c(FALSE, TRUE)) for (j in 1:p) {
  found <- correlation(j, method, adjusted)
  rows <- rbind(rows, data.frame(method, adjusted = as.integer(adjusted), gene = colnames(genes)[j],
                                 effect = found[1], p = found[2]))
}
write.csv(format(rows, digits = 15), "tests/signatures/deriving_correlations.csv",
          row.names = FALSE, quote = FALSE)
