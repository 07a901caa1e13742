# Reference values for tests/signatures/test_elastic_net*.py.
# Run from the repository root: Rscript tests/reference/elastic_net.R
# Written with R 4.2.2 and glmnet 4.1-6. Writes tests/reference/elastic_net_data.csv, made up with a
# seed: 50 patients x 80 genes, of which a few carry a continuous target y, a binary one and a time
# with many ties and censoring; z: a covariate. Then elastic_net_coefficients.csv: coefficients along
# a fixed path of lambdas (genes standardised with n, not n - 1, in the denominator; y likewise, as
# glmnet's ridge part depends on the unit of y), for three values of alpha, and with z unpenalised;
# and elastic_net_cv.csv: cv.glmnet with fixed folds.
suppressMessages({library(glmnet); library(survival)})
glmnet.control(fdev = 0, devmax = 1)
folder <- "tests/reference/"
set.seed(11)
n <- 50
p <- 80
x <- matrix(rnorm(n * p), n)
x[, 2] <- 0.7 * x[, 1] + 0.7 * x[, 2]
x <- round(x, 2)
colnames(x) <- sprintf("G%02d", 1:p)
z <- round(rnorm(n) + 0.4 * x[, 3], 2)
signal <- x[, 1] + 0.8 * x[, 2] - 0.9 * x[, 3] + 0.5 * z
y <- round(signal + rnorm(n), 2)
class <- as.integer(signal + rlogis(n) > 0)
time <- 1 + floor(rexp(n, exp(0.8 * signal) / 6))
event <- as.integer(runif(n) < 0.7)
fold <- rep(1:5, length.out = n)
d <- data.frame(patient = sprintf("P%02d", 1:n), y, class, time, event, z, fold, x)
write.csv(d, paste0(folder, "elastic_net_data.csv"), row.names = FALSE, quote = FALSE)

standard <- function(v) (v - mean(v)) / sqrt(mean((v - mean(v))^2))
X <- apply(x, 2, standard)
outcomes <- list(gaussian = standard(y), binomial = class,
                 cox = Surv(time, event))
lambdas <- c(0.3, 0.2, 0.12, 0.08, 0.05)
rows <- list()
for (family in names(outcomes)) for (alpha in c(0.5, 0.9, 1)) for (covariate in c(FALSE, TRUE)) {
  table <- if (covariate) cbind(X, z = standard(z)) else X
  penalty <- c(rep(1, p), if (covariate) 0)
  # glmnet makes the penalty factors add up to the number of columns.
  scale <- sum(penalty) / length(penalty)
  fit <- glmnet(table, outcomes[[family]], family = family, alpha = alpha,
                lambda = lambdas * scale, penalty.factor = penalty, standardize = FALSE,
                thresh = 1e-15, maxit = 1e7)
  b <- as.matrix(fit$beta)
  for (k in seq_along(lambdas)) for (j in which(b[, k] != 0))
    rows[[length(rows) + 1]] <- data.frame(family, alpha, covariate, lambda = lambdas[k],
      column = rownames(b)[j], coefficient = signif(b[j, k], 12))
}
write.csv(do.call(rbind, rows), paste0(folder, "elastic_net_coefficients.csv"), row.names = FALSE,
          quote = FALSE)
cv <- do.call(rbind, lapply(names(outcomes), function(family) {
  # Genes standardised in all patients here, so that the folds of both programs see the same; alpha 1,
  # as else the unit of y in each fold would matter.
  found <- cv.glmnet(X, outcomes[[family]], family = family, alpha = 1, lambda = lambdas,
                     standardize = FALSE, foldid = fold, thresh = 1e-15, maxit = 1e7,
                     type.measure = "deviance", grouped = TRUE)
  data.frame(family, lambda = found$lambda, deviance = signif(found$cvm, 12),
             se = signif(found$cvsd, 12), lambda_min = found$lambda.min,
             lambda_1se = found$lambda.1se)
}))
write.csv(cv, paste0(folder, "elastic_net_cv.csv"), row.names = FALSE, quote = FALSE)
print(cv)
