# SPDX-License-Identifier: GPL-2.0
"""tools/verify/ima-entry on lists that are right, and on lists that are not."""

import hashlib
import json
import signal
import struct
import subprocess

import pytest

from lib import places

DECODER = places.TOP / "tools/verify/ima-entry"
LINE = (
    "version=1;reason=panic;cause=panic;trigger=none;outcome=completed;dump=none;count=1;store=secrets;trust=guest;"
    "boot=0x1a2b;uptime_ms=6214;"
)
FACTS = {
    "version": 1, "reason": "panic", "cause": "panic", "trigger": "none", "outcome": "completed", "dump": "none", "count": 1,
    "store": "secrets", "trust": "guest", "boot": "0x1a2b", "uptime_ms": 6214,
}
# As Linux 6.12 prints it in a guest, which has "_" for each space in a name
OTHERS = (
    f"10 {'1d' * 20} ima-sig sha256:{'0e' * 32} boot_aggregate \n"
    f"10 {'ab' * 20} ima-buf sha256:{'cd' * 32} kernel_version 362e3132\n"
    f"10 {'ef' * 20} ima-ng sha256:{'01' * 32} /tmp/a_name_svsm-reset-record_with_spaces\n"
)


def line(data=LINE, *, pcr=10, algorithm="sha256", bank="sha1", name="svsm-reset-record", template="ima-buf"):
    """An entry as ima_ascii_measurements_show() prints it, ima_calc_field_array_hash_tfm() hashes it."""
    data = data.encode() if isinstance(data, str) else data
    digest = hashlib.new(algorithm, data).digest()
    fields = (algorithm.encode() + b":\0" + digest, name.encode() + b"\0", data)
    total = hashlib.new(bank, b"".join(struct.pack("<I", len(field)) + field for field in fields)).hexdigest()
    return f"{pcr:2d} {total} {template} {algorithm}:{digest.hex()} {name} {data.hex()}\n"


def decode(text, *options):
    text = text.encode() if isinstance(text, str) else text
    result = subprocess.run([DECODER, *options, "-"], input=text, capture_output=True, timeout=60, check=False)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def refused(text, why):
    for options in ((), ("--json",)):
        status, output, error = decode(text, *options)
        assert (status, output) == (1, "")
        assert error.startswith("ima-entry: -: ") and why in error and len(error.splitlines()) == 1, error
        assert error.isascii() and error.rstrip("\n").isprintable()


def test_entry():
    status, output, error = decode(OTHERS + line() + OTHERS)
    assert (status, error) == (0, "")
    assert output.startswith("version: 1\nreason: panic\ncause: panic\n") and "\npcr: 10\ndigest: sha256:" in output
    status, output, _ = decode(OTHERS + line(), "--json")
    found, = json.loads(output)
    assert found.pop("pcr") == 10 and found.pop("digest") == "sha256:" + hashlib.sha256(LINE.encode()).hexdigest()
    assert found == FACTS


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("bank", ["sha1", "sha256", "sha384", "sha512"])
def test_hashes(algorithm, bank):
    assert decode(line(algorithm=algorithm, bank=bank, pcr=9))[0] == 0


def test_several_entries_in_their_order():
    text = line() + OTHERS + line(LINE.replace("6214", "9000").replace("count=1", "count=0"))
    status, output, _ = decode(text, "--json")
    assert status == 0 and [(each["uptime_ms"], each["count"]) for each in json.loads(output)] == [(6214, 1), (9000, 0)]
    assert decode(text)[1].count("\n\nversion: 1\n") == 1


@pytest.mark.parametrize("name", [
    "a\nb", "\n", "\n\n", "a\n10_svsm-reset-record", f"x\n{line()[:-1].replace(' ', '_')}\ny",
], ids=["inside", "nothing else", "two", "a name of ours", "an entry of ours"])
def test_name_with_a_newline(name):
    """Every user may give a file that name: that takes no entry from the list, and adds none."""
    named = f"10 {'ef' * 20} ima-ng sha256:{'01' * 32} {name}\n"
    status, output, error = decode(OTHERS + named + line() + named, "--json")
    assert (status, error, len(json.loads(output))) == (0, "", 1)
    refused(named, "no entry of svsm_reset")


def test_foreign_entry():
    """Under the driver's name, as the kernel measures a key whose keyring has it: the driver's own are printed."""
    good, version_2 = line(), line(LINE.replace("version=1", "version=2"))
    for text, lines in ((line(b"\x30\x82") + good, [1]), (good + OTHERS + version_2 + line(b"") + OTHERS, [5, 6])):
        status, output, error = decode(text, "--json")
        assert status == 1 and [each["uptime_ms"] for each in json.loads(output)] == [6214]
        assert [said.split(": ")[:3] for said in error.splitlines()] == [["ima-entry", "-", f"line {at}"] for at in lines]
    # A list that was changed has nothing to say
    changed = good.replace(LINE.encode().hex(), LINE.replace("panic", "cinap").encode().hex())
    refused(good + changed, "line 2: the digest is not that of the data")


def test_nobody_reads():
    """A pipe that is closed is no traceback."""
    text = line() * 5000
    result = subprocess.run(
        ["bash", "-c", '"$0" - | true; exit ${PIPESTATUS[0]}', DECODER], input=text.encode(), capture_output=True, check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (128 + signal.SIGPIPE, b"", b"")


def test_no_entry():
    refused(OTHERS, "no entry of svsm_reset: is there an IMA policy")
    refused(OTHERS, "template=ima-buf")
    # Somebody else's, in another template
    refused(line(template="ima-ng"), "no entry")


@pytest.mark.parametrize("data, why", [
    (LINE.replace("version=1", "version=2"), "version 2 is not known here"),
    (LINE.replace("version=1", f"version={'9' * 500}"), "version 9"),
    (LINE.replace("version=1;", ""), "the keys are not those"),
    (LINE.replace("cause=panic;", ""), "the keys are not those"),
    (LINE.replace("cause=panic;", "cause=panic;cause=panic;"), "the keys are not those"),
    (LINE.replace("cause=panic;trigger=none;", "trigger=none;cause=panic;"), "the keys are not those"),
    (LINE + "more=1;", "the keys are not those"),
    (LINE[:-1], "not of the form"),
    (LINE + "\n", "not of the form"),
    (LINE.replace("panic", "pa nic"), "not of the form"),
    (LINE.replace("panic", "p\u00e4nic"), "not of the form"),
    (LINE.replace("panic", "\033[31m"), "not of the form"),
    (LINE.replace("=panic", "="), "reason has a value"),
    (LINE.replace("=panic", "=Panic"), "reason has a value"),
    (LINE.replace("count=1", "count=-1"), "count has a value"),
    (LINE.replace("count=1", "count=01"), "count has a value"),
    (LINE.replace("count=1", "count=99999999999"), "count has a value"),
    (LINE.replace("0x1a2b", "1a2b"), "boot has a value"),
    (LINE.replace("0x1a2b", "0x1a2b0"), "boot has a value"),
    (LINE.replace("6214", "6214.5"), "uptime_ms has a value"),
    (LINE.replace("secrets", "s" * 1024), "more than 1024 bytes"),
    ("", "not of the form"),
])
def test_data_that_is_not_the_drivers(data, why):
    """Measured as it is, and still not what the driver writes."""
    refused(OTHERS + line(data), f"line 4: ")
    refused(OTHERS + line(data), why)


@pytest.mark.parametrize("change, why", [
    (lambda text: text.replace(LINE.encode().hex(), LINE.replace("panic", "cinap").encode().hex()), "digest is not that"),
    (lambda text: text.replace(" sha256:", " sha256:00"), "which is not sha256"),
    (lambda text: text.replace(" sha256:", " sha512:"), "which is not sha512"),
    (lambda text: text.replace(" sha256:", " md5:"), "hash algorithm md5 is not known here"),
    (lambda text: text.replace(" sha256:", " sha3-256:"), "hash algorithm sha3-256 is not known here"),
    (lambda text: text.replace(" sha256:", " "), "not an entry of the template"),
    (lambda text: text[:-1] + "0\n", "odd number"),
    (lambda text: text[:-1] + " 00\n", "not an entry of the template"),
    (lambda text: text[:3] + ("0" if text[3] != "0" else "1") + text[4:], "the hash is not that of the entry"),
    (lambda text: text[:3] + "00" * 20 + text[43:], "the hash is not that of the entry"),
    (lambda text: text[:3] + "00" * 21 + text[43:], "no hash that is known here has 21 bytes"),
    (lambda text: "9" + text, "no line is one of a measurement list"),
    (lambda text: text.replace(" ima-buf", ""), "not an entry"),
    (lambda text: text[:-1], "the last line is cut"),
    (lambda text: text[:-40], "the last line is cut"),
    (lambda text: "\n", "no line is one of"),
    (lambda text: "garbage\n" * 9, "no line is one of"),
    (lambda text: text.upper(), "no line is one of"),
    (lambda text: "", "the list is empty"),
    (lambda text: b"\xff\x00" * 99 + b"\n", "no line is one of"),
])
def test_damaged_list(change, why):
    if why == "not an entry":
        # Without its template nothing vouches for what the entry says
        refused(change(line()), "no entry of svsm_reset")
    else:
        refused(change(line()), why)


def test_every_bit_of_an_entry_counts():
    """None that is flipped goes unnoticed."""
    module = {"__name__": "ima_entry"}
    exec(compile(DECODER.read_text(), DECODER, "exec"), module)  # in one process: there are some thousand
    text = line().encode()
    (good,), _ = module["entries"](text)
    for at in range(8 * len(text)):
        damaged = bytearray(text)
        damaged[at // 8] ^= 1 << at % 8
        try:
            found, foreign = module["entries"](bytes(damaged))
        except module["Damaged"]:
            continue
        # Under another name it is not the driver's; and the number of the PCR is not part of what is hashed
        assert not foreign, at
        assert not found or at < 16 and found == [{**good, "pcr": found[0]["pcr"]}], (at, found)


def test_a_list_that_does_not_end(tmp_path):
    with open("/dev/zero", "rb") as zeros:
        result = subprocess.run([DECODER, "-"], stdin=zeros, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "") and "more than" in result.stderr
    result = subprocess.run([DECODER, tmp_path / "none"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, f"ima-entry: {tmp_path}/none: No such file or directory\n")


def test_wrong_usage():
    for words in (("--frob",), ("a", "b")):
        result = subprocess.run([DECODER, *words], capture_output=True, text=True, check=False)
        assert result.returncode == 2 and result.stdout == ""


def test_format_is_the_drivers():
    """The keys of measure-line.c, in its order."""
    source = (places.TOP / "drivers/virt/coco/svsm-reset/lib/measure-line.c").read_text()
    form = source.split('"version=')[1].split('"')[0]
    assert [part.split("=")[0] for part in f"version={form}".split(";")[:-1]] == list(FACTS)
    measure = (places.TOP / "drivers/virt/coco/svsm-reset/record/measure.c").read_text()
    assert '"svsm-reset-record"' in measure
