"""`zoo data init`: what a table seems to say, and the TOML file that says so."""
