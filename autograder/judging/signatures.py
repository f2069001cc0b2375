"""What the wrong answers of a lab's bank say in its tests, to recognise them.

A student whose answer says exactly what a mutant says has, as far as the test can tell,
made the mutant's mistake, and should read its sentence. So every wrong answer is judged
once by the tests of its exercise, and the digests of what it said are kept in a file
until the lab or its bank changes, or the packages that it computes with.

The files stand in `$AUTOGRADER_CACHE`, or else where the platform keeps caches: every
course of a user shares them. They may be deleted at any time.
"""

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from autograder.authoring.bank import Answer, read_bank
from autograder.authoring.lab import Lab
from autograder.judging.cell import Verdict
from autograder.judging.forked import ForkedStudent
from autograder.judging.judge import Judge

_FORMAT = 1  # of the files, and of the digests in them
_PACKAGES = ("flwr", "numpy", "torch")  # what a digit of an answer may depend on


@dataclass(frozen=True)
class Signatures:
    """What is known of one lab.

    Parameters
    ----------
    right : dict of str to str
        By test, what the solution says.
    wrong : dict of str to dict of str to list of str
        By test and by what a failing wrong answer says, the sentences.
    """

    right: dict[str, str]
    wrong: dict[str, dict[str, list[str]]]

    def misconception(self, test: str, verdict: Verdict) -> str:
        """Return the sentence of the mistake behind a verdict, if it is one's alone.

        Parameters
        ----------
        test : str
            The grade id of the test.
        """
        said = verdict.transcript
        if verdict.points >= verdict.maximum or said == self.right.get(test):
            return ""
        sentences = self.wrong.get(test, {}).get(said, [])
        return sentences[0] if len(sentences) == 1 else ""

    def explained(self, test: str, verdict: Verdict) -> Verdict:
        """Return the verdict with its misconception."""
        return replace(verdict, misconception=self.misconception(test, verdict))


def signatures(lab: Lab, *, workers: int | None = None) -> Signatures:
    """Return the signatures of `lab`: those that are kept, or made now and kept.

    Parameters
    ----------
    workers : int or None
        Processes that judge the bank; one per core if None.
    """
    path = cache_folder() / f"{lab.name}-{_digest(lab)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):  # none, or a broken one
        return Signatures(**json.loads(path.read_text()))
    found = _judged(lab, workers or os.cpu_count() or 1)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # then the next run makes them again
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps({"right": found.right, "wrong": found.wrong}))
        unfinished.replace(path)
    return found


def cache_folder() -> Path:
    """Return the folder in which signatures are kept."""
    chosen = os.environ.get("AUTOGRADER_CACHE")
    return Path(chosen) if chosen else user_cache_path("autograder")


def _digest(lab: Lab) -> str:
    everything: list[Any] = [_FORMAT, [[c.grade_id, c.source] for c in lab.cells]]
    everything += [platform.machine(), *map(version, _PACKAGES)]
    everything += [[a.exercise, a.sentence, a.source] for a in read_bank(lab)]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:16]


def _judged(lab: Lab, workers: int) -> Signatures:
    answers: list[Answer | None] = [None]
    answers += [answer for answer in read_bank(lab) if not answer.is_right]
    shares = [answers[k::workers] for k in range(workers)]
    right: dict[str, str] = {}
    wrong: dict[str, dict[str, list[str]]] = {}
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["autograder.judging.signatures"])
    with ProcessPoolExecutor(workers, mp_context=processes) as pool:
        for share in pool.map(_judge_share, [lab] * workers, shares):
            for sentence, test, said in share:
                if sentence is None:
                    right[test] = said
                    continue
                sentences = wrong.setdefault(test, {}).setdefault(said, [])
                if sentence not in sentences:
                    sentences.append(sentence)
    return Signatures(right, wrong)


def _judge_share(
    lab: Lab, answers: Sequence[Answer | None]
) -> list[tuple[str | None, str, str]]:
    """Return (sentence, test, transcript) of what failed, and of the solution."""
    found: list[tuple[str | None, str, str]] = []
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with Judge.of_lab(lab) as judge:
        for cell in lab.of_kind("setup"):
            exec(compile(cell.source, "<setup>", "exec"), namespace)
        for answer in answers:
            for test, verdict in _verdicts(lab, judge, answer, namespace):
                if answer is None:
                    found.append((None, test, verdict.transcript))
                elif verdict.points < verdict.maximum:
                    found.append((answer.sentence, test, verdict.transcript))
    return found


def _verdicts(
    lab: Lab, judge: Judge, answer: Answer | None, namespace: dict[str, Any]
) -> list[tuple[str, Verdict]]:
    """Judge an answer by its exercise's tests; the solution, None, by all."""
    tests = lab.tests_of(answer.exercise) if answer else lab.of_kind("test")
    steps: list[str | None] = [
        answer.source if answer and cell.exercise == answer.exercise else cell.source
        for cell in lab.of_kind("exercise")
    ]
    steps += [None] * len(tests)
    found, sitting = [], judge.sitting()
    with ForkedStudent(steps, namespace) as student:
        for test, channel in zip(tests, student.channels, strict=True):
            verdict = judge.run(
                test.source, test.points, channel, student.interrupt, sitting
            )
            found.append((test.grade_id, verdict))
    return found
