"""What a look at every example of a data set shows: each by itself, and one beside the others."""
