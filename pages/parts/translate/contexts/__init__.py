"""Context vectors: which are kept, a map of them, the nearest ones, and two of them side by side."""
