"""Bibliographic files: RIS, NBIB, BibTeX and tables, as databases really write them."""
