"""What a submission's kernel runs in place of a test cell: serve the judge.

__import__("autograder.judging.kernel_side", fromlist=["serve"]).serve()
"""

from IPython.core.getipython import get_ipython

from autograder.judging import far
from autograder.judging.offers import accepted
from autograder.sandbox.channel import channel


def serve() -> None:
    """Answer the judge during one test cell, with the names of this notebook."""
    shell = get_ipython()
    assert shell is not None, "a kernel has a shell"
    far.serve(accepted(channel()), shell.user_ns)
