# SPDX-License-Identifier: GPL-2.0
"""The documentation builds without a warning, and what is generated is up to date."""

import re
import shutil

import pytest

from lib import places
from lib.sources import files, run, text

DOCS = places.TOP / "tools/docs"
GENERATED = {
    "tables": "Documentation/virt/coco/svsm-reset-tables.rst",
    "picture": "Documentation/virt/coco/svsm-reset-way.svg",
}


def build(out, source=places.TOP / "Documentation"):
    return run(DOCS / "build", "--source", source, "--out", out)


@pytest.fixture(scope="module")
def html():
    """The pages, built without a warning."""
    out = places.BUILD / "static/docs"
    result = build(out)
    assert result.returncode == 0, result.stdout
    assert "WARNING" not in result.stdout
    return out / "html"


def test_every_page_is_there(html):
    sources = [name for name in files(".rst") if name.startswith("Documentation/")]
    assert len(sources) > 6
    for name in sources:
        assert (html / name.removeprefix("Documentation/")).with_suffix(".html").exists(), name
    assert (html / "_images/svsm-reset-way.svg").exists()


def test_every_attribute_has_a_section(html):
    page = (html / "abi.html").read_text(encoding="utf-8")
    what = [
        path for name in files() if name.startswith("Documentation/ABI/testing/")
        for path in re.findall(r"^What:\s*(\S+)", text(name), re.MULTILINE)
    ]
    assert what
    for path in what:
        assert re.search(rf"<h\d><code[^>]*><span class=\"pre\">{re.escape(path)}</span>", page), path


def test_pages_refer_to_each_other(html):
    """Documentation/x.rst in a text is a link."""
    page = (html / "virt/coco/svsm-reset.html").read_text(encoding="utf-8")
    for other in ("svsm-reset-protocol.html", "svsm-reset-tables.html", "../../admin-guide/svsm-reset.html"):
        assert f'href="{other}"' in page
    assert 'href="../abi.html"' in (html / "admin-guide/svsm-reset.html").read_text(encoding="utf-8")


GUIDE = "Documentation/admin-guide/svsm-reset.rst"


def test_the_guide_is_short():
    assert len(text(GUIDE).splitlines()) <= 200


def in_the_table(guide):
    """The parameters that the guide's table has."""
    table = guide.split("\nParameters\n=====", 1)[1].split("\n====================  ", 2)[2]
    return set(re.findall(r"^``(\w+)``", table.split("\n====================  ", 1)[0], re.MULTILINE))


def test_the_guide_has_each_parameter():
    sources = "".join(text(name) for name in files(".c") if name.startswith("drivers/"))
    declared = set(re.findall(r"^module_param(?:_cb|_named|_call)?\((\w+)", sources, re.MULTILINE))
    assert in_the_table(text(GUIDE)) == declared
    assert in_the_table(text(GUIDE).replace("``kdump``             1, 0", "kdump                 1, 0")) == declared - {"kdump"}


def test_front_page(html):
    """What to do first, a picture of what it is about, and the manual pages."""
    page = (html / "index.html").read_text(encoding="utf-8")
    readme = text("README.md")
    for command in ("make demo", "make check", "modprobe svsm_reset", "svsm-reset status", "svsm-reset check --deep"):
        assert command in page, command
        assert command.startswith(("modprobe", "svsm-reset")) or command in readme
    assert '<img alt="' in page and "_images/svsm-reset-way.svg" in page
    for name in ("svsm-reset.8", "svsm_reset.4", "svsm-reset-ima-entry.1"):
        assert f'href="man/{name}.html"' in page


@pytest.mark.parametrize("name, words", [
    ("svsm-reset.8", ("SYNOPSIS", "svsm-reset check", "--sysfs-root=DIR")),
    ("svsm-reset-ima-entry.1", ("SYNOPSIS", "[--json] [LIST]")),
    ("svsm_reset.4", ("MODULE PARAMETERS", "last_reset_trigger", "deadman")),
])
def test_manual_pages(html, name, words):
    page = (html / f"man/{name}.html").read_text(encoding="utf-8")
    for word in words:
        assert word in page
    assert "\x1b" not in page and "\b" not in page


def test_each_page_has_a_next_and_a_previous_one(html):
    pages = [path for path in html.rglob("*.html") if path.name not in ("genindex.html", "search.html")]
    assert len(pages) > 8
    for path in pages:
        page = path.read_text(encoding="utf-8")
        links = set(re.findall(r'<a href="[^"]*" title="(Previous|Next) document"', page))
        wanted = {"Previous", "Next"} - ({"Previous"} if path.name == "index.html" and path.parent == html else set())
        assert links >= wanted or (links == {"Previous"} and 'rel="next"' not in page), path


def test_columns_of_the_matrix(html):
    """As wide as what is in them, not five times the same."""
    page = (html / "virt/coco/svsm-reset-matrix.html").read_text(encoding="utf-8")
    widths = re.findall(r"<col style=\"width: ([\d.]+)%\"", page)
    assert len(widths) >= 5 and len(set(widths[:5])) > 2
    css = (html / "_static/custom.css").read_text(encoding="utf-8")
    assert "overflow-x: auto" in css, "a wide table scrolls on a narrow screen"


def test_build_can_fail(tmp_path):
    """A link to nowhere, a page that no table of contents has, a title that is not underlined."""
    source = tmp_path / "Documentation"
    shutil.copytree(places.TOP / "Documentation", source)
    (source / "lonely.rst").write_text("======\nLonely\n======\n")
    with open(source / "snpsim/index.rst", "a", encoding="utf-8") as page:
        page.write("\nSee Documentation/no/such/page.rst and :ref:`nothing`.\n\nA short line\n======\n")
    result = build(tmp_path / "out", source)
    assert result.returncode != 0
    for complaint in ("lonely.rst", "no/such/page", "undefined label: 'nothing'", "Title underline too short"):
        assert complaint in result.stdout, result.stdout


@pytest.mark.parametrize("tool", GENERATED)
def test_generated_file_is_up_to_date(tool):
    result = run(DOCS / tool)
    assert result.returncode == 0, result.stdout
    assert text(GENERATED[tool]) == result.stdout, f"run tools/docs/{tool} > {GENERATED[tool]}"


@pytest.fixture
def copy(tmp_path):
    """tools/docs and the driver, to be changed."""
    for part in ("tools/docs", "drivers/virt/coco/svsm-reset"):
        shutil.copytree(places.TOP / part, tmp_path / part)

    def change(name, old, new):
        path = tmp_path / name
        before = path.read_text(encoding="utf-8")
        assert before.count(old) == 1
        path.write_text(before.replace(old, new), encoding="utf-8")
        return run(tmp_path / "tools/docs/tables")

    return change


@pytest.mark.parametrize("name, old, new, line", [
    ("policy.c", "[SVR_AP_HOST]\t= SVR_FATE_DESTROYED,", "[SVR_AP_HOST]\t= SVR_FATE_DELETED,",
     r"^offline +refuse +refuse +refuse +refuse$"),
    ("record-codec.c", "TSC >> 31, 0xffff", "TSC >> 33, 0xffff", r"^\t +10-11 TSC >> 33, 0xffff: or above$"),
    ("words.c", '"destroyed",', '"smashed",', r"^``smashed`` +the host says"),
    ("policy.h", "the kernel may go on", "the kernel limps on", r"^oops +kmsg dump of an oops; the kernel limps on$"),
])
def test_tables_are_what_the_code_says(copy, name, old, new, line):
    result = copy(f"drivers/virt/coco/svsm-reset/lib/{name}", old, new)
    assert result.returncode == 0, result.stdout
    assert result.stdout != text(GENERATED["tables"])
    assert re.search(line, result.stdout, re.MULTILINE), result.stdout


def test_tables_notice_a_new_event(copy):
    result = copy("drivers/virt/coco/svsm-reset/lib/policy.h", "\tSVR_NR_EVENTS,\n", "\tSVR_EVENT_NEW,\n\tSVR_NR_EVENTS,\n")
    assert result.returncode != 0 and "an event is missing" in result.stdout


def test_picture_notices_what_does_not_fit(tmp_path):
    tool = tmp_path / "picture"
    tool.write_text(text("tools/docs/picture").replace('"fire, once"', '"fire, once' + ' and for all' * 9 + '"'))
    tool.chmod(0o755)
    result = run(tool)
    assert result.returncode == 1 and "does not fit: fire, once" in result.stdout


@pytest.mark.parametrize("content, complaint", [
    ("", "no What:"),
    ("Date:\t\ttoday\n", "without a What:"),
    ("What:\t\t/sys/a\nDescription:\n", "no Description"),
    ("What:\t\t/sys/a\nDescription:\n\t\tA file.\nnot indented\n", "neither a tag nor indented"),
])
def test_abi_file_that_is_wrong(tmp_path, content, complaint):
    (tmp_path / "abi").write_text(content)
    result = run(DOCS / "abi", tmp_path / "abi")
    assert result.returncode == 1 and len(result.stdout.splitlines()) == 1
    assert complaint in result.stdout


def mentioned(names):
    """(file, path) of each file in Documentation/ that a tracked file names."""
    return {
        (name, path) for name in names
        for path in re.findall(r"(?<![\w/])Documentation/[\w./-]*[\w-]\.(?:rst|svg)\b|Documentation/ABI/testing/[\w-]+",
                               text(name))
    }


def test_no_reference_is_dead():
    """Here, or in the kernel's own Documentation/."""
    this = "tools/testing/static/test_docs.py"
    found = mentioned(name for name in files(".c", ".h", ".rst", ".md", ".py", "Kconfig") if name != this)
    assert len(found) > 10
    trees = (places.TOP, places.LINUX_SOURCE)
    assert {(name, path) for name, path in found if not any((tree / path).exists() for tree in trees)} == set()


def test_dead_reference_is_found():
    assert ("tools/testing/static/test_docs.py", "Documentation/no/such/page.rst") in \
        mentioned(["tools/testing/static/test_docs.py"])
