# SPDX-License-Identifier: GPL-2.0
"""The fuzzers of the driver's decoders and of the IGVM reader: a short run finds nothing, and a planted bug."""

import re
import shutil

import pytest

from lib import places
from lib.sources import run

FUZZ = places.TOP / "tools/testing/fuzz"
DRIVER = places.TOP / "drivers/virt/coco/svsm-reset"
RUNS = {"record": 60000, "crash-block": 200000, "btf": 200000}


def build(out, target, driver=DRIVER):
    result = run("make", "-C", FUZZ, f"O={out}", f"DRIVER={driver}", out / target)
    assert result.returncode == 0 and "warning:" not in result.stdout, result.stdout
    return out / target


def fuzz(program, out, runs):
    return run(program, f"-runs={runs}", "-seed=1", "-max_len=1024", "-timeout=20", f"-artifact_prefix={out}/", cwd=out)


@pytest.mark.parametrize("target", RUNS)
def test_short_run(target):
    out = places.BUILD / "fuzz"
    result = fuzz(build(out, target), out, RUNS[target])
    assert result.returncode == 0 and f"Done {RUNS[target]} runs" in result.stdout, result.stdout[-3000:]


def unpacked(target, directory):
    """The inputs that are kept in the sources, as files."""
    result = run(FUZZ / "corpus", "unpack", FUZZ / "corpora" / target, directory)
    assert result.returncode == 0, result.stdout
    return len(list(directory.iterdir()))


def replay(program, directory):
    return run(program, "-runs=0", "-max_len=4096", f"-artifact_prefix={directory}/", directory / "corpus", cwd=directory)


@pytest.mark.parametrize("target", RUNS)
def test_corpus_finds_nothing(tmp_path, target):
    """What the fuzzer has learnt before, once more: each input is run."""
    count = unpacked(target, tmp_path / "corpus")
    result = replay(build(places.BUILD / "fuzz", target), tmp_path)
    assert result.returncode == 0 and count > 10, result.stdout[-3000:]
    assert re.search(rf"INFO: +{count} files found in ", result.stdout), result.stdout[-3000:]


def test_corpus_of_igvm_finds_nothing(tmp_path):
    count = unpacked("igvm", tmp_path / "corpus")
    result = run(FUZZ / "igvm", "--corpus", tmp_path / "corpus", "--prefix", f"{tmp_path}/", cwd=tmp_path)
    assert result.returncode == 0 and count > 10, result.stdout[-3000:]
    assert int(re.search(r"Done (\d+) runs", result.stdout)[1]) > count


BUGS = [
    # a text that ends where a NUL happens to be
    ("record", "record-codec.c", "i < size && raw[i]", "i < 2 * size && raw[i]", "AddressSanitizer"),
    ("record", "record-codec.c", "size != SVR_RECORD_FULL)\n\t\treturn -EINVAL", "size > SVR_RECORD_FULL)\n\t\treturn -EINVAL",
     "AddressSanitizer"),
    # no wrong access, but a cause that is none
    ("record", "record-codec.c", " || cause <= SVR_CAUSE_UNKNOWN", " || cause <= 7", "not so: "),
    # a phrase of a newer driver
    ("record", "message-codec.c", "more < ARRAY_SIZE(svr_message_phrases)", "true", "Sanitizer: "),
    ("crash-block", "crash-block.c", "if (claimed > size)", "if (claimed > 2 * size)", "AddressSanitizer"),
    ("btf", "btf.c", "h.str_len > room - h.str_off", "0", "AddressSanitizer"),
]


def with_bug(directory, target, name, right, wrong):
    """The fuzzer of a driver that has it."""
    driver = directory / "driver"
    shutil.copytree(DRIVER, driver)
    source = (driver / "lib" / name).read_text()
    assert source.count(right) == 1
    (driver / "lib" / name).write_text(source.replace(right, wrong))
    return build(directory / "out", target, driver)


@pytest.mark.parametrize("target, name, right, wrong, said", BUGS)
def test_planted_bug_is_found(tmp_path, target, name, right, wrong, said):
    result = fuzz(with_bug(tmp_path, target, name, right, wrong), tmp_path / "out", 20 * RUNS[target])
    assert result.returncode != 0 and said in result.stdout, result.stdout[-3000:]


def test_corpus_finds_a_planted_bug(tmp_path):
    """The inputs alone, without a search."""
    target, name, right, wrong, said = BUGS[0]
    unpacked(target, tmp_path / "corpus")
    result = replay(with_bug(tmp_path, target, name, right, wrong), tmp_path)
    assert result.returncode != 0 and said in result.stdout, result.stdout[-3000:]


SNPSIM = places.TOP / "tools/snpsim"
IGVM_RUNS = 12000


def fuzz_igvm(out, runs=IGVM_RUNS, source=SNPSIM):
    return run(FUZZ / "igvm", "--runs", runs, "--seed", "1", "--source", source, "--prefix", f"{out}/", cwd=out)


def test_short_run_of_igvm(tmp_path):
    result = fuzz_igvm(tmp_path)
    assert result.returncode == 0 and f"Done {IGVM_RUNS} runs" in result.stdout, result.stdout[-3000:]
    read, inputs = re.search(r": (\d+) read, .*; (\d+) inputs", result.stdout).groups()
    assert int(read) > IGVM_RUNS // 20 and int(inputs) > 20


IGVM_BUGS = [
    ("igvm.py", "len(body) != kind.size", "len(body) < kind.size", "struct.error"),
    ("igvm.py", "<= len(self.image) - size:", "<= len(self.image):", "not so: the contents of a page are a page"),
    ("igvm.py", "if header.gpa < end and not", "if header.gpa < 0 and not", "not so: no page twice"),
    ("igvm_launch.py", "if item.kind != VMSA:", "if item.kind == PARAMETERS:", "not so: in the guest's memory"),
    ("igvm_launch.py", "at += sum(map(len, item.data))", "at += item.size", "not so: "),
    ("igvm_show.py", "if not self.launch.platform:", "if not self.problems:", "AttributeError"),
]


@pytest.mark.parametrize("name, right, wrong, said", IGVM_BUGS)
def test_planted_bug_in_igvm_is_found(tmp_path, name, right, wrong, said):
    (tmp_path / "snpsim").mkdir()
    for path in SNPSIM.glob("*.py"):
        shutil.copy(path, tmp_path / "snpsim")
    source = (tmp_path / "snpsim" / name).read_text()
    assert source.count(right) == 1
    (tmp_path / "snpsim" / name).write_text(source.replace(right, wrong))
    result = fuzz_igvm(tmp_path, 20 * IGVM_RUNS, tmp_path / "snpsim")
    assert result.returncode != 0 and said in result.stdout, result.stdout[-3000:]
    assert [path.name in result.stdout for path in tmp_path.glob("crash-*")] == [True]
