# Reference values for tests/stats/test_two_groups.py and test_associations.py.
# Run with: Rscript tests/reference/markers.R
# The values committed in the tests came from R 4.2.2 (package stats).
options(digits = 15)
cat(R.version.string, "\n")

x <- c(2.1, 3.4, 1.9, 5.6, 4.4, 3.3, 2.8)
y <- c(4.9, 6.1, 5.5, 3.9, 7.2, 6.6, 5.1, 4.7, 8.0)
welch <- t.test(x, y) # Welch, two-sided
cat("t.test(x, y):", welch$statistic, welch$p.value, "\n")
w <- wilcox.test(x, y, exact = FALSE)
cat("wilcox.test(x, y, exact = FALSE):", w$statistic, w$p.value, "\n")

# copy-number levels: many ties
u <- c(-1, 0, 0, 1, 2, 1, 0, 2)
v <- c(-2, -1, 0, 0, 0, -1, 0, 1, 0, -1)
w <- wilcox.test(u, v, exact = FALSE)
cat("wilcox.test(u, v, exact = FALSE):", w$statistic, w$p.value, "\n")

# mutated and not mutated, inside and outside: rows of fisher.test
for (counts in list(c(8, 12, 3, 37), c(0, 10, 9, 21), c(5, 5, 5, 5), c(1, 19, 30, 10))) {
  f <- fisher.test(matrix(counts, 2))
  cat("fisher.test(matrix(c(", paste(counts, collapse = ", "), "), 2)):", f$p.value, "\n")
}

# clinical associations
age <- c(51, 62, 47, 70, 58, 66, 73, 59, 80, 62, 44, 69)
subtype <- rep(c("S1", "S2", "S3"), each = 4)
k <- kruskal.test(age, factor(subtype))
cat("kruskal.test(age, subtype):", k$statistic, k$p.value, "\n")
table <- matrix(c(20, 15, 10, 12, 18, 25), 3)
ch <- chisq.test(table, correct = FALSE)
cat("chisq.test(table, correct = FALSE):", ch$statistic, ch$p.value, "\n")
cat("fisher.test(matrix(c(6, 1, 2, 5), 2)):", fisher.test(matrix(c(6, 1, 2, 5), 2))$p.value, "\n")
set.seed(1)
small <- matrix(c(6, 1, 1, 1, 5, 2, 2, 2, 7), 3)
mc <- chisq.test(small, simulate.p.value = TRUE, B = 1e6)
cat("chisq.test(small, simulate.p.value = TRUE, B = 1e6):", mc$statistic, mc$p.value, "\n")

p <- c(0.01, 0.04, 0.03, 0.005, 0.6, 0.04)
cat("p.adjust(p, 'BH'):", p.adjust(p, "BH"), "\n")
