# SPDX-License-Identifier: GPL-2.0
"""Sphinx's configuration; tools/docs/build ("make docs") runs it."""

import re

project = "svsm-reset"
author = "the authors of svsm-reset"
copyright = "GPL-2.0"
extensions = []
html_theme = "alabaster"
html_theme_options = {
    "page_width": "1240px", "sidebar_width": "230px", "description": "Reset of SEV-SNP guests",
    "body_max_width": "1000px",
    # the next page and the one before
    "show_relbars": True,
}
html_static_path = ["_static"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
highlight_language = "none"
smartquotes = False

# Where the kernel's documentation says where a file is, a link, as its automarkup makes them
LINKS = (
    (re.compile(r"(?<![`/\w])Documentation/([\w/.-]+?)\.rst\b"), r":doc:`/\1`"),
    (re.compile(r"(?<![`/\w])Documentation/ABI/testing/[\w-]+"), r":doc:`/abi`"),
)


def link(app, name, source):
    for pattern, role in LINKS:
        source[0] = pattern.sub(role, source[0])


def setup(app):
    app.connect("source-read", link)
