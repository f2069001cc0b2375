"""Lecture demos: one question each, on the runtime and on real data, recorded.

    demo.py       what a demo is: a plan, what it computes, how that is shown
    catalog.py    all demos by name, and their decks in `recorded/`
    record.py     every state of a demo, computed before the lecture
    solution.py   the answers of labs, where they are at hand
    export.py     one HTML file that needs nothing; handout.py: the same on paper
    notebook.py   the presenter's notebook in JupyterLab

A new demo is one file with a `Demo` called DEMO, and its name in `catalog.NAMES`.
"""
