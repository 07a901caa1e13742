"""Small functions, each by an example."""

import numpy as np

from omicsfuse.assignment.discriminant import by_row, log_sum, row_products


def test_row_products() -> None:
    assert row_products(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist() == [
        [11.0],
        [2.0],
    ]


def test_log_sum() -> None:
    assert log_sum(np.log(np.array([[1.0, 2.0, 5.0]]))).round(6).tolist() == [round(np.log(8), 6)]


def test_by_row() -> None:
    assert by_row(np.log2, np.array([[1.0, 2.0], [4.0, 8.0]])).tolist() == [[0.0, 1.0], [2.0, 3.0]]
