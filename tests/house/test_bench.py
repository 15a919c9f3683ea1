"""The form of the benchmarks: one JSON object with the fields that every reader expects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_benchmark_answers_in_the_agreed_form() -> None:
    """And ours agrees with its peer on every point."""
    command = [sys.executable, "-m", "bench", "placing", "--quick", "--json"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["name"] == "placing"
    expected = {"id", "value", "unit", "regions", "points", "peer", "peer_value", "ratio", "runs"}
    assert all(set(result) == expected for result in answer["results"])
    by_id = {result["id"]: result for result in answer["results"]}
    assert by_id["placing.mismatches"]["value"] == 0
    assert by_id["placing.bulk"]["ratio"] > 0
