"""Compound files: one {"file": path} a line in, a list of findings a line out. Also those that begin inside of a file."""
import json
import sys

import olefile

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
ACTIVE = ("VBA", "Macros", "_VBA_PROJECT", "ObjectPool", "Ole10Native", "EncryptedPackage", "Workbook", "CompObj", "DataSpaces")


def look(path):
    with open(path, "rb") as file:
        data = file.read()
    found = []
    at = data.find(MAGIC)
    while at >= 0:
        found.append("compound file at %d" % at)
        try:
            with olefile.OleFileIO(data[at:]) as ole:
                for entry in ole.listdir(streams=True, storages=True):
                    name = "/".join(entry)
                    if any(word in name for word in ACTIVE):
                        found.append("stream %s" % name)
        except Exception:
            pass
        at = data.find(MAGIC, at + 8)
    return found[:10]


for line in sys.stdin:
    print(json.dumps(look(json.loads(line)["file"])), flush=True)
