"""A folder of pictures made into a plate in OME-Zarr."""
