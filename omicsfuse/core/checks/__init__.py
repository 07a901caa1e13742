"""Checks of user data, used by the gate and by the readers that know files and columns."""
