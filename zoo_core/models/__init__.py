"""Networks: topologies, their weights, batch norm, and a model put together of them."""
