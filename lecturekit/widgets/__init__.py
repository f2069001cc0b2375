"""Interactive views for notebooks: state apart from what is drawn."""

from lecturekit.widgets.prediction import Prediction

__all__ = ["Prediction"]
