"""Radiogenomic maps: each radiomic feature against everything molecular."""
