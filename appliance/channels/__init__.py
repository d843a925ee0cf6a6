"""Digital channels, one file each. Process foyer-channels."""
