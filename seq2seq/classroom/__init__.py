"""What lets one server serve a class: trainings that run in processes of their own, taking turns."""
