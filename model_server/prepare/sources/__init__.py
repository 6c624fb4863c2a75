"""Where a checkpoint can come from: one file for each kind, each the only home of its library."""
