#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes docs/layers.md, a page of all layers, from the comments of their headers.

    docs/make_layer_page.py           # writes it
    docs/make_layer_page.py --check   # fails where the page is not what the headers say
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "layers.md"
COMMENT = r"(?P<comment>(?:^///.*\n)+)"
CLASS = re.compile(COMMENT + r"template <Real T(?: = float)?>\n(?:requires .*\n)?class (?P<name>\w+)\b", re.M)
OPTION = re.compile(r"(?P<above>(?:^  ///(?!<).*\n)*)^  [\w:<>]+ (?P<names>\w+(?:\{\}, \w+)*)(?: = (?P<value>[^;]+)|\{\})?;"
                    r"(?P<behind>(?:[ \n]*///<.*)?)", re.M)
# Parts of a model that hold layers.
WRAPPERS = ("bidirectional", "residual", "time_distributed")

HEAD = """# Layers

All layers of the library, by name, as their headers describe them; the page is made from these by
[make_layer_page.py](make_layer_page.py). [nn.hpp](../include/nn/nn.hpp) has all of them, and
[sequential.hpp](../include/nn/sequential.hpp) those that say so. T is `float` or `double`.
What differs from Keras is in [from_keras.md](from_keras.md).

"""


def lines_of(comment):
    return [line[4:] for line in comment.splitlines()]


def constructors(text, name):
    """What users call: the public constructors of a class, without marks for the compiler."""
    for found in re.finditer(r"^ +(?:.*> )?(?:NN_COLD )?(?:constexpr )?(?:explicit )?(" + name + r"\((?!const " + name + r"\b|" + name + r"&&|AnyLayer<T>))", text, re.M):
        depth, at = 0, found.start(1)
        for end in range(at, len(text)):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if depth == 0 and text[end] == ")":
                break
        yield " ".join(text[at:end + 1].split())


def options_of(text, name):
    found = re.search(r"^struct " + name + r"Options(?: : \w+)? \{\n(.*?)^\};", text, re.M | re.S)
    if not found:
        return
    for option in OPTION.finditer(found[1]):
        words = [line.strip(" /<") for line in (option["above"] + "\n" + option["behind"]).splitlines()]
        names = "`, `".join(option["names"].split("{}, "))
        yield names, option["value"] or "", " ".join(filter(None, words))


def section(header, is_main):
    text = header.read_text()
    for found in CLASS.finditer(text):
        name, lines = found["name"], lines_of(found["comment"])
        body = text[found.end():]
        part = [f"## {name}", "",
                f"[{header.name}](../{header.relative_to(ROOT)}){', in sequential.hpp' if is_main else ''}", ""]
        formulas = next((i for i, line in enumerate(lines) if line.startswith("    ") or
                         re.match(r"[A-Z]\w+  +", line)), len(lines))
        part += lines[:formulas] + ["", "```text"]
        part += list(constructors(body, name)) or [f"{name}()"]
        part += ([""] if formulas < len(lines) else []) + lines[formulas:] + ["```", ""]
        options = list(options_of(text, name))
        if options:
            part += ["| option | default | |", "|---|---|---|"]
            part += [f"| `{n}` | {f'`{v}`' if v else ''} | {w.replace('|', chr(92) + '|')} |" for n, v, w in options] + [""]
        yield name, "\n".join(part)


def page():
    main = "".join((ROOT / "include/nn" / listing).read_text()
                   for listing in ("layers/layers.hpp", "merging/merging.hpp", "sequential.hpp"))
    sections = {}
    for folder in ("layers", "merging", "model"):
        for header in sorted((ROOT / "include/nn" / folder).rglob("*.hpp")):
            is_listing = header.stem == folder or header.stem == "more_" + folder
            if folder == "model" and header.stem not in WRAPPERS:
                continue
            found = dict(section(header, f"/{header.name}\"" in main))
            if not found and not is_listing:
                sys.exit(f"{header}: expected a layer with a comment, got none")
            sections.update(found)
    names = sorted(sections, key=str.lower)
    contents = "\n".join(f"- [{name}](#{name.lower()})" for name in names)
    return HEAD + contents + "\n\n" + "\n".join(sections[name] for name in names)


def main():
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made)
    elif not PAGE.exists() or PAGE.read_text() != made:
        sys.exit("docs/layers.md: expected what the headers say, got another text; run docs/make_layer_page.py")


if __name__ == "__main__":
    main()
