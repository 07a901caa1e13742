# Reference values for tests/survival on models, prediction, late entry and competing events,
# printed to 12 digits.
# Run from the repository root: Rscript tests/reference/survival_models.R
# Written with R 4.2.2, survival 3.5-3, cmprsk 2.2-11 and riskRegression 2022.11.28. Also writes
# tests/survival/truncated.csv, made up with a seed: 60 patients who enter late, in whole months
# (many ties), of three groups and three sites, with two causes of death.
# coxphf (Heinze's program for Firth's penalty) is not in Debian: its definition is maximised here.
# survRM2 is not either: its formulas are written out and held against survfit's.
suppressMessages({library(survival); library(cmprsk); library(riskRegression)})
options(digits = 12, width = 100)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "cmprsk",
    as.character(packageVersion("cmprsk")), "riskRegression",
    as.character(packageVersion("riskRegression")), "\n")

set.seed(20)
n <- 60
d <- data.frame(patient = sprintf("P%02d", 1:n), group = rep(c("A", "B", "C"), length.out = n),
                site = sample(c("east", "north", "west"), n, replace = TRUE),
                age = round(rnorm(n, 60, 9)), karno = 10 * sample(4:9, n, replace = TRUE))
effect <- c(A = 0, B = 0.5, C = 1)[d$group] + 0.03 * (d$age - 60)
first <- 1 + ceiling(rexp(n, exp(effect) / 14))
other <- 1 + ceiling(rexp(n, 1 / 30))
censored <- 1 + ceiling(runif(n, 5, 40))
d$time <- pmin(first, other, censored)
d$cause <- ifelse(d$time == censored & d$time < pmin(first, other), 0, ifelse(first <= other, 1, 2))
d$entry <- pmin(floor(runif(n, 0, 6)), d$time - 1)
write.csv(d, "tests/survival/truncated.csv", row.names = FALSE, quote = FALSE)
d$event <- as.integer(d$cause == 1)
d$place <- c(A = 1, B = 2, C = 3)[d$group]
veteran$trt <- veteran$trt - 1
veteran$without <- as.integer(veteran$celltype == "large")
veteran$some <- ifelse(veteran$without == 1, 0, veteran$status)
for (cell in c("smallcell", "adeno", "large")) veteran[[cell]] <- as.integer(veteran$celltype == cell)

report <- function(title, value) {
  cat("\n##", title, "\n")
  print(value)
}
coefficients <- function(fit) {
  s <- summary(fit)
  cbind(s$conf.int[, c(1, 3, 4), drop = FALSE], p = s$coefficients[, 5])
}

# ---- log-rank tests
f <- survdiff(Surv(time, status) ~ celltype + strata(trt), veteran)
report("survdiff(Surv(time, status) ~ celltype + strata(trt), veteran)",
       list(f$chisq, rowSums(f$obs), rowSums(f$exp)))
f <- survdiff(Surv(time, event) ~ group + strata(site), d)
report("survdiff(Surv(time, event) ~ group + strata(site), d)",
       list(f$chisq, rowSums(f$obs), rowSums(f$exp)))
trend <- function(f, places) {
  difference <- sum(places * (f$obs - f$exp))
  difference^2 / as.numeric(t(places) %*% f$var %*% places)
}
f <- survdiff(Surv(time, event) ~ group, d)
report("trend of A, B, C at 1, 2, 3: (c'(O - E))^2 / c'Vc of survdiff(Surv(time, event) ~ group, d)",
       trend(f, 1:3))
f <- survdiff(Surv(ceiling(time / 30), status) ~ celltype, veteran)
report("trend of squamous, smallcell, adeno, large at 1, 4, 3, 2, veteran in months",
       trend(f, c(1, 4, 3, 2)))
# The score test of coxph with exact ties (a discrete model) is the log-rank test.
f <- coxph(Surv(entry, time, event) ~ group, d, ties = "exact", iter.max = 0)
report("coxph(Surv(entry, time, event) ~ group, d, ties = 'exact'), score test",
       f$score)
# Its variance is hypergeometric also in strata.
f <- coxph(Surv(entry, time, event) ~ group + strata(site), d, ties = "exact", iter.max = 0)
report("coxph(Surv(entry, time, event) ~ group + strata(site), d, ties = 'exact'), score test",
       f$score)
f <- coxph(Surv(entry, time, event) ~ place, d, ties = "exact", iter.max = 0)
report("coxph(Surv(entry, time, event) ~ place, d, ties = 'exact'), score test", f$score)

# ---- Cox models
d$B <- as.integer(d$group == "B"); d$C <- as.integer(d$group == "C")
f <- coxph(Surv(entry, time, event) ~ B + C + age, d)
report("coxph(Surv(entry, time, event) ~ B + C + age, d)", list(coefficients(f), f$loglik))
report("cox.zph(transform = 'km')", cox.zph(f, transform = "km", terms = FALSE)$table)
f <- coxph(Surv(entry, time, event) ~ B + C + age + strata(site), d)
report("coxph(Surv(entry, time, event) ~ B + C + age + strata(site), d)",
       list(coefficients(f), f$loglik))
report("cox.zph(transform = 'km')", cox.zph(f, transform = "km", terms = FALSE)$table)
f <- coxph(Surv(time, status) ~ smallcell + adeno + large + karno, veteran)
report("coxph(Surv(time, status) ~ smallcell + adeno + large + karno, veteran), cox.zph km",
       cox.zph(f, transform = "km", terms = FALSE)$table)
report("residuals(type = 'scaledsch') at the first and last five events",
       rbind(head(residuals(f, "scaledsch"), 5), tail(residuals(f, "scaledsch"), 5)))
g <- coxph(Surv(time, status) ~ karno, veteran)
report("anova(~ karno, ~ smallcell + adeno + large + karno)", anova(g, f))
split <- median(veteran$time[veteran$status == 1])
early <- transform(veteran, status = ifelse(time <= split, status, 0), time = pmin(time, split))
late <- veteran[veteran$time > split, ]
b <- list(coxph(Surv(time, status) ~ karno, early),
          coxph(Surv(rep(split, nrow(late)), time, status) ~ karno, late))
report("karno before and after the median event time",
       list(split, lapply(b, coefficients),
            p = pchisq((coef(b[[1]]) - coef(b[[2]]))^2 / (vcov(b[[1]]) + vcov(b[[2]])), 1,
                       lower.tail = FALSE)))
report("variance inflation: diag(solve(cor(smallcell, adeno, large, karno, age)))",
       diag(solve(cor(veteran[c("smallcell", "adeno", "large", "karno", "age")]))))

# ---- Firth's penalty: log likelihood + log det(information) / 2, by optim, limits by uniroot
firth <- function(formula, data, terms) {
  at <- function(b) {
    fit <- tryCatch(suppressWarnings(coxph(formula, data, init = b, iter.max = 0)),
                    error = function(e) NULL)
    if (is.null(fit)) return(-1e10)  # too far: exp overflows
    # vcov is the inverse of the information
    fit$loglik[1] - 0.5 * as.numeric(determinant(fit$var)$modulus)
  }
  p <- length(terms)
  best <- function(free, b) {
    if (!any(free)) return(list(par = b, value = at(b)))
    whole <- function(v) { b[free] <- v; b }
    v <- b[free]
    if (length(v) == 1) {
      top <- optimize(function(v) at(whole(v)), v + c(-9, 9), maximum = TRUE, tol = 1e-9)
      return(list(par = whole(top$maximum), value = top$objective))
    }
    for (i in 1:2) v <- optim(v, function(v) -at(whole(v)), method = "BFGS",
                              control = list(reltol = 1e-15, maxit = 500))$par
    list(par = whole(v), value = at(whole(v)))
  }
  top <- best(rep(TRUE, p), rep(0, p))
  drop <- qchisq(0.95, 1) / 2
  rows <- t(sapply(1:p, function(k) {
    free <- seq_len(p) != k
    profile <- function(v) { b <- top$par; b[k] <- v; best(free, b)$value }
    gap <- function(v) profile(v) - top$value + drop
    reach <- function(sign) {
      width <- 0.5
      while (gap(top$par[k] + sign * width) > 0) width <- 2 * width
      uniroot(gap, sort(top$par[k] + c(0, sign * width)), tol = 1e-9)$root
    }
    c(coefficient = top$par[k], low = reach(-1), high = reach(1),
      p = pchisq(2 * (top$value - profile(0)), 1, lower.tail = FALSE))
  }))
  rownames(rows) <- terms
  list(rows, penalised = top$value, null = at(rep(0, p)))
}
report("Firth: Surv(time, some) ~ without + karno, veteran",
       firth(Surv(time, some) ~ without + karno, veteran, c("without", "karno")))
report("Firth, ties: Surv(ceiling(time / 30), some) ~ without + karno, veteran",
       firth(Surv(ceiling(time / 30), some) ~ without + karno, veteran, c("without", "karno")))
d$none <- ifelse(d$group == "B", 0, d$event)
report("Firth, late entry and strata: Surv(entry, time, none) ~ B + C + age + strata(site), d",
       firth(Surv(entry, time, none) ~ B + C + age + strata(site), d, c("B", "C", "age")))
g <- data.frame(time = rep(1:20, each = 3), group = rep(0:2, 20))
g$event <- as.integer(g$group > 0); g$S2 <- as.integer(g$group == 1); g$S3 <- as.integer(g$group == 2)
report("Firth, reference without events: times 1 to 20, a patient of each group at each",
       firth(Surv(time, event) ~ S2 + S3, g, c("S2", "S3")))
o <- data.frame(time = 1:30, event = 1, x = 14.5 - (0:29))
report("Firth: x that orders all events, 30 patients", firth(Surv(time, event) ~ x, o, "x"))

# ---- curves
reverse <- function(fit) summary(fit)$table[, c("median", "0.95LCL", "0.95UCL")]
report("survfit(Surv(time, status == 0) ~ celltype, veteran, conf.type = 'log-log')",
       reverse(survfit(Surv(time, status == 0) ~ celltype, veteran, conf.type = "log-log")))
report("survfit(Surv(time, status == 0) ~ sex, lung (1 censored), conf.type = 'log-log')",
       reverse(survfit(Surv(time, status == 1) ~ sex, lung, conf.type = "log-log")))
f <- survfit(Surv(time, status) ~ celltype, veteran, conf.type = "log-log")
s <- summary(f, times = c(1, 3) * 365.25, extend = TRUE)
report("survfit(Surv(time, status) ~ celltype, veteran) at 1 and 3 years",
       data.frame(s$strata, s$time, s$surv, s$lower, s$upper, s$n.risk))
f <- survfit(Surv(entry, time, event) ~ group, d, conf.type = "log-log")
s <- summary(f, times = c(5, 10, 20), extend = TRUE)
report("survfit(Surv(entry, time, event) ~ group, d, conf.type = 'log-log') at 5, 10, 20",
       data.frame(s$strata, s$time, s$surv, s$lower, s$upper, s$n.risk))
report("  medians", summary(f)$table[, c("records", "events", "median", "0.95LCL", "0.95UCL")])

# ---- restricted means; difference as survRM2's rmst2: Z = difference / sqrt(sum of variances)
rmst <- function(time, status, tau) {
  f <- survfit(Surv(time, status) ~ 1)
  s <- summary(f, rmean = tau)$table
  at <- f$time[f$time <= tau & f$n.event > 0]
  surv <- summary(f, times = at)$surv
  area <- rev(cumsum(rev(surv * diff(c(at, tau)))))
  risk <- summary(f, times = at)$n.risk; dead <- summary(f, times = at)$n.event
  own <- sum(ifelse(risk > dead, area^2 * dead / (risk * (risk - dead)), 0))
  c(mean = unname(s["rmean"]), se = unname(s["se(rmean)"]), by.formula = sqrt(own))
}
# A curve is known up to its longest follow-up, and for ever where that ends with the event, as it
# does in all four cells: tau is then the longest time of those compared.
tau <- max(veteran$time)
means <- sapply(levels(veteran$celltype), function(cell)
  with(veteran[veteran$celltype == cell, ], rmst(time, status, tau)))
report(paste("restricted means, veteran, tau", tau), means)
pair <- veteran[veteran$celltype %in% c("smallcell", "adeno"), ]
means <- sapply(c("smallcell", "adeno"), function(cell)
  with(pair[pair$celltype == cell, ], rmst(time, status, max(pair$time))))
difference <- means["mean", "smallcell"] - means["mean", "adeno"]
se <- sqrt(means["se", "smallcell"]^2 + means["se", "adeno"]^2)
report(paste("smallcell minus adeno: difference, limits, p; tau", max(pair$time)),
       c(difference, difference + c(-1, 1) * qnorm(0.975) * se, 2 * pnorm(-abs(difference / se))))

# ---- prediction, lung without missing values: ~ age + ph.ecog, and sex as the subtype
l <- na.omit(lung[c("time", "status", "sex", "age", "ph.ecog")])
l$status <- l$status - 1
l$sex <- as.integer(l$sex == 2)
models <- list(clinical = coxph(Surv(time, status) ~ age + ph.ecog, l, x = TRUE),
               both = coxph(Surv(time, status) ~ age + ph.ecog + sex, l, x = TRUE))
report("anova", anova(models$clinical, models$both))
report("concordance(): Harrell", sapply(models, function(f) concordance(f)$concordance))
horizon <- sort(l$time)[nrow(l) - 9]
report(paste("concordance(timewt = 'n/G2', ymax = horizon): Uno, horizon", horizon),
       sapply(models, function(f) concordance(f, timewt = "n/G2", ymax = horizon)$concordance))
times <- c(365.25)
s <- Score(models, Surv(time, status) ~ 1, l, times = times, cens.model = "km",
           metrics = c("auc", "brier"), null.model = FALSE, conf.int = FALSE, cause = 1)
report("Score(cens.model = 'km', times = 365.25): auc and Brier", list(s$AUC$score, s$Brier$score))
s <- Score(models, Surv(time, status) ~ 1, l, times = c(100, 200, 500), cens.model = "km",
           metrics = c("auc", "brier"), null.model = FALSE, conf.int = FALSE, cause = 1)
report("Score at 100, 200, 500", list(s$AUC$score, s$Brier$score))
# Brier score integrated by the trapezium rule over 51 times from 0 to the horizon, and divided by it.
grid <- seq(0, horizon, length.out = 51)
s <- Score(models, Surv(time, status) ~ 1, l, times = grid[-1], cens.model = "km",
           metrics = "brier", null.model = FALSE, conf.int = FALSE, cause = 1)$Brier$score
report("Brier score integrated over seq(0, horizon, length.out = 51)",
       sapply(names(models), function(m) {
         b <- c(0, s$Brier[s$model == m])
         sum((b[-1] + b[-51]) / 2 * diff(grid)) / horizon
       }))
report("predicted survival at 365.25 of the first five",
       sapply(models, function(f) summary(survfit(f, newdata = l[1:5, ]), times = 365.25)$surv))
# Vickers 2008: net benefit = P(x) [1 - S(t | x)] - P(x) S(t | x) odds, S by Kaplan-Meier
risk <- 1 - as.numeric(summary(survfit(models$both, newdata = l), times = 365.25)$surv)
benefit <- function(risk, threshold) {
  inside <- risk >= threshold
  s <- summary(survfit(Surv(time, status) ~ 1, l[inside, ]), times = 365.25, extend = TRUE)$surv
  mean(inside) * ((1 - s) - s * threshold / (1 - threshold))
}
report("net benefit at 0.3, 0.5, 0.7 of both, and of treating all",
       rbind(sapply(c(0.3, 0.5, 0.7), function(t) benefit(risk, t)),
             sapply(c(0.3, 0.5, 0.7), function(t) benefit(rep(1, nrow(l)), t))))

# ---- competing events
f <- cuminc(d$time, d$cause, d$group)
report("timepoints(cuminc(time, cause, group), c(5, 10, 20))", timepoints(f, c(5, 10, 20)))
f <- survfit(Surv(entry, time, factor(cause)) ~ group, d, id = patient)
s <- summary(f, times = c(5, 10, 20), extend = TRUE)
report("survfit(Surv(entry, time, factor(cause)) ~ group, d), Aalen-Johansen, with late entry",
       data.frame(s$strata, s$time, s$pstate))
f <- survfit(Surv(time, factor(cause)) ~ group, d, id = patient)
s <- summary(f, times = c(5, 10, 20), extend = TRUE)
report("survfit(Surv(time, factor(cause)) ~ group, d)", data.frame(s$strata, s$time, s$pstate, s$std.err))
