"""What Submit says where it cannot."""

from autograder.hub import hand_in


def test_a_lab_of_ordinary_size_is_handed_in(tmp_path):
    """Nothing is said."""
    (tmp_path / "lab.ipynb").write_text("{}")

    assert hand_in.too_large(tmp_path) == ""


def test_too_much_is_said_with_the_largest_file(tmp_path):
    """A sparse file is as large as it says."""
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "big.bin").open("wb") as file:
        file.truncate(200_000_000)

    sentence = hand_in.too_large(tmp_path)
    assert "at most 100 MB" in sentence
    assert "data/big.bin with 200 MB" in sentence


def test_a_full_exchange_is_no_fault_of_the_student():
    """And the work is safe."""
    trace = "Traceback ...\nOSError: [Errno 28] No space left on device: '/srv'\n"

    assert "Your work is safe" in hand_in.said_of(trace, "lab01")


def test_other_faults_are_the_last_line_of_the_trace():
    """Without the name of its class."""
    trace = "Traceback ...\nnbgrader.exchange.ExchangeError: Assignment not found: x\n"

    assert hand_in.said_of(trace, "lab01") == (
        "lab01 was not handed in: Assignment not found: x"
    )
