"""The parts of the page Pairs."""
