"""Event files, as TensorBoard reads them: what stands in one, and who writes it. Loads tensorboardX on first use."""
