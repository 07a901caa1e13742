# Reference values for tests/stats/test_effect_sizes.py, test_alterations.py, test_associations.py.
# Run with: Rscript tests/reference/clinical.R
# The values committed in the tests came from R 4.2.2 (package stats).
options(digits = 15)
cat(R.version.string, "\n")

# interval of the noncentrality parameter, by inverting pchisq(..., ncp)
limits <- function(statistic, df, confidence = 0.95) {
  tail <- (1 - confidence) / 2
  sapply(c(1 - tail, tail), function(p) {
    if (pchisq(statistic, df) <= p) return(0)
    uniroot(function(ncp) pchisq(statistic, df, ncp) - p, c(0, statistic + 10 * sqrt(statistic) + 30),
            tol = 1e-12)$root
  })
}
for (case in list(c(12, 2), c(7.779, 2), c(40, 40), c(0.01, 2), c(200, 3), c(3000, 60))) {
  cat("noncentrality of", case, ":", limits(case[1], case[2]), "\n")
}
table <- matrix(c(20, 15, 10, 12, 18, 25), 3)
ch <- chisq.test(table, correct = FALSE)
cat("Cramer's V:", sqrt(ch$statistic / sum(table)), sqrt(limits(ch$statistic, ch$parameter) / sum(table)), "\n")
cat("stdres:", ch$stdres, "\n")
volume <- c(5.1, 6.2, 4.7, 7.0, 12.8, 16.6, 7.3, 15.9, 8.0, 6.2, 4.4, 6.9, 11.5, 30.1)
subtype <- rep(c("S1", "S2", "S3"), c(4, 4, 6))
k <- kruskal.test(volume, factor(subtype))
cat("kruskal.test(volume, subtype):", k$statistic, k$p.value, "\n")
cat("epsilon squared:", k$statistic / 13, limits(k$statistic, 2) / 13, "\n")
cat("eta squared of the ranks:", summary(lm(rank(volume) ~ subtype))$r.squared, "\n")

# altered of so many patients in each subtype: rows of fisher.test, Freeman and Halton for k > 2
for (case in list(list(c(6, 1), c(7, 7)), list(c(5, 1, 0), c(8, 9, 7)), list(c(3, 9, 2), c(31, 20, 12)),
                  list(c(7, 0, 1, 4), c(12, 13, 9, 10)), list(c(28, 3, 9), c(30, 12, 10)))) {
  f <- fisher.test(rbind(case[[1]], case[[2]] - case[[1]]), workspace = 2e7)
  cat("fisher.test of", case[[1]], "in", case[[2]], ":", f$p.value, "\n")
}
ch <- chisq.test(rbind(c(20, 31, 15), c(60, 20, 25)), correct = FALSE)
cat("chisq.test of 20 31 15 in 80 51 40:", ch$statistic, ch$p.value, sqrt(ch$statistic / 171), "\n")
