# Reference values for tests/biology/test_methylation_pairs.py: moderated t of one subtype against
# the rest in expression and in methylation, the larger p where both move in opposite directions,
# and the correlation of ranks within subtypes.
# Run with: Rscript tests/reference/methylation_pairs.R tests/reference
# It writes into that folder methylation_pairs_expression.csv and methylation_pairs_methylation.csv
# (patients x genes, the former with the column subtype) and methylation_pairs.csv.
# The committed files came from R 4.2.2 with limma 3.54.1 (Debian r-bioc-limma), by
#   eBayes(lmFit(t(values), cbind(1, inside))), topTable(..., confint = TRUE)
#   cor of residuals(lm(rank(x) ~ subtype)), p of its t with n - k - 1 degrees of freedom
suppressMessages(library(limma))
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(3)
genes <- sprintf("g%02d", 1:40)
subtype <- setNames(rep(c("S1", "S2", "S3"), c(16, 12, 10)), sprintf("p%02d", 1:38))
rna <- matrix(rnorm(38 * 40, 5, rep(runif(40, .5, 2), each = 38)), 38, dimnames = list(names(subtype), genes))
dna <- matrix(rnorm(38 * 40, 0, rep(runif(40, .5, 2), each = 38)), 38, dimnames = list(names(subtype), genes))
rna[1:16, 1:3] <- rna[1:16, 1:3] + 2
dna[1:16, 1:2] <- dna[1:16, 1:2] - 2
dna[1:16, 3] <- dna[1:16, 3] + 2
dna[, 4] <- dna[, 4] - rna[, 4]
rna <- round(rna, 5); dna <- round(dna, 5)
rna[2, 5] <- NA
dna <- dna[c(1:10, 17:38), ]  # six patients of S1 have no methylation
test <- function(values, name) {
  inside <- as.numeric(subtype[rownames(values)] == name)
  fit <- eBayes(lmFit(t(values), cbind(1, inside)))
  topTable(fit, coef = 2, number = Inf, sort.by = "none", confint = TRUE)
}
both <- rownames(dna)
within <- sapply(genes, function(g) {
  ok <- both[!is.na(rna[both, g]) & !is.na(dna[both, g])]
  k <- factor(subtype[ok])
  r <- cor(residuals(lm(rank(rna[ok, g]) ~ k)), residuals(lm(rank(dna[ok, g]) ~ k)))
  df <- length(ok) - nlevels(k) - 1
  c(r, 2 * pt(-abs(r) * sqrt(df / (1 - r^2)), df))
})
rows <- do.call(rbind, lapply(c("S1", "S2", "S3"), function(name) {
  a <- test(rna, name); b <- test(dna, name)
  p <- ifelse(sign(a$logFC) * sign(b$logFC) < 0, pmax(a$P.Value, b$P.Value), 1)
  data.frame(subtype = name, gene = genes, expression_effect = a$logFC,
             expression_effect_ci_low = a$CI.L, expression_effect_ci_high = a$CI.R,
             methylation_effect = b$logFC, methylation_effect_ci_low = b$CI.L,
             methylation_effect_ci_high = b$CI.R, p_expression = a$P.Value,
             p_methylation = b$P.Value, p = p, correlation = within[1, ],
             correlation_p = within[2, ])
}))
rows$fdr <- p.adjust(rows$p, "BH")
rows[-(1:2)] <- lapply(rows[-(1:2)], function(v) sprintf("%.12g", v))
write.csv(rows, file.path(folder, "methylation_pairs.csv"), row.names = FALSE, quote = FALSE)
write.csv(cbind(subtype = subtype, as.data.frame(rna)), file.path(folder, "methylation_pairs_expression.csv"), quote = FALSE)
write.csv(dna, file.path(folder, "methylation_pairs_methylation.csv"), quote = FALSE)
