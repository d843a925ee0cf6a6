"""The browser interface and the foyer command. Process foyer-webui."""
