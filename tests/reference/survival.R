# Reference values for tests/survival, printed to 12 digits.
# Run from the repository root: Rscript tests/reference/survival.R
# Written with R 4.2.2 and survival 3.5-3. Also writes tests/survival/veteran.csv (the Veterans'
# Administration lung cancer trial; Kalbfleisch & Prentice, The Statistical Analysis of Failure
# Time Data, 1980, pp. 223-224), so that Python reads the same patients.
suppressMessages(library(survival))
options(digits = 12, width = 100)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "\n")

veteran$trt <- veteran$trt - 1
columns <- c("trt", "celltype", "time", "status", "karno", "diagtime", "age")
write.csv(veteran[columns], "tests/survival/veteran.csv", row.names = FALSE, quote = FALSE)
veteran$coarse <- ceiling(veteran$time / 30)

report <- function(title, value) {
  cat("\n##", title, "\n")
  print(value)
}
test <- function(fit) c(chisq = fit$chisq, p = pchisq(fit$chisq, length(fit$n) - 1, lower = FALSE))
medians <- function(fit) summary(fit)$table[, c("records", "events", "median", "0.95LCL", "0.95UCL")]
coefficients <- function(fit) {
  s <- summary(fit)
  cbind(s$conf.int[, c(1, 3, 4), drop = FALSE], p = s$coefficients[, 5])
}
# Sign of the coefficient, size of the score test: the score z.
z <- function(fit) unname(sign(coef(fit)) * sqrt(summary(fit)$sctest["test"]))

f <- survdiff(Surv(time, status) ~ sex, lung)
report("survdiff(Surv(time, status) ~ sex, lung)", list(test(f), f$obs, f$exp))
f <- survdiff(Surv(time, status) ~ ph.ecog, lung)
report("survdiff(Surv(time, status) ~ ph.ecog, lung)", list(test(f), f$obs, f$exp))
f <- survdiff(Surv(time, status) ~ celltype, veteran)
report("survdiff(Surv(time, status) ~ celltype, veteran)", list(test(f), f$obs, f$exp))
f <- survdiff(Surv(coarse, status) ~ celltype, veteran)
report("survdiff(Surv(coarse, status) ~ celltype, veteran)", list(test(f), f$obs, f$exp))

order <- c("smallcell", "squamous", "adeno", "large")
p <- combn(order, 2, function(pair) {
  patients <- veteran[veteran$celltype %in% pair, ]
  fit <- survdiff(Surv(time, status) ~ as.character(celltype), patients)
  pchisq(fit$chisq, 1, lower = FALSE)
})
report("pairs of smallcell, squamous, adeno, large: p, p.adjust(p, 'BH')", rbind(p, p.adjust(p, "BH")))
report("binom.test(0 | 7 | 99, 99)$conf.int",
       sapply(c(0, 7, 99), function(k) binom.test(k, 99)$conf.int))

f <- survfit(Surv(time, status) ~ sex, lung, conf.type = "log-log")
report("survfit(Surv(time, status) ~ sex, lung, conf.type = 'log-log')", medians(f))
s <- summary(f, times = c(100, 500, 900), extend = TRUE)
report("  at 100, 500, 900", cbind(s$surv, s$lower, s$upper, s$n.risk))
f <- survfit(Surv(time, status) ~ celltype, veteran, conf.type = "log-log")
report("survfit(Surv(time, status) ~ celltype, veteran, conf.type = 'log-log')", medians(f))

f <- survfit(Surv(1:3, rep(1, 3)) ~ 1, conf.type = "log-log")
report("survfit(Surv(1:3, rep(1, 3)) ~ 1, conf.type = 'log-log')", summary(f)$table)

report("coxph(Surv(time, status) ~ sex, lung)", coefficients(coxph(Surv(time, status) ~ sex, lung)))
f <- coxph(Surv(time, status) ~ sex + age + ph.ecog, lung)
report("coxph(Surv(time, status) ~ sex + age + ph.ecog, lung)", list(f$n, f$nevent, coefficients(f)))
f <- coxph(Surv(coarse, status) ~ celltype + trt + karno + age, veteran)
report("coxph(Surv(coarse, status) ~ celltype + trt + karno + age, veteran)", coefficients(f))
# A group without events: its coefficient runs off, the others are those of the limit.
veteran$without <- veteran$celltype == "large"
veteran$some <- ifelse(veteran$without, 0, veteran$status)
f <- suppressWarnings(coxph(Surv(time, some) ~ without + karno, veteran))
report("coxph(Surv(time, some) ~ without + karno, veteran)", coefficients(f))

report("score z, lung: sex, age", c(
  z(coxph(Surv(time, status) ~ sex, lung)), z(coxph(Surv(time, status) ~ age, lung))))
report("score z, veteran in months: karno, age, diagtime, trt", c(
  z(coxph(Surv(coarse, status) ~ karno, veteran)), z(coxph(Surv(coarse, status) ~ age, veteran)),
  z(coxph(Surv(coarse, status) ~ diagtime, veteran)), z(coxph(Surv(coarse, status) ~ trt, veteran))))
