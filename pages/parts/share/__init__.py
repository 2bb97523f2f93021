"""The page Share: a link to the lesson, and files to take home."""
