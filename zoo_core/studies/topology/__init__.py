"""How topologies bear large global batches, beside each other and finding by finding."""
