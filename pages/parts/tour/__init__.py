"""A tour over all pages, whose steps are done by doing them."""
