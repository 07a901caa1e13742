"""Ways of deriving a gene set, one file each."""
