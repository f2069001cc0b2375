"""Grading on a real Ray cluster of two nodes in one machine."""

import os
import signal
import time
from functools import partial

import pytest

from autograder.grading.ledger import Ledger
from autograder.grading.limits import Limits
from autograder.grading.marking import Marked
from autograder.grading.ray_pool import RayCluster
from tests.grading.tiny import FULL, points

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray's own, of every kind
]


class SlowMarker:
    """Says where it marked, and waits there for a while."""

    def __init__(self, scratch):
        self.scratch = scratch

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def mark(self, folder):
        student, node = folder.parent.name, ray.get_runtime_context().get_node_id()
        with (self.scratch / student).open("a") as log:
            log.write(f"{node} {os.getppid()}\n")
        time.sleep(1)
        return Marked(student, (), Ledger("there", "b"), "{}")


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_lost_nodes_submissions_are_marked_elsewhere(cluster, tmp_path):
    """One node is killed in the middle of the batch; nobody loses a mark."""
    scratch, folders = tmp_path / "scratch", []
    scratch.mkdir()
    for k in range(8):
        folders.append(tmp_path / f"s{k}" / "lab")
        folders[-1].mkdir(parents=True)
    pool = RayCluster(partial(SlowMarker, scratch), cluster.address, Limits())
    marked, killed = {}, None
    for folder, outcome in pool.mark(folders):
        marked[folder.parent.name] = outcome
        if killed is None:
            killed, raylet = _at_work(scratch, cluster.head_node.node_id)
            os.kill(raylet, signal.SIGKILL)

    assert sorted(marked) == [f"s{k}" for k in range(8)]
    assert all(isinstance(outcome, Marked) for outcome in marked.values())
    tries = [path.read_text().splitlines() for path in sorted(scratch.iterdir())]
    assert any(len(lines) > 1 for lines in tries), "the node died too late"
    assert all(not lines[-1].startswith(killed) for lines in tries if len(lines) > 1)


def _at_work(scratch, head):
    """Wait until a node other than the head has just begun a submission."""
    while True:
        for path in scratch.iterdir():
            node, raylet = path.read_text().split()[:2]
            if node != head and time.time() - path.stat().st_mtime < 0.3:
                return node, int(raylet)
        time.sleep(0.02)


def test_marks_are_those_of_a_local_run(cluster, course):
    """Same marks, notebooks and table; and the next run keeps them."""
    course.submit("right")
    course.submit("wrong", mean="def mean(values):\n    return 0.0")
    course.submit("torn", text="{")
    local = course.grade(force=True)
    notebook = course.autograded("wrong")

    there = course.grade(force=True, ray=cluster.address)

    assert there == local
    assert points(there["right"]) == FULL
    assert course.autograded("wrong") == notebook
    assert {m.status for m in course.grade().values()} == {"kept"}
