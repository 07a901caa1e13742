"""Files as they lie on the disk: packed, encoded, delimited, or in a workbook."""
