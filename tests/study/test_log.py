"""The one line that is worth showing of a log."""

from __future__ import annotations

import pytest

from lemma_steps.study.log import last_line, last_words


@pytest.mark.parametrize(
    ("text", "last", "words"),
    [
        ("", "", "it said nothing"),
        ("one\ntwo\n\n", "two", "two"),
        ("  5 %|  \r 10 %| step 3", "10 %| step 3", "10 %| step 3"),
        ("error: no rows; make them\nwarning: leaked semaphore\n", "warning: leaked semaphore", "no rows; make them"),
        ("stopped: killed; run again\n", "stopped: killed; run again", "killed; run again"),
        (
            "Traceback:\nValueError: first\nDuring handling\nRuntimeError: second\n  at exit\n",
            "at exit",
            "RuntimeError: second",
        ),
        ("torch.OutOfMemoryError: CUDA out of memory\n[rank0] bye\n", "[rank0] bye", "torch.OutOfMemoryError: CUDA out of memory"),
        ("\x1b[31mred\x1b[0m \x07bell\n╰──────╯\n", "red ?bell", "red ?bell"),
        ("x" * 5000, "x" * 200 + " … " + "x" * 200, "x" * 200 + " … " + "x" * 200),
    ],
)  # fmt: skip
def test_last_line_and_last_words(tmp_path, text, last, words):
    (tmp_path / "log").write_text(text)
    assert last_line(tmp_path / "log") == last
    assert last_words(tmp_path / "log") == words


def test_of_a_long_log_only_the_end_is_read(tmp_path):
    (tmp_path / "log").write_bytes(b"error: of long ago\n" + b"step\n" * 10_000 + b"\xff last\n")
    assert last_words(tmp_path / "log").endswith("last")


def test_a_log_that_is_not_there_says_nothing(tmp_path):
    assert last_line(tmp_path / "log") == ""
