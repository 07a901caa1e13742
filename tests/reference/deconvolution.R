# Reference values for tests/biology/test_deconvolution.py: nu-support-vector regression with a
# linear kernel, and least squares with weights of 0 or more.
# Run with: Rscript tests/reference/deconvolution.R tests/reference
# It writes into that folder deconvolution_matrix.csv (genes x cell types), deconvolution_mixtures.csv
# (patients x genes) and deconvolution_weights.csv (the weights, before any is set to 0 or divided).
# The committed files came from R 4.2.2 with e1071 1.7-13 and quadprog 1.5-8, by
#   svm(X, y, type = "nu-regression", kernel = "linear", nu = nu, scale = FALSE, tolerance = 1e-3)
#   solve.QP(crossprod(X), crossprod(X, y), diag(ncol(X)), rep(0, ncol(X)))
# where X and y are standardised as a whole for the former and as they are for the latter.
suppressMessages({library(e1071); library(quadprog)})
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(7)
genes <- sprintf("g%03d", 1:90); types <- c("B", "CD4", "CD8", "NK", "Mono")
X <- matrix(round(rlnorm(90 * 5, 4, 1.3), 4), 90, dimnames = list(genes, types))
W <- rbind(p1 = c(.5, .3, .2, 0, 0), p2 = c(0, 0, .1, .2, .7), p3 = c(.2, .2, .2, .2, .2),
           p4 = c(.9, 0, 0, .1, 0))
Y <- W %*% t(X) * matrix(rlnorm(4 * 90, 0, .25), 4)
Y[] <- round(Y, 4)
scaled <- function(v) (v - mean(v)) / sd(as.vector(v))
rows <- list()
for (p in rownames(Y)) {
  y <- Y[p, ]
  for (nu in c(.25, .5, .75)) {
    m <- svm(scaled(X), scaled(y), type = "nu-regression", kernel = "linear", nu = nu,
             scale = FALSE)
    w <- as.vector(t(m$coefs) %*% m$SV)
    rows[[length(rows) + 1]] <- data.frame(method = sprintf("nu_svr %.2f", nu), patient = p,
                                           type = types, weight = sprintf("%.10g", w))
  }
  s <- 1e-3  # quadprog wants numbers near 1
  w <- solve.QP(crossprod(X * s), crossprod(X * s, y * s), diag(5), rep(0, 5))$solution
  rows[[length(rows) + 1]] <- data.frame(method = "nnls", patient = p, type = types,
                                         weight = sprintf("%.10g", w))
}
write.csv(do.call(rbind, rows), file.path(folder, "deconvolution_weights.csv"), row.names = FALSE,
          quote = FALSE)
write.csv(X, file.path(folder, "deconvolution_matrix.csv"), quote = FALSE)
write.csv(Y, file.path(folder, "deconvolution_mixtures.csv"), quote = FALSE)
