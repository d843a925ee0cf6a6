"""`make bench`: what Foyer costs and how fast it is, measured on the product itself."""
