"""Radiomic modules against gene modules."""
