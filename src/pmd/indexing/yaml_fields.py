"""Read the fields of YAML that pmd wants: a title, and tags.

Only the shape of the YAML is read, never a value of it: a tag `2024` or `no` is the text that its
author wrote, and nothing that YAML can express is made or run.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

__all__ = ["Fields", "read_fields"]

_NULL = "tag:yaml.org,2002:null"
# Written in C, where PyYAML was built with it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one document; `problem` says what of them could not be read, if anything."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    problem: str | None = None


def read_fields(source: str, *, first_line: int) -> Fields | None:
    """Return the fields of YAML, or None for YAML that has no keys.

    `first_line` is the number of its first line, for messages.
    """
    try:
        node = yaml.compose(source, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + first_line}: " if mark else ""
        return _broken(f"{where}{error.problem or error.context}")
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return _broken(" ".join(str(error).split()))
    except RecursionError:
        return _broken("it is nested too deeply")
    if node is None:
        return Fields()
    if not isinstance(node, yaml.MappingNode):
        return None
    pairs = [(_text(key), value) for key, value in node.value]
    found = {key.casefold(): value for key, value in pairs if key}
    title = found.get("title")
    tags = found.get("tags")
    if tags is None:
        return Fields(_text(title))
    texts, problem = _read_tags(tags, first_line)
    return Fields(_text(title), texts, problem)


def _broken(reason: str) -> Fields:
    return Fields(problem=f"its front matter is no YAML ({reason}). Mend it; its text is indexed")


def _read_tags(node: yaml.Node, first_line: int) -> tuple[tuple[str, ...], str | None]:
    """Return the tags of a list, or of one text with commas, and what is wrong with them."""
    if isinstance(node, yaml.ScalarNode):
        parts = (_text(node) or "").split(",")
        return tuple(filter(None, (part.strip() for part in parts))), None
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    texts = tuple(filter(None, map(_text, items)))
    wrong = [item for item in items if not isinstance(item, yaml.ScalarNode)]
    if not wrong:
        return texts, None
    kind = "a list" if isinstance(wrong[0], yaml.SequenceNode) else "a mapping"
    line = wrong[0].start_mark.line + first_line
    what = "its tags are" if wrong[0] is node else "one of its tags is"
    return texts, (
        f"{what} {kind} (line {line}) and cannot be read. Write texts, such as tags: [todo, work]"
    )


def _text(node: yaml.Node | None) -> str | None:
    """Return the text of a node, without what no database can store; None for another kind."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL:
        return None
    text: str = node.value
    return text.replace("\0", " ").encode("utf-8", "replace").decode().strip() or None
