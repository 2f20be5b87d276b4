"""A document's title and tags are read as its author wrote them, and its text is kept whole."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pmd.indexing import yaml_fields
from pmd.indexing.front_matter import read_front_matter
from pmd.indexing.markdown import read_markdown, searched_tags
from tests.every import for_every


@for_every(
    "text, title",
    [
        ("---\ntitle: From the front\n---\n# Heading", "From the front"),
        ("---\nTitle: 2024\n---\n", "2024"),
        ("---\ntitle:\n---\n# Heading", "Heading"),
        ("---\ntitle: [a, b]\n---\n## Second rank ##\n", "Second rank"),
        ("Text\n\n# Heading #\n# Next", "Heading"),
        ("Set below\n====\n", "Set below"),
        ("Set below\n---\ntext", "Set below"),
        ("- item\n---\n# Heading", "Heading"),
        ("#hashtag\n\n#\n# Heading", "Heading"),
        ("```sh\n# comment\n```\n# Heading", "Heading"),
        ("~~~~\n~~~\n# comment\n~~~~\n# Heading", "Heading"),
        ("    # code\n# Heading", "Heading"),
        ("\ufeff# Heading", "Heading"),
        ("---\r\ntitle: CRLF\r\n---\r\n", "CRLF"),
        ("\ufeff---\ntitle: BOM\n...\n", "BOM"),
        ("no heading", "name"),
        ("", "name"),
        ("---\n\nA rule, and another\n\n---\n# Heading", "Heading"),
    ],
)
def test_the_title_is_of_the_front_matter_or_the_first_heading_or_the_name(text, title):
    document = read_markdown("folder/name.md", text)
    assert (document.title, document.text) == (title, text)


@for_every(
    "yaml, tags",
    [
        ("tags: [a, b c]", ("a", "b c")),
        ("tags:\n- a\n- 'b'\n", ("a", "b")),
        ("tags: a, b c,,", ("a", "b c")),
        ("tags: a", ("a",)),
        ("Tags: [a]", ("a",)),
        ("tags: [2024, no, 1.5, 2024-01-02, 0x1F]", ("2024", "no", "1.5", "2024-01-02", "0x1F")),
        ("tags: ['#todo', \"#a/b\"]", ("#todo", "#a/b")),
        ("tags: [ünï, 練習, 🗂]", ("ünï", "練習", "🗂")),
        ("tags:", ()),
        ("tags: []", ()),
        ("tags: [~, null, '', a]", ("a",)),
        ("tags: ~", ()),
        ("title: x", ()),
        ("base: &x [a]\ntags: *x", ("a",)),
        ("tags: [!!python/object/apply:os.system x]", ("x",)),
        ("", ()),
    ],
)
def test_tags_are_the_texts_of_a_list_or_parts_of_one_text(yaml, tags):
    front = read_front_matter(f"---\n{yaml}\n---\ntext")
    assert (front.tags, front.problem) == (tags, None)


def test_tags_are_searched_for_without_their_sign_and_once():
    assert searched_tags(("#todo", "todo", "##", "a b", " # c")) == ("todo", "a b", "c")


@for_every(
    "text, tags, problem",
    [
        (
            "---\ntags: [a, b\n---\ntext",
            (),
            "its front matter is no YAML (line 3: did not find expected ',' or ']')."
            " Mend it; its text is indexed",
        ),
        (
            "---\ntitle: one: two\n---\n",
            (),
            "its front matter is no YAML (line 2: mapping values are not allowed in this"
            " context). Mend it; its text is indexed",
        ),
        (
            "---\ntags: *nobody\n---\n",
            (),
            "its front matter is no YAML (line 2: found undefined alias). Mend it; its text is"
            " indexed",
        ),
        (
            "---\ntags: [a, [b], {c: d}]\n---\n",
            ("a",),
            "one of its tags is a list (line 2) and cannot be read. Write texts, such as tags:"
            " [todo, work]",
        ),
        (
            "---\ntitle: x\ntags:\n  - a\n  - b: c\n---\n",
            ("a",),
            "one of its tags is a mapping (line 5) and cannot be read. Write texts, such as tags:"
            " [todo, work]",
        ),
        (
            "---\ntags: {a: b}\n---\n",
            (),
            "its tags are a mapping (line 2) and cannot be read. Write texts, such as tags: [todo,"
            " work]",
        ),
        (
            "---\ntitle: never closed\n\n# Heading\n",
            (),
            "the front matter has no line --- at its end. Add it; its text is indexed",
        ),
    ],
)
def test_front_matter_that_cannot_be_read_says_what_is_wrong_and_where(text, tags, problem):
    front = read_front_matter(text)
    assert (front.tags, front.problem) == (tags, problem)


@for_every(
    "text",
    [
        "--- \ttext\n---\n",
        "----\ntags: [a]\n---\n",
        " ---\ntags: [a]\n---\n",
        "\n---\ntags: [a]\n---\n",
        "---",
        "---\n",
        "---\nJust a sentence.\n---\ntext",
        "---\n- a list\n---\ntext",
        "---\nA rule, and nothing else.\n",
    ],
)
def test_what_is_no_front_matter_is_text(text):
    front = read_front_matter(text)
    assert (front.end, front.title, front.tags, front.problem) == (0, None, (), None)


def test_yaml_that_is_nested_or_repeated_without_end_is_told_or_read(monkeypatch):
    nested = f"---\ntags: {'[' * 50_000}\n---\n"
    assert read_front_matter(nested).problem
    with monkeypatch.context() as patch:
        # What PyYAML has where it was built without C.
        patch.setattr(yaml_fields, "_LOADER", yaml.SafeLoader)
        deep = read_front_matter(nested)
    assert deep.problem.startswith("its front matter is no YAML (it is nested too deeply). Mend it")
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    bomb = "\n".join([*lines, "tags: [y]"])
    assert read_front_matter(f"---\n{bomb}\n---\n").tags == ("y",)


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("\0-:[]{}#&*!|>'\"%@`\n ")))
def test_no_text_makes_reading_fail_and_what_is_read_can_be_stored(text):
    for whole in (text, f"---\n{text}\n---\n{text}", f"---\ntags: {text}\ntitle: {text}\n---"):
        document = read_markdown("a.md", whole)
        assert document.text == whole
        assert document.title
        for stored in (document.title, *document.tags, *searched_tags(document.tags)):
            assert stored.encode()
            assert stored.strip()
