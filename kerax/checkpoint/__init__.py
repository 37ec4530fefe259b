"""Checkpoints of a training: all that `fit` needs to go on where it was, in directories of Orbax.

    run/320/state/        the arrays, a tree that Orbax reads: model, optimizer, metrics, others
    run/320/about.json    what is no array: the place in the data, callbacks, logs, random states; checksums of all
    run/.321.4f1a.part/   a save on its way; it is synced, then renamed

A number is that of the training steps done. `store.py` reads and writes one of them, `variables.py` tells which array
belongs to which Variable, `plain.py` makes JSON of what is no array, `writer.py` saves while training goes on.
"""
