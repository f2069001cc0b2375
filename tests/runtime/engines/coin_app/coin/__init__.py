"""A Flower app that is nothing but chance."""
