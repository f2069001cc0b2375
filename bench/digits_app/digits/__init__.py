"""The benchmark's Flower app: digits, a small network, local SGD."""
