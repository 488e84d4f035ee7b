"""A trained model's predictions of pictures or of a data set: part by part, so that they can go on after a kill."""
