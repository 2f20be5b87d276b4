"""Checks: the questions asked of every snapshot and every migration."""
