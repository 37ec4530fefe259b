"""The machine kerax runs on: files and downloads, optional packages, the terminal."""
