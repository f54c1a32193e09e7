"""What must be true after a chaos run: the records of the people against the log. Pure: records in, violations out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.ledger import Log
from tests.faults.typists import words_in


@dataclass(slots=True)
class Record:
    """One copy of a document in somebody's hands, from its loading until it was thrown away or the run was over.

    `name`: under which its words were typed. `acked`: how many of the `words` it was told are saved. `text` and
    `scribbles`: what it shows. `heard`: when it received edits or presence, in seconds of the run's clock. `present`:
    it was there at the end, with everything saved, and shows what all show. `broken`: a rule of the wire that was
    broken towards it.
    """

    name: str
    user: int
    document: str
    words: int = 0
    acked: int = 0
    text: str = ""
    scribbles: str = ""
    heard: list[float] = field(default_factory=list)
    present: bool = False
    broken: str = ""


@dataclass(slots=True)
class Loss:
    """A right that somebody had not: rows after `head` and up to `until` (None: the end) are not theirs to write."""

    user: int
    document: str
    head: int
    until: int | None = None


@dataclass(slots=True)
class Silence:
    """Somebody who may not read: nothing may come to them after `after`, the bound included, until `until`."""

    user: int
    document: str
    after: float
    until: float


def judge(
    logs: Mapping[str, Log], records: Sequence[Record], losses: Iterable[Loss] = (), silences: Iterable[Silence] = ()
) -> list[str]:
    """Everything that is wrong, each as `kind: what`. Empty when all is well."""
    found: list[str] = []
    for document, log in logs.items():
        here = [record for record in records if record.document == document]
        found += _judge_log(document, log)
        for record in here:
            found += _judge_record(log, record)
        found += _judge_words(document, log, here)
    for loss in losses:
        rows = [row.seq for row in logs[loss.document].by(loss.user, after=loss.head, upto=loss.until)]
        if rows:
            found.append(
                f"trespass: user {loss.user} wrote {rows[:9]} in {loss.document}: no right after {loss.head}, until "
                f"{loss.until}"
            )
    for silence in silences:
        for record in records:
            late = [at for at in record.heard if silence.after < at < silence.until]
            if late and (record.user, record.document) == (silence.user, silence.document):
                found.append(
                    f"overheard: {record.name} received {len(late)} times in {record.document}, "
                    f"{late[0] - silence.after:.1f} s too late"
                )
    return found


def _judge_log(document: str, log: Log) -> list[str]:
    seqs = [row.seq for row in log.rows]
    found = []
    if seqs != list(range(1, len(seqs) + 1)) or log.head != len(seqs):
        found.append(f"hole: {document} has its head at {log.head} and {len(seqs)} rows")
    return found + [f"pending: row {seq} of {document} stands on what is not before it" for seq in log.hanging]


def _judge_record(log: Log, record: Record) -> list[str]:
    found = [f"wire: {record.name}: {record.broken}"] if record.broken else []
    words = log.words
    numbers = words.get(record.name, [])
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"order: {record.name}'s words in the log are {numbers[:20]} ...")
    if len(numbers) < record.acked:
        found.append(f"acknowledged: {record.name} was told {record.acked}, the log has {len(numbers)}")
    if len(numbers) > record.words:
        found.append(f"invented: {record.name} typed {record.words}, the log has {len(numbers)}")
    for other, seen in words_in(record.text).items():
        if other != record.name and len(seen) > len(words.get(other, [])):
            found.append(f"seen: {record.name} has {len(seen)} of {other}, the log has {len(words.get(other, []))}")
    if record.present:
        if len(numbers) < record.words:
            found.append(f"missing: {record.name} typed {record.words}, the log has {len(numbers)}")
        if record.text != str(log.text) or record.scribbles != str(log.scribbles):
            found.append(f"diverged: {record.name} shows something else than the log")
    return found


def _judge_words(document: str, log: Log, here: Sequence[Record]) -> list[str]:
    owners = {record.name: record.user for record in here}
    found = []
    for row in log.rows:
        for name in row.words:
            if name not in owners:
                found.append(f"invented: {document} has words of {name}, who was not there")
            elif owners[name] != row.author:
                found.append(f"forged: row {row.seq} of {document} has words of {name} and is user {row.author}'s")
    return found
