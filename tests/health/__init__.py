"""Health: every check on facts that are wrong, and the facts on files as a kernel shows them."""
