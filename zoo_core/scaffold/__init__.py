"""A package with one plugin, copied from the template that `plugins/zoo-template` is."""
