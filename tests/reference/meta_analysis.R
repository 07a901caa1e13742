# Reference values for tests/verification/test_meta.py: means of log hazard ratios over cohorts.
# Run from the repository root: Rscript tests/reference/meta_analysis.R
# Writes tests/verification/meta_reference.csv. Written with R 4.2.2 and metafor 3.8-1 (Debian's
# r-cran-metafor). Calls: rma(yi, sei = sei, method = METHOD, test = TEST), threshold of the
# iterations lowered to 1e-14. test "adhoc": Hartung and Knapp's factor not below 1.
suppressMessages(library(metafor))
sets <- list(
  alike = list(yi = c(0.51, 0.48, 0.55), sei = c(0.15, 0.22, 0.31)),
  apart = list(yi = c(0.9, -0.2, 0.35, 0.05), sei = c(0.12, 0.2, 0.15, 0.3)),
  two = list(yi = c(0.7, 0.1), sei = c(0.1, 0.12)),
  many = list(yi = c(0.12, 0.4, 0.33, -0.1, 0.25, 0.61, 0.2), sei = c(0.2, 0.11, 0.3, 0.25, 0.08, 0.19, 0.4))
)
rows <- NULL
for (name in names(sets)) for (method in c("FE", "DL", "REML")) for (test in c("z", "knha", "adhoc")) {
  if (method == "FE" && test != "z") next
  s <- sets[[name]]
  f <- rma(s$yi, sei = s$sei, method = method, test = test,
           control = list(threshold = 1e-14, maxiter = 100000))
  rows <- rbind(rows, data.frame(
    set = name, method = method, test = test, yi = paste(s$yi, collapse = " "),
    sei = paste(s$sei, collapse = " "), beta = c(f$beta), se = f$se, ci_low = f$ci.lb,
    ci_high = f$ci.ub, p = f$pval, q = f$QE, q_p = f$QEp, i2 = f$I2, tau2 = f$tau2,
    weight_1 = weights(f)[1] / 100))
}
cat(R.version.string, "metafor", as.character(packageVersion("metafor")), "\n")
numbers <- sapply(rows, is.numeric)
rows[numbers] <- lapply(rows[numbers], formatC, digits = 15, format = "g")
write.csv(rows, "tests/verification/meta_reference.csv", row.names = FALSE, quote = FALSE)
