"""The MedMNIST data sets of small medical images, for zoo."""
