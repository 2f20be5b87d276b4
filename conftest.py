"""Switch pytester on: acceptance tests run whole pytest sessions on small applications."""

from __future__ import annotations

pytest_plugins = ["pytester"]
