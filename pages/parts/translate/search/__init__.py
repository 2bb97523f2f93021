"""Other ways than greedy to choose the next token: beam search and sampling, and all that they looked at."""
