"""Manifests of messages as six parsers read them: one {"file": path} a line in, one object a line out.

A manifest is a list of [name, type, sha256, bytes] in the order of the message, the text body first. null: this parser does
not tell. What each parser is known to do differently is said where it is allowed for.
"""
import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile


def row(name, kind, data):
    return [name, kind, hashlib.sha256(data).hexdigest(), len(data)]


def python_email(data, policy):
    message = email.message_from_bytes(data, policy=policy)
    rows = []
    for part in message.walk():
        if part.is_multipart():
            continue
        if part.defects:
            raise ValueError("defects: %s" % part.defects)
        rows.append(row(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True)))
    if message.defects or (message.preamble or "").strip() or (message.epilogue or "").strip():
        raise ValueError("defects, preamble or epilogue")
    return rows


def run(arguments, data, folder):
    return subprocess.run(arguments, input=data, cwd=folder, capture_output=True, timeout=120)


def in_folder(read):
    folder = tempfile.mkdtemp(prefix="judge-")
    try:
        return read(folder)
    finally:
        shutil.rmtree(folder)


def files_of(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield name, file.read()


def lines_of(content):
    return content.replace(b"\r\n", b"\n").strip()


def ripmime(path, data):
    """Writes files: no order, no types. Parts without a name are called textfileN; the place before the first boundary
    gives an empty one. A text file whose lines look like a header («Subject: …» quoted in it) is read a second time as a mail:
    what it then calls a file is a piece of that text, word for word; a piece that had to be decoded would be told."""

    def read(folder):
        run(["ripmime", "-i", path, "-d", folder], b"", folder)
        rows = []
        files = list(files_of(folder))
        bodies = 0
        for name, content in files:
            nameless = re.fullmatch(r"textfile\d+", name) is not None
            piece = lines_of(content)
            if nameless and piece == b"":
                continue
            if nameless and bodies > 0 and any(piece in lines_of(other) for each, other in files if each != name):
                continue
            bodies += nameless
            rows.append(row(None if nameless else name, None, content))
        return rows

    return in_folder(read)


def munpack(path, data):
    """From before RFC 2231: no names. Reads and writes lines as Unix has them: it is given the message with LF, as a
    delivery agent stores it (of a CRLF it keeps the CR in the type), and it writes text with LF."""

    def read(folder):
        with open(os.path.join(folder, "in"), "wb") as file:
            file.write(data.replace(b"\r\n", b"\n"))
        told = run(["munpack", "-t", "-f", "in"], b"", folder).stdout.decode()
        os.remove(os.path.join(folder, "in"))
        types = dict(re.findall(r"^(part\d+) \(([^)]*)\)$", told, re.M))
        parts = sorted(files_of(folder), key=lambda each: int(re.sub(r"\D", "", each[0])))
        rows = []
        for name, content in parts:
            kind = types.get(name)
            rows.append(row(None, kind, content))
        return rows

    return in_folder(read)


def reformime(path, data):
    """Tells sections; each is taken out by a call of its own. Lines of its list end at CR or LF in names: ours have none."""
    told = run(["reformime", "-i"], data, None).stdout.decode("utf-8", "surrogateescape")
    rows = []
    for section in told.split("\n\n"):
        facts = dict(re.findall(r"^([a-z-]+): (.*)$", section, re.M))
        kind = facts.get("content-type", "")
        if kind == "" or kind.startswith("multipart/"):
            continue
        content = run(["reformime", "-e", "-s", facts["section"]], data, None).stdout
        rows.append(row(facts.get("content-disposition-filename", ""), kind, content))
    return rows


def mshow(path, data):
    """Of mblaze; lists parts with numbers, each is taken out by a call of its own."""
    told = run(["mshow", "-t", path], b"", None).stdout.decode("utf-8", "surrogateescape")
    rows = []
    for number, kind, name in re.findall(r'^\s+(\d+): (\S+) size=\d+(?: name="(.*)")?$', told, re.M):
        if kind.startswith("multipart/"):
            continue
        content = run(["mshow", "-O", path, number], b"", None).stdout
        rows.append(row(name, kind, content))
    return rows


PARSERS = {
    "python email compat32": lambda path, data: python_email(data, email.policy.compat32),
    "python email default": lambda path, data: python_email(data, email.policy.default),
    "ripmime": ripmime,
    "munpack": munpack,
    "reformime": reformime,
    "mshow": mshow,
}

for line in sys.stdin:
    path = json.loads(line)["file"]
    with open(path, "rb") as file:
        data = file.read()
    answer = {}
    for name, read in PARSERS.items():
        try:
            answer[name] = read(path, data)
        except Exception as error:
            answer[name] = "%s: %s" % (type(error).__name__, error)
    print(json.dumps(answer))
