"""Test cells run on our side of the wall; a student's names are proxies over it.

The judge's side starts at `judge.Judge`, the student's at `far.serve`. Nothing is
imported here: a student's process loads `far` and what it needs, not the grader.
"""

__all__: list[str] = []
