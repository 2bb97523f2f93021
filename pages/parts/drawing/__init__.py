"""What the pictures of all pages share."""
