"""What plays: the decoding step by step, and the training; on their pages, and in a file to take home."""
