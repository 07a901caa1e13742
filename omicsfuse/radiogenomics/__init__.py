"""What the images go with: modules against modules, and the imaging heterogeneity index."""
