"""Looking into models: the table of `summary()` and the drawing of `plot_model`."""
