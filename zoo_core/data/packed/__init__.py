"""The packed store: any data set's examples at one size, in one zarr array a spec, written once and read fast."""
