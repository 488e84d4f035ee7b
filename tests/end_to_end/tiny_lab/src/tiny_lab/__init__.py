"""A laboratory's plugins."""
