"""Errors, kinds of layer, the cohort and its checks, results: what every room knows."""
