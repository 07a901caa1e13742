"""The study file, the stages of a run, the commands and the output folder."""
