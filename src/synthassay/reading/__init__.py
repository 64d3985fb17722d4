"""Reader studies: designed, read in the browser, analysed with reader-and-case statistics."""
