"""The whole product: the booted box, callers, desk phones and a browser, end to end."""
