# Reference values for tests/signatures/test_scorers.py: ssGSEA and GSVA.
# Run with: Rscript tests/reference/gene_set_scores.R tests/reference
# It writes into that folder gene_set_table.csv (patients x genes, the input) and gene_set_scores.csv.
# The committed files came from R 4.2.2 with GSVA 1.46.0 (Debian r-bioc-gsva), by
#   gsva(expr, sets, method = "ssgsea", ssgsea.norm = FALSE, tau = 0.25)
#   gsva(expr, sets, method = "gsva", kcdf = "Gaussian", mx.diff = TRUE, tau = 1)
suppressMessages(library(GSVA))
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20)
genes <- sprintf("g%02d", 1:60)
patients <- sprintf("p%02d", 1:15)
expr <- matrix(round(rnorm(60 * 15, mean = rep(seq(2, 9, length.out = 60), 15)), 6), 60,
               dimnames = list(genes, patients))
expr[1:10, 1:5] <- expr[1:10, 1:5] + 3
stopifnot(!any(apply(expr, 2, duplicated)))
sets <- list(a = genes[1:10], b = genes[c(3, 17, 25, 31, 44, 58)], c = genes[seq(2, 60, 3)])
ss <- gsva(expr, sets, method = "ssgsea", ssgsea.norm = FALSE, tau = 0.25, verbose = FALSE)
gs <- gsva(expr, sets, method = "gsva", kcdf = "Gaussian", mx.diff = TRUE, tau = 1,
           verbose = FALSE)
write.csv(round(t(expr), 6), file.path(folder, "gene_set_table.csv"), quote = FALSE)
long <- function(m, method) data.frame(method = method, set = rep(rownames(m), ncol(m)),
  patient = rep(colnames(m), each = nrow(m)), score = sprintf("%.15g", as.vector(m)))
write.csv(rbind(long(ss, "ssgsea"), long(gs, "gsva")), file.path(folder, "gene_set_scores.csv"),
          quote = FALSE, row.names = FALSE)
