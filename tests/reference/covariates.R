# Reference values for tests/stats/test_covariates.py: terms of covariates as R's model.matrix makes them.
# Run with: Rscript tests/reference/covariates.R
# The values committed in the test came from R 4.2.2 (package stats).
options(na.action = "na.pass", width = 120)
cat(R.version.string, "\n")

age <- c(61, 72, 55, NA, 66, 58, 49, 80, 70, 63, 59, 68)
stage <- c(1, 4, 3, 2, NA, 2, 3, 1, 4, 2, 3, 1)
sex <- factor(c("m", "f", "m", "m", "f", NA, "m", "m", "f", "m", "f", "m"))
site <- factor(c("lip", "neck", "lip", "ear", "lip", "neck", "tongue", "lip", "neck", "lip", "neck", "neck"))
levels(site) <- ifelse(table(site)[levels(site)] < 5, "other", levels(site))

# Against the most frequent category; of ties against the first by name.
most <- function(x) relevel(x, names(which.max(table(x))))
x <- model.matrix(~ age + stage + most(sex) + most(site))
print(x[, -1])
# Normal scores of Blom, with mean 0 and standard deviation 1.
blom <- function(x) as.vector(scale(qnorm((rank(x, na.last = "keep") - 3 / 8) / (sum(!is.na(x)) + 1 / 4))))
print(cbind(blom(age), blom(stage)), digits = 15)
