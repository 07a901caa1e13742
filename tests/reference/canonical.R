# First canonical correlations, of raw features and of principal components.
# Run with: Rscript tests/reference/canonical.R, in the folder of the package.
# R 4.2.2, stats: cancor(x, y)$cor[1]; prcomp(x, scale. = TRUE)$x.
folder <- "tests/reference"
n <- 40
# Numbers without a random generator, so that anyone can make them again.
value <- function(i, j) sin(i * (j + 1.7) + j^2) + cos(i^1.3 * j / 3)
x <- outer(seq_len(n), 1:3, value)
y <- outer(seq_len(n), 4:7, value)
y[, 1] <- y[, 1] + 0.8 * x[, 2]
write.csv(data.frame(x, y), file.path(folder, "canonical_data.csv"), row.names = FALSE)
px <- prcomp(x, scale. = TRUE)$x
py <- prcomp(y, scale. = TRUE)$x
found <- data.frame(
  what = c("features", "two components", "one component"),
  correlation = c(
    cancor(x, y)$cor[1],
    cancor(px[, 1:2], py[, 1:2])$cor[1],
    cancor(px[, 1, drop = FALSE], py[, 1, drop = FALSE])$cor[1]
  )
)
found$correlation <- format(found$correlation, digits = 15)
write.csv(found, file.path(folder, "canonical_correlations.csv"), row.names = FALSE, quote = FALSE)
