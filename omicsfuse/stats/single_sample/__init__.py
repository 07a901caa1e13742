"""Gene sets scored one patient at a time, by ranks of genes within the patient."""
