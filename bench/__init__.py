"""Measurements: `make bench` runs them all and writes bench/results.{md,json}.

Every figure is a ratio of two things measured in turn in one run, so that it says
something about the code and little about the machine or its load.
"""
