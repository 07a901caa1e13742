# Reference values for tests/fusion/test_nemo.py: R 4.2.2, NEMO 0.1.0 (github.com/Shamir-Lab/NEMO),
# SNFtool 2.3.1. Rscript nemo.R, in this folder.
# nemo_x1.csv and nemo_x2.csv are made data: 60 patients, three groups of 20 in order.
library(NEMO)

x1 <- t(as.matrix(read.csv("nemo_x1.csv", row.names = 1)))
x2 <- t(as.matrix(read.csv("nemo_x2.csv", row.names = 1)))

write.csv(nemo.affinity.graph(list(x1, x2), k = NA), "nemo_full.csv")

# Layer 2 lacks ten patients.
lacking <- sprintf("P%02d", c(16:20, 36:40))
some <- x2[, !colnames(x2) %in% lacking]
write.csv(nemo.affinity.graph(list(x1, some), k = 8), "nemo_partial.csv")

# Spectral clustering starts at random: compared by agreement.
clusters <- nemo.clustering(list(x1, x2), num.clusters = 3, num.neighbors = NA)
write.csv(
  data.frame(patient = colnames(x1), cluster = as.integer(clusters)),
  "nemo_clusters.csv",
  row.names = FALSE
)
