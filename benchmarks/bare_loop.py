"""The yardstick: a bare asyncio loop over the openai client that sends recorded prompts, as few lines as it takes.

    uv run benchmarks/bare_loop.py --url http://127.0.0.1:8000/v1 --record record.jsonl --in-flight 200

The record is that of `simulated_endpoint.py`. Each problem's prompts go out in their order, the next one when the reply to
the one before is there; no reply is parsed. Prints one line of JSON: calls, time of the last reply, CPU seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI


def read_chains(record: Path) -> list[list[dict[str, Any]]]:
    """Recorded requests by problem, problems in the order of their first request."""
    chains: dict[str, list[dict[str, Any]]] = {}
    for line in record.open(encoding="utf-8"):
        entry = json.loads(line)
        chains.setdefault(entry["problem"], []).append(entry)
    return list(chains.values())


async def send(url: str, chains: list[list[dict[str, Any]]], in_flight: int) -> float:
    """Send everything; the time (seconds since the epoch) of the last reply."""
    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    cap = asyncio.Semaphore(in_flight)

    async def walk(chain: list[dict[str, Any]]) -> None:
        for entry in chain:
            create = (
                client.chat.completions.create
                if entry["url"].endswith("chat/completions")
                else client.completions.create
            )
            async with cap:
                await create(**entry["body"])

    await asyncio.gather(*map(walk, chains))
    return time.time()


def main() -> None:
    """Send a record and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--in-flight", type=int, default=200)
    options = parser.parse_args()
    chains = read_chains(options.record)
    before = time.process_time()
    last = asyncio.run(send(options.url, chains, options.in_flight))
    print(
        json.dumps(
            {
                "calls": sum(map(len, chains)),
                "last_reply": last,
                "cpu_s": time.process_time(),
                "start_up_cpu_s": before,
            }
        )
    )


if __name__ == "__main__":
    main()
