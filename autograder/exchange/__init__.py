"""A course on a hub, from the roster to feedback: what `autograder course` does.

Each step reads the course folder and nbgrader's exchange, says what it would change and
then changes it. Doing it twice is doing it once.
"""
