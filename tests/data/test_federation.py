"""Federations, on four examples."""

import numpy as np
import pytest

from lecturekit.data import Dataset, Federation, iid

FOUR = Dataset("four", np.arange(4)[:, None], [0, 0, 1, 2], ("a", "b", "c"))


def test_a_client_is_a_dataset_of_its_examples():
    """Client 1 holds examples 3 and 0, in this order."""
    client = Federation(FOUR, [[1, 2], [3, 0]], "by hand")[1]

    assert client.features[:, 0].tolist() == [3.0, 0.0]
    assert client.name == "four, client 1"


def test_label_counts_have_a_row_per_client():
    """Labels 0, 0, 1 on one client and label 2 on the other; the third has none."""
    counts = Federation(FOUR, [[0, 1, 2], [3], []], "by hand").label_counts()

    assert counts.tolist() == [[2, 1, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("partitions", "message"),
    [
        ([[0, 1], [1, 2, 3]], "exactly one client, but 2 hold example 1"),
        ([[0, 1], [3]], "exactly one client, but 0 hold example 2"),
        ([[0, 1, 1], [2, 3]], "exactly one client, but 2 hold example 1"),
        ([], "at least one client, got none"),
    ],
)
def test_an_example_has_exactly_one_client(partitions, message):
    """Two clients with the same example would count it twice in every average."""
    with pytest.raises(ValueError, match=message):
        Federation(FOUR, partitions, "by hand")


@pytest.mark.parametrize("partition_id", [-1, 2, 10**9])
def test_a_partition_id_out_of_range_is_named(partition_id):
    """No counting from the end: partition ids are names, as in Flower."""
    federation = iid(FOUR, num_clients=2)
    with pytest.raises(IndexError, match=f"from 0 to 1, got {partition_id}"):
        federation[partition_id]


def test_clients_can_be_looped_over():
    """`for client in federation` visits partition ids 0, 1, 2."""
    federation = Federation(FOUR, [[0], [1, 2], [3]], "by hand")

    assert [len(client) for client in federation] == [1, 2, 1]
    assert len(federation[np.int64(1)]) == 2


def test_partitions_cannot_be_written_to():
    """A federation stays what it was made as."""
    with pytest.raises(ValueError, match="read-only"):
        iid(FOUR, num_clients=2).partitions[0][0] = 3


def test_summary_stays_short_for_a_thousand_clients():
    """Four lines, whatever the number of clients."""
    many = Dataset("many", np.zeros((2000, 1)), np.zeros(2000, int), ("zero",))

    assert repr(iid(many, num_clients=1000)).splitlines() == [
        "Federation of many: iid, seed 0",
        "  clients                1000",
        "  examples per client    2 to 2, median 2",
        "  labels per client      1 to 1, median 1",
    ]
