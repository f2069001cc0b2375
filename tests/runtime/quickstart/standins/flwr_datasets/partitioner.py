"""Stand-in for flwr_datasets.partitioner."""


class IidPartitioner:
    """Partitions of equal size."""

    def __init__(self, num_partitions):
        self.num_partitions = num_partitions
