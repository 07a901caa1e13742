"""Ways to score a patient on a set of genes, one a file; each is a `Scorer`."""
