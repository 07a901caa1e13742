# Reference values for tests/biology/test_over_represented.py and tests/biology/test_set_scores.py.
# Run with: Rscript tests/reference/gene_sets.R tests/reference
# It reads gene_set_table.csv there (made by gene_set_scores.R) and writes over_representation.csv
# and gene_set_zscores.csv. The committed files came from R 4.2.2 with GSVA 1.46.0 (Debian
# r-bioc-gsva), by
#   fisher.test(table, alternative = "greater")$p.value
#   fisher.test(table)$estimate, $conf.int (R solves for them to about 1e-4, or 1e-4 of 1/x)
#   gsva(expr, sets, method = "zscore")
suppressMessages(library(GSVA))
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(7)
rows <- list()
for (i in 1:40) {
  background <- sample(c(30, 120, 900, 15000), 1)
  size <- sample(5:min(background - 5, 200), 1)
  marked <- sample(1:min(background - 5, 400), 1)
  least <- max(0, size + marked - background)
  most <- min(size, marked)
  middle <- round(size * marked / background)
  overlap <- min(most, max(least, middle + sample(-2:6, 1)))
  if (i == 1) overlap <- most
  if (i == 2) overlap <- least
  tab <- matrix(c(overlap, size - overlap, marked - overlap,
                  background - size - marked + overlap), 2)
  both <- fisher.test(tab)
  rows[[i]] <- data.frame(overlap, size, marked, background,
    p = fisher.test(tab, alternative = "greater")$p.value, odds_ratio = unname(both$estimate),
    low = both$conf.int[1], high = both$conf.int[2])
}
out <- do.call(rbind, rows)
for (name in c("p", "odds_ratio", "low", "high")) out[[name]] <- sprintf("%.12g", out[[name]])
write.csv(out, file.path(folder, "over_representation.csv"), quote = FALSE, row.names = FALSE)

expr <- t(as.matrix(read.csv(file.path(folder, "gene_set_table.csv"), row.names = 1)))
genes <- rownames(expr)
sets <- list(a = genes[1:10], b = genes[c(3, 17, 25, 31, 44, 58)], c = genes[seq(2, 60, 3)])
z <- gsva(expr, sets, method = "zscore", verbose = FALSE)
write.csv(data.frame(set = rep(rownames(z), ncol(z)), patient = rep(colnames(z), each = nrow(z)),
                     score = sprintf("%.15g", as.vector(z))),
          file.path(folder, "gene_set_zscores.csv"), quote = FALSE, row.names = FALSE)
