"""Event files, as TensorBoard reads them: what stands in one, and who writes it. tensorboardX is loaded on first use."""
