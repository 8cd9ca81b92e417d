"""The manual: the checks' pages, read from their files, on a terminal and as a site."""
