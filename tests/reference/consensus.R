# Reference values for tests/clustering/test_consensus.py: consensus of resamples.
# Run with: Rscript tests/reference/consensus.R tests/reference
# It writes consensus_resamples.csv and consensus_matrix.csv into that folder and prints the rest.
# The files committed came from R 4.2.2, ConsensusClusterPlus 1.62.0 and cluster 2.1.4 (Debian's
# r-bioc-consensusclusterplus and r-cran-cluster).
#
# ConsensusClusterPlus does not return its resamples, but calls any clustering function by name with
# the distances of the patients drawn: this one writes down whom it was given and what it found, so
# that consensus is compared on one and the same resamples.
suppressMessages(library(ConsensusClusterPlus))
library(cluster)
options(digits = 15)
folder <- commandArgs(trailingOnly = TRUE)[1]
cat(R.version.string, "ConsensusClusterPlus", as.character(packageVersion("ConsensusClusterPlus")),
    "cluster", as.character(packageVersion("cluster")), "\n")

# 24 patients in three groups of 11, 8 and 5 that overlap, and 20 features
set.seed(11)
group <- rep(1:3, c(11, 8, 5))
features <- matrix(rnorm(20 * 24), 20, 24)
for (g in 1:3) features[(g - 1) * 4 + 1:4, group == g] <- features[(g - 1) * 4 + 1:4, group == g] + 1.4
colnames(features) <- 1:24

seen <- list()
recorded <- function(distances, k) {
  found <- pam(distances, k, diss = TRUE, cluster.only = TRUE)
  seen[[length(seen) + 1]] <<- data.frame(k = k, patient = as.integer(labels(distances)), group = found)
  found
}
pdf(NULL)
result <- suppressMessages(ConsensusClusterPlus(
  dist(t(features)), maxK = 5, reps = 25, pItem = 0.8, clusterAlg = "recorded", seed = 7
))

# one line a patient drawn: resample, patient (from 0), group (from 0) at k = 2 to 5
tables <- lapply(seq(1, length(seen), by = 4), function(first) {
  one <- seen[first + 0:3]
  stopifnot(sapply(one, function(x) x$k[1]) == 2:5, sapply(one, function(x) x$patient) == one[[1]]$patient)
  cbind(resample = (first - 1) / 4, patient = one[[1]]$patient - 1, sapply(one, function(x) x$group) - 1)
})
resamples <- as.data.frame(do.call(rbind, tables))
names(resamples) <- c("resample", "patient", "k2", "k3", "k4", "k5")
write.csv(resamples, file.path(folder, "consensus_resamples.csv"), row.names = FALSE, quote = FALSE)

# consensusMatrix of each k, above the diagonal; it holds 0 for pairs never drawn together: none here
pairs <- which(upper.tri(diag(24)), arr.ind = TRUE)
matrices <- data.frame(first = pairs[, 1] - 1, second = pairs[, 2] - 1)
for (k in 2:5) {
  m <- result[[k]]$consensusMatrix
  matrices[[paste0("k", k)]] <- sprintf("%.15g", m[upper.tri(m)])
  values <- m[lower.tri(m)]
  distribution <- ecdf(values)
  # the area as function CDF of ConsensusClusterPlus sums it for its figure
  bins <- hist(values, plot = FALSE, breaks = seq(0, 1, by = 1 / 100))
  area <- sum(cumsum(bins$counts) / sum(bins$counts) * diff(bins$breaks))
  cat("k", k, "PAC", distribution(0.9) - distribution(0.1), "area", area,
      "share at or below 0, 0.25, 0.5, 0.75:", distribution(c(0, 0.25, 0.5, 0.75)), "\n")
}
write.csv(matrices, file.path(folder, "consensus_matrix.csv"), row.names = FALSE, quote = FALSE)
