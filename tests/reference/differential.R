# Reference values for tests/biology/test_moderated_comparison.py and test_ordinal.py.
# Run from the repository root: Rscript tests/reference/differential.R
# The committed files came from R 4.2.2 with limma 3.54.1 and MASS 7.3-58.2.
suppressMessages(library(limma))
suppressMessages(library(MASS))
cat(R.version.string, "limma", as.character(packageVersion("limma")),
    "MASS", as.character(packageVersion("MASS")), "\n")
folder <- "tests/biology"

# 30 patients of three groups, 25 genes whose variances differ, two covariates, some missing
set.seed(7)
n <- 30; genes <- 25
group <- rep(c("S1", "S2", "S3"), c(13, 10, 7))
purity <- round(runif(n), 3)
site <- sample(c("A", "B", "C"), n, replace = TRUE)
values <- sapply(seq_len(genes), function(j) rnorm(n, 5, sqrt(1 / rgamma(1, 3, 2))))
values[group == "S1", 1:4] <- values[group == "S1", 1:4] + 1.5
values[, 5:8] <- values[, 5:8] + 2 * purity
values[sample(length(values), 40)] <- NA
values[group == "S3", 25] <- NA # a group in which a gene is not measured
values <- round(values, 4)
colnames(values) <- sprintf("G%02d", seq_len(genes))
write.csv(data.frame(patient = sprintf("P%02d", seq_len(n)), group, purity, site, values),
          file.path(folder, "differential_data.csv"), row.names = FALSE, quote = FALSE)

top <- function(x, design, coef, model, comparison) {
  fit <- eBayes(lmFit(t(x), design))
  t <- topTable(fit, coef = coef, number = Inf, confint = TRUE, sort.by = "none")
  data.frame(model, comparison, feature = rownames(t), effect = t$logFC, low = t$CI.L,
             high = t$CI.R, p = t$P.Value, fdr = t$adj.P.Val, df_prior = fit$df.prior)
}
rows <- list()
for (one in c("S1", "S2", "S3")) {
  inside <- as.numeric(group == one)
  rows[[length(rows) + 1]] <- top(values, model.matrix(~inside), "inside", "rest", one)
  rows[[length(rows) + 1]] <- top(values, model.matrix(~ purity + site + inside), "inside",
                                  "rest_adjusted", one)
}
# pairs in one model; without missing values: contrasts.fit takes complete data to be exact
complete <- values[, colSums(is.na(values)) == 0]
design <- model.matrix(~ 0 + group)
fit <- lmFit(t(complete), design)
for (pair in list(c("S1", "S2"), c("S1", "S3"), c("S2", "S3"))) {
  contrast <- makeContrasts(contrasts = sprintf("group%s-group%s", pair[1], pair[2]),
                            levels = design)
  moderated <- eBayes(contrasts.fit(fit, contrast))
  t <- topTable(moderated, number = Inf, confint = TRUE, sort.by = "none")
  rows[[length(rows) + 1]] <- data.frame(
    model = "pairs_complete", comparison = paste(pair, collapse = " vs "), feature = rownames(t),
    effect = t$logFC, low = t$CI.L, high = t$CI.R, p = t$P.Value, fdr = t$adj.P.Val,
    df_prior = moderated$df.prior)
  # with missing values: the same model with the second group as reference, exact for each gene
  other <- factor(group, levels = c(pair[2], pair[1], setdiff(unique(group), pair)))
  found <- top(values, model.matrix(~other), paste0("other", pair[1]), "pairs",
               paste(pair, collapse = " vs "))
  # where the reference group has no value, lm takes another group in its place: no such contrast
  lacking <- colSums(!is.na(values[group == pair[2], ])) == 0
  found[lacking, c("effect", "low", "high", "p", "fdr")] <- NA
  rows[[length(rows) + 1]] <- found
}
write.csv(format(do.call(rbind, rows), digits = 15, trim = TRUE),
          file.path(folder, "differential_limma.csv"), row.names = FALSE, quote = FALSE)

# proportional odds: estimate and likelihood ratio of polr; ends of the profile interval where the
# deviance with beta held fixed (as an offset) is qchisq(0.95, 1) above its minimum
set.seed(3)
tight <- list(reltol = 1e-16, maxit = 5000)
tables <- list(
  list(c(0, 1, 1, 2, 2, 2), c(0, 0, 0, 1, 1, 2)),
  list(c(-1, 0, 0, 1, 2, 1, 0, 2), c(-2, -1, 0, 0, 0, -1, 0, 1, 0, -1)),
  list(sample(-2:2, 40, TRUE, c(1, 3, 5, 4, 2)), sample(-2:2, 90, TRUE, c(2, 5, 9, 3, 1))),
  list(sample(-1:1, 25, TRUE, c(1, 9, 1)), sample(-1:1, 100, TRUE, c(2, 9, 2))),
  list(rep(c(0, 1, 2), c(3, 1, 6)), rep(c(0, 1), c(40, 3)))
)
out <- lapply(seq_along(tables), function(i) {
  x <- tables[[i]][[1]]; y <- tables[[i]][[2]]
  d <- data.frame(y = factor(c(x, y), ordered = TRUE), g = rep(c(1, 0), c(length(x), length(y))))
  full <- polr(y ~ g, d, control = tight, Hess = TRUE)
  se <- sqrt(vcov(full)[1, 1])
  null <- polr(y ~ 1, d, control = tight)
  above <- function(b) {
    d$b <- b * d$g
    polr(y ~ 1 + offset(b), d, control = tight)$deviance - full$deviance - qchisq(0.95, 1)
  }
  beta <- unname(coef(full))
  data.frame(case = i, inside = paste(x, collapse = ";"), outside = paste(y, collapse = ";"),
             effect = beta, low = uniroot(above, c(beta - 3 * se, beta), tol = 1e-10)$root,
             high = uniroot(above, c(beta, beta + 3 * se), tol = 1e-10)$root,
             p = pchisq(null$deviance - full$deviance, 1, lower.tail = FALSE))
})
write.csv(format(do.call(rbind, out), digits = 12, trim = TRUE),
          file.path(folder, "differential_polr.csv"), row.names = FALSE, quote = FALSE)
