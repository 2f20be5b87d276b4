"""What CI and releases are made with: pinned actions, few rights, files that are looked through."""

from __future__ import annotations

import re
import runpy
import zipfile
from pathlib import Path

import yaml
from pytest_pmd_migrations.cli import main

ROOT = Path(__file__).parents[1]
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in (ROOT / ".github/workflows").glob("*.yml")
}
SUPPORTED = (ROOT / "docs/reference/supported-versions.md").read_text(encoding="utf-8")


def test_each_action_is_a_full_commit_and_one_job_alone_can_publish() -> None:
    for path in (*(ROOT / ".github/workflows").glob("*.yml"), ROOT / "docs/howto/ci.md"):
        used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
        assert used, path
        for one in used:
            assert re.fullmatch(r"[\w-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one
    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())
    rights = {
        (name, job): content["permissions"]
        for name, workflow in WORKFLOWS.items()
        for job, content in workflow["jobs"].items()
    }
    assert rights.pop(("release.yml", "publish")) == {"id-token": "write"}
    attested = {"id-token": "write", "attestations": "write"}
    assert rights.pop(("release.yml", "attest")) == attested
    assert {*map(str, rights.values())} == {str({"contents": "read"})}
    publish = WORKFLOWS["release.yml"]["jobs"]["publish"]
    assert publish["environment"] == "release"
    assert not any("run" in step for step in publish["steps"])


def test_what_is_supported_is_what_ci_runs_and_the_packages_say() -> None:
    nox = (ROOT / ".ci/noxfile.py").read_text(encoding="utf-8")
    pythons = ("3.11", "3.12", "3.13", "3.14")
    assert f"PYTHONS = {pythons}".replace("'", '"') in nox
    sessions = WORKFLOWS["ci.yml"]["jobs"]["supported"]["strategy"]["matrix"]["session"]
    assert sessions == [*(f"python-{one}" for one in pythons), "oldest_pytest", "oldest_sqlite"]
    for project in (ROOT, ROOT / "src/pytest-pmd-migrations"):
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        said = re.findall(r"Programming Language :: Python :: (3\.\d+)", text)
        assert said == [*pythons]
    assert re.search(r"\| Python \| 3\.11 \| 3\.14 \|", SUPPORTED)
    oldest = re.search(r'SQLITE = "(.+)"', nox)
    assert oldest is not None
    assert f"| SQLite | {oldest[1]} |" in SUPPORTED
    assert "| pytest | 8.4 |" in SUPPORTED
    assert '"pytest==8.4.*"' in nox


def test_the_hook_for_pre_commit_calls_a_command_that_is_there() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    command, name = hook["entry"].split()
    assert (command, name in main.commands) == ("pmd-migrations", True)
    assert (hook["language"], hook["pass_filenames"]) == ("system", False)
    assert f"id: {hook['id']}" in (ROOT / "docs/howto/ci.md").read_text(encoding="utf-8")


def test_a_wheel_with_another_file_without_one_or_of_another_version_is_refused(
    tmp_path: Path,
) -> None:
    judge = runpy.run_path(str(ROOT / ".ci/distributions.py"))["judge"]
    info = "pmd-0.1.0.dist-info"
    fields = (
        "Summary: s",
        "Requires-Python: >=3.11",
        "License-Expression: Apache-2.0",
        "Author: a",
    )
    pythons = [f"Classifier: Programming Language :: Python :: 3.{n}" for n in (11, 12, 13, 14)]
    committed = [path for path in (ROOT / "src/pmd").rglob("*.py") if path.name != "terminal.py"]
    wheel = tmp_path / "pmd-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr(f"{info}/METADATA", "\n".join((*fields, *pythons, "", "text")))
        made.writestr("pmd/left_behind.env", "")
        for path in committed:
            made.write(path, path.relative_to(ROOT / "src"))
    found = judge(wheel, "v9.9.9")
    assert "holds pmd/left_behind.env" in found
    assert "lacks pmd/terminal.py" in found
    assert "lacks the licence" in found
    assert "tag v9.9.9; expected v0.1.0, and a section of it in CHANGELOG.md" in found
    assert not [one for one in found if "metadata" in one or "classifier" in one]
