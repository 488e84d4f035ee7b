"""Many trainings on one data set: cells that worker processes train, and what they say together."""
