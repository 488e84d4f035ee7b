"""What more ranks bring: measured on the ranks that a machine has, and drawn as a model for those that it has not."""
