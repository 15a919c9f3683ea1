"""Point → region: the placing index over one edition of one scheme."""

from layers.locate.placing import BORDER_TOLERANCE_DEG, Placing, place_in_all

__all__ = ["BORDER_TOLERANCE_DEG", "Placing", "place_in_all"]
