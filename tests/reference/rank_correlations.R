# Reference values for tests/stats/test_correlations.py: Spearman correlations, plain and partial.
# Run with: Rscript tests/reference/rank_correlations.R tests/reference
# It writes into that folder rank_correlations_data.csv (patients x columns, the input) and
# rank_correlations.csv. The committed files came from R 4.2.2, by
#   plain:   cor(x, y, method = "spearman", use = "complete.obs")
#   partial: cor(residuals(lm(rank(x) ~ rank(z1) + z2 + z3)), residuals(lm(rank(y) ~ ...))) over the
#            patients who have all of them; z2 and z3 are the 0/1 columns of a factor of three levels
#   p_t:     of cor.test(x, y, method = "pearson") on the ranks: the t distribution
#   p_edgeworth: of cor.test(x, y, method = "spearman", exact = TRUE): the Edgeworth series of
#            Best and Roberts 1975 (AS 89), for columns without ties
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(11)
n <- 40
d <- data.frame(a = round(rnorm(n), 4), b = rpois(n, 2), c = round(rexp(n), 4))
d$u <- round(d$a + rnorm(n), 4); d$v <- rpois(n, exp(d$c / 2)); d$w <- round(rnorm(n), 1)
d$z1 <- round(0.7 * d$a + rnorm(n), 4)
level <- sample(c("i", "ii", "iii"), n, replace = TRUE)
d$z2 <- as.numeric(level == "ii"); d$z3 <- as.numeric(level == "iii")
d$a[c(3, 9)] <- NA; d$v[c(9, 21, 30)] <- NA; d$z1[5] <- NA
write.csv(d, file.path(folder, "rank_correlations_data.csv"), quote = FALSE, row.names = FALSE)
rows <- list()
for (x in c("a", "b", "c")) for (y in c("u", "v", "w")) {
  ok <- complete.cases(d[, c(x, y)])
  p <- d[ok, ]
  t <- cor.test(rank(p[[x]]), rank(p[[y]]))
  tied <- anyDuplicated(p[[x]]) > 0 || anyDuplicated(p[[y]]) > 0
  e <- if (tied) NA else cor.test(p[[x]], p[[y]], method = "spearman", exact = TRUE)$p.value
  q <- d[complete.cases(d[, c(x, y, "z1")]), ]
  rx <- residuals(lm(rank(q[[x]]) ~ rank(q$z1) + q$z2 + q$z3))
  ry <- residuals(lm(rank(q[[y]]) ~ rank(q$z1) + q$z2 + q$z3))
  rows[[length(rows) + 1]] <- data.frame(x = x, y = y, n = sum(ok),
    rho = sprintf("%.15g", cor(p[[x]], p[[y]], method = "spearman")),
    p_t = sprintf("%.15g", t$p.value), p_edgeworth = sprintf("%.15g", e),
    partial_n = nrow(q), partial = sprintf("%.15g", cor(rx, ry)))
}
write.csv(do.call(rbind, rows), file.path(folder, "rank_correlations.csv"), quote = FALSE,
          row.names = FALSE)
