"""Throughput and agreement of the answer check against math-verify on the same pairs, in one run.

    LEMMA_DATA=... python benchmarks/answers.py [--limit N] [--json FILE]

The pairs are every solution of `gsm8k_student_solutions` and `math_sampled_100x8` against its gold solution. Both
checkers take them in slices, turn by turn, so that a busy machine slows both alike; each uses one core (`workers=1`).
A second part times 10,000 pairs that include 50 bombs: the longest wait between two verdicts is the longest stall,
and the start of the first comparing process, once per run, is `start_up_s`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lemma_steps.answers import Verdict, VerifyPool, gold_answer, verify, verify_many

STUDENTS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
BOMBS = (r"9^{9^{9^9}}", "100000000!", r"\binom{1000000}{500000}", r"x^{99999}-(x+1)^{9999}", "{" * 10_000)
SLICE = 200
N_PAIRS, N_BOMBS = 10_000, 50


def rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(Path(os.environ["LEMMA_DATA"]) / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def labelled_pairs() -> dict[str, list[tuple[str, str, bool]]]:
    """(gold solution, prediction, the set's own label) by set."""
    return {
        "gsm8k_student_solutions": [
            (row["ground_truth"], row[student]["solution"], row[student]["is_correct"])
            for row in rows("gsm8k_student_solutions")
            for student in STUDENTS
        ],
        "math_sampled_100x8": [
            (row["solution"], text, score)
            for row in rows("math_sampled_100x8")
            for text, score in zip(row["code"], row["score"], strict=True)
        ],
    }


def math_verify_verdicts(pairs: list[tuple[str, str]]) -> list[Verdict]:
    """math-verify with its own extraction and its default time limits; nothing extracted on a side is `unparsed`."""
    from math_verify import parse, verify

    verdicts = []
    for gold, prediction in pairs:
        answer = gold_answer(gold) or gold.rpartition("A: ")[2]
        one, two = parse(f"${answer}$"), parse(prediction)
        verdicts.append(Verdict.UNPARSED if not (one and two) else Verdict("right" if verify(one, two) else "wrong"))
    return verdicts


def compare(labelled: list[tuple[str, str, bool]]) -> dict[str, Any]:
    pairs = [(gold, prediction) for gold, prediction, _ in labelled]
    seconds = Counter[str]()
    verdicts: dict[str, list[Verdict]] = {"ours": [], "math_verify": []}
    with VerifyPool(workers=1) as pool:
        pool.submit("x + 1", "1 + x").result()  # start-up is not throughput
        math_verify_verdicts(pairs[:1])
        for begin in range(0, len(pairs), SLICE):
            part = pairs[begin : begin + SLICE]
            start = time.perf_counter()
            futures = [pool.submit(*pair) for pair in part]
            verdicts["ours"] += [future.result() for future in futures]
            middle = time.perf_counter()
            verdicts["math_verify"] += math_verify_verdicts(part)
            seconds["ours"] += middle - start
            seconds["math_verify"] += time.perf_counter() - middle
    labels = [label for _, _, label in labelled]
    report: dict[str, Any] = {
        name: {
            "pairs_per_s": round(len(pairs) / seconds[name], 1),
            "agreement": round(
                sum((v == "right") == label for v, label in zip(said, labels, strict=True)) / len(pairs), 5
            ),
            "verdicts": dict(Counter(map(str, said))),
        }
        for name, said in verdicts.items()
    }
    both = list(zip(verdicts["ours"], verdicts["math_verify"], labels, strict=True))
    report["speed_up"] = round(seconds["math_verify"] / seconds["ours"], 1)
    report["only_ours_off_label"] = sum((a == "right") != label and (b == "right") == label for a, b, label in both)
    report["only_math_verify_off_label"] = sum(
        (a == "right") == label and (b == "right") != label for a, b, label in both
    )
    return report


def stalls(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The longest wait for a verdict among 10,000 pairs of which every 200th is a bomb."""
    stream = [pairs[i % len(pairs)] for i in range(N_PAIRS)]
    for n in range(N_BOMBS):
        stream[n * (N_PAIRS // N_BOMBS)] = ("5", BOMBS[n % len(BOMBS)])
    counts, longest = Counter[str](), 0.0
    start = time.perf_counter()
    verify("x + 1", "1 + x")
    start_up = time.perf_counter() - start
    start = last = time.perf_counter()
    for verdict in verify_many(stream):
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        counts[str(verdict)] += 1
    return {
        "pairs": len(stream),
        "bombs": N_BOMBS,
        "start_up_s": round(start_up, 2),
        "longest_stall_s": round(longest, 2),
        "wall_s": round(last - start, 1),
    } | counts


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--limit", type=int, help="first N pairs of each set")
    options.add_argument("--json", type=Path, help="write the figures here as well")
    args = options.parse_args()
    labelled = {name: pairs[: args.limit] for name, pairs in labelled_pairs().items()}
    report: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    }
    report |= {name: compare(pairs) for name, pairs in labelled.items()}
    report["stalls"] = stalls([(gold, prediction) for pairs in labelled.values() for gold, prediction, _ in pairs])
    text = json.dumps(report, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
