"""Makes a site revision live. Process foyer-apply."""
