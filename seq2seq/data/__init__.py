"""The pairs that everything else comes from: checking them, reading and writing files of them."""
