"""What can be asked of a trained model: other ways to search, how good it is, what its context vectors say."""
