# SPDX-License-Identifier: GPL-2.0
"""The state of a run in a file: what QEMU migrates, behind a page that says what machine it is of.

The head is a line of JSON: "machine", what a run has to have in common with the one that was
saved; "events", those so far.
"""

import hashlib
import json
import os

MAGIC = 'snpsim-state-1'
HEAD = 1 << 20      # bytes: where QEMU's part begins

# What nothing before a reset depends on, so that it may be chosen when a state is restored
LATE_SVSM = ('result', 'ap-execute', 'secrets', 'image', 'pending', 'keepvmsa')
LATE_HOST = ('destroy-refuse', 'destroy-lie', 'resume', 'no-wake', 'rebuild', 'nmi-call', 'fault', 'fuzz')


class Unusable(Exception):
    """Why a file cannot be restored, in a line."""


def early(text, late):
    """An option's words without those that may be chosen late."""
    return ','.join(word for word in text.split(',') if word.partition('=')[0] not in late)


def machine(args, programs, added, file_hash):
    """What has to be the same, by the names of the options; `programs` are the simulator's."""
    host = early(args.host, LATE_HOST)
    return {
        'the simulator': [file_hash(path).hex() for path in programs],
        **{f'--{name}': file_hash(getattr(args, name)).hex() for name in ('kernel', 'initrd', 'firmware')},
        '--share': hashlib.sha256(added).hexdigest(),
        '--append': args.append, '--smp': args.smp, '--memory': args.memory,
        '--svsm': early(args.svsm, LATE_SVSM), '--host': '' if host == 'honest' else host,
        '--apic': args.apic, '--efivars': args.efivars, '--fidelity': args.fidelity,
        'what follows --': args.qemu,
    }


def write_head(path, of_machine, events):
    """Completes a file that QEMU has written its part to. Raises OSError, or Unusable."""
    head = json.dumps({'magic': MAGIC, 'machine': of_machine, 'events': events}).encode() + b'\n'
    if len(head) > HEAD:
        raise Unusable('there are too many events to be saved')
    with open(path, 'r+b') as f:
        f.write(head)


def read_head(path):
    """The head of a saved state. Raises OSError, or Unusable."""
    with open(path, 'rb') as f:
        line = f.read(HEAD).split(b'\n', 1)[0]
    try:
        head = json.loads(line)
        whole = head['magic'] == MAGIC and isinstance(head['machine'], dict) and \
            all(isinstance(event, dict) and isinstance(event['t'], int) for event in head['events'])
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole or os.path.getsize(path) <= HEAD:
        raise Unusable('this is no saved state')
    return head


def check(head, wanted):
    """Raises Unusable if the state is one of another machine."""
    for name, value in wanted.items():
        if head['machine'].get(name) != value:
            raise Unusable(f'it was saved with another value of {name}' if name.startswith('--')
                           else f'it was saved with something else for {name}')
