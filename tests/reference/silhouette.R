# Reference values for tests/clustering/test_criteria.py: silhouettes.
# Run with: Rscript tests/reference/silhouette.R
# The values committed in the tests came from R 4.2.2 and cluster 2.1.4 (Debian's r-cran-cluster).
library(cluster)
options(digits = 15)
cat(R.version.string, "cluster", as.character(packageVersion("cluster")), "\n")

# 1. Affinities that are the same between any two members of two groups, and distances 1/affinity:
# mean distances are then 1 over mean affinities, and (b - a) / max(a, b) of the one is
# (a - b) / max(a, b) of the other.
group <- c(1, 1, 1, 2, 2, 3, 3, 3, 4)
between <- matrix(c(0.9, 0.3, 0.2, 0.1,
                    0.3, 0.6, 0.7, 0.2,
                    0.2, 0.7, 0.5, 0.4,
                    0.1, 0.2, 0.4, 1.0), 4)
blocks <- silhouette(group, as.dist(1 / between[group, group]))
cat("blocks, sil_width:", blocks[, "sil_width"], "\n")
cat("blocks, neighbor:", blocks[, "neighbor"], "\n")

# 2. Distances of points on a line, and affinities 1 - d/40: differences of means are the same (over
# 40), denominators are not.
x <- c(0, 1, 3, 4, 9, 11, 12, 14, 22, 25, 31, 13)
group <- c(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)
d <- as.matrix(dist(x))
line <- silhouette(group, as.dist(d))
cat("line, sil_width:", line[, "sil_width"], "\n")
cat("line, neighbor:", line[, "neighbor"], "\n")
