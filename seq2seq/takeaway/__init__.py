"""What leaves the app: lesson files, links, notebooks, models, reports."""
