"""A forecast of one step as its JSON, in which every key of it has a value."""

from __future__ import annotations

from typing import Any

FORECAST: dict[str, Any] = {
    "format": "pmd-migrations forecast",
    "format_version": 1,
    "source": "app",
    "complete": True,
    "steps": [
        {
            "version": 1,
            "title": "0001",
            "file": "f.py",
            "rows": 1000,
            "tables": {"t": 1000},
            "journal_mode": "wal",
            "grows": "n",
            "estimates": {"seconds": {"value": 2.0, "low": 1.5, "high": 3.0}},
            "traits": [{"kind": "rewrite", "text": "rewrites t", "helps": "batches"}],
            "sizes": [
                {
                    "rows": 100,
                    "tables": {"t": 100},
                    "runs": [
                        {
                            "seconds": 0.2,
                            "computing": 0.1,
                            "locked": 0.2,
                            "log_bytes": 1,
                            "temporary_bytes": 2,
                            "file_bytes": 3,
                            "growth_bytes": 4,
                            "memory_bytes": 5,
                        }
                    ],
                }
            ],
            "notes": ["noted"],
        }
    ],
}
"""What `pmd-migrations forecast --json` prints of one step."""
