"""A manifest and a study drafted from files as they lie in a folder."""

from omicsfuse.pipeline.drafting.drafts import Draft, draft

__all__ = ["Draft", "draft"]
