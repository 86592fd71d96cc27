"""Time and memory of the training awards at three sizes, and the slope: 1 where a row costs the same at any size."""

import json
import math
from typing import Any

from bench import awards

STEPS = (100, 10, 1)
SMALLEST = 10_000
OURS = "explained and audited, two workers"


def measure(rows: int) -> dict[str, Any]:
    """Prints the table and the JSON for a hundredth, a tenth and the whole of `rows`, 10,000 at least."""
    found = [awards.measure(size) for size in sorted({max(SMALLEST, rows // step) for step in STEPS})]
    print("\nsize, microseconds a row: limit, ours; MB of a worker")
    for told in found:
        limit, ours = (told["seconds"][name] / told["rows"] * 1e6 for name in ("limit", OURS))
        print(f"  {told['rows']:>10,}{limit:10.2f}{ours:10.2f}{told['worker_peak_mb']:8}")
    slopes = {}
    if len(found) > 1:
        size = math.log(found[-1]["rows"] / found[0]["rows"])
        for name in ("limit", OURS):
            slopes[name] = round(math.log(found[-1]["seconds"][name] / found[0]["seconds"][name]) / size, 2)
    print(f"slope of time over rows: {slopes}")
    told = {
        "rows": [one["rows"] for one in found],
        "seconds": [one["seconds"][OURS] for one in found],
        "worker_peak_mb": [one["worker_peak_mb"] for one in found],
        "slope": slopes,
    }
    print(json.dumps({"scale": told}), flush=True)
    return told
