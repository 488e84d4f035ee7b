"""From an adapter's rows to batches: order, splits, pictures, reading ahead."""
