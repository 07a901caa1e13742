"""Commands of their own: verify, assign and interpret."""
