"""A laboratory's own table of images or DICOM files, described in TOML, for zoo."""
