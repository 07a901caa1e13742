"""Imaging heterogeneity of each patient."""
