"""`python -m layers.locate`: compiles what places points, so that the first incident need not wait for it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import shapely

from layers.locate import Placing

with TemporaryDirectory() as scratch:
    folder = Path(scratch) / "index"
    regions = np.array([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 2, 1)])
    built = Placing.build(["a", "b"], regions).updated(["b"], [], np.array([], dtype=object))
    built.save(folder)
    for index in (built, Placing.open(folder)):
        index.place([0.5], [0.5]), index.place_one(0.5, 0.5), index.on_border([0.5], [0.5]), index.nearest([5.0], [0.5])
