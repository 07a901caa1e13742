# Reference values for tests/fusion/test_distances.py.
# Run with: Rscript tests/reference/distances.R
# The values committed in the tests came from R 4.2.2 (package stats) and cluster 2.1.4 (daisy).
library(cluster)
options(digits = 15)
cat(R.version.string, "cluster", as.character(packageVersion("cluster")), "\n")

# Gower: three numeric features, two with two values, one constant
mixed <- data.frame(
  age = c(51, 62, 47, 70, 58),
  purity = c(0.61, 0.35, 0.82, 0.44, 0.90),
  level = c(-2, 0, 1, 0, 2),
  smoker = c(0, 1, 1, 0, 1),
  site = c(3, 3, 7, 7, 7)
)
cat("daisy(mixed, metric = 'gower'):\n", as.vector(daisy(mixed, metric = "gower")), "\n")
coded <- transform(mixed, smoker = factor(smoker), site = factor(site))
cat("two-valued as factors:\n", as.vector(daisy(coded, metric = "gower")), "\n")

# chi-square distance between row profiles, written out
counts <- matrix(c(10, 0, 3, 7, 2, 5, 0, 0, 12, 1, 1, 8, 4, 4, 0, 20), 4, byrow = TRUE)
profiles <- counts / rowSums(counts)
mass <- colSums(counts) / sum(counts)
for (i in 1:3) for (j in (i + 1):4)
  cat("chi-square", i, j, ":", sqrt(sum((profiles[i, ] - profiles[j, ])^2 / mass)), "\n")

# Spearman and Pearson, with ties
values <- matrix(c(1, 2, 2, 5, 4, 3, 3, 1, 0, 2, 7, 6, 1, 1, 9), 3, byrow = TRUE)
cat("1 - cor(t(values)):", (1 - cor(t(values)))[c(2, 3, 6)], "\n")
cat("1 - cor(t(values), method = 'spearman'):",
    (1 - cor(t(values), method = "spearman"))[c(2, 3, 6)], "\n")

# Jaccard, with patients that have nothing
binary <- matrix(c(1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0), 4, byrow = TRUE)
cat("dist(binary, 'binary'):", as.vector(dist(binary, "binary")), "\n")
