"""How students come in: addresses, workspaces the browser remembers, and who waits for a place."""
