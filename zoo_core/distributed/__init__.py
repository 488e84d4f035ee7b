"""One rank or many: what ranks do together, and how they are started."""
