"""Looking for events that show a fault, where the vectors of a build do not."""
