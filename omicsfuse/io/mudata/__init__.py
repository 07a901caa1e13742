"""MuData and AnnData, the objects of muon and scanpy: into a cohort, and out of one."""

from omicsfuse.io.mudata.reading import read_mudata
from omicsfuse.io.mudata.writing import to_mudata

__all__ = ["read_mudata", "to_mudata"]
