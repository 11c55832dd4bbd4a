"""ZIPs as four programs list them: one {"file": path} a line in, one object a line out.

{"python": [[name, bytes, sha256] …], "problems": […], "7z": [[name, bytes] …], "zipinfo": [name …], "lsar": [name …]}
"""
import hashlib
import json
import re
import subprocess
import sys
import zipfile


def run(arguments):
    return subprocess.run(arguments, capture_output=True, timeout=120, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})


def look(path):
    problems = []
    python = []
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.comment:
                problems.append("comment")
            for info in archive.infolist():
                python.append([info.filename, info.file_size, hashlib.sha256(archive.read(info)).hexdigest()])
                if info.flag_bits & 1:
                    problems.append("encrypted %s" % info.filename)
                if info.extra or info.comment:
                    problems.append("extra field or comment of %s" % info.filename)
                if info.is_dir() or info.external_attr >> 16 != 0o100644:
                    problems.append("not a plain file: %s" % info.filename)
                if re.search(r"(^|/)\.\.?(/|$)|^/|\\|^[A-Za-z]:", info.filename):
                    problems.append("path %s" % info.filename)
            bad = archive.testzip()
            if bad is not None:
                problems.append("CRC of %s" % bad)
    except Exception as error:
        problems.append("zipfile: %s" % error)
    seven = run(["7z", "l", "-slt", "-ba", path])
    listed = []
    for block in seven.stdout.decode("utf-8", "replace").split("\n\n"):
        facts = dict(re.findall(r"^(\w[\w ]*) = (.*)$", block, re.M))
        if "Path" in facts:
            listed.append([facts["Path"], int(facts.get("Size") or -1)])
            if facts.get("Encrypted") == "+":
                problems.append("7z: encrypted %s" % facts["Path"])
    told = seven.stdout + seven.stderr
    warning = re.search(rb"(?:WARNING|ERROR)S?:?\s*\n?[^\n]*", told)
    if seven.returncode != 0 or warning is not None:
        problems.append("7z: %s" % (warning.group(0).decode("utf-8", "replace") if warning else seven.returncode))
    tested = run(["7z", "t", path])
    for line in re.findall(rb"^(?:ERROR|WARNING)[^\n]*|^There are data after[^\n]*", tested.stdout + tested.stderr, re.M):
        problems.append("7z: %s" % line.decode("utf-8", "replace"))
    if tested.returncode != 0:
        problems.append("7z t ended with %d" % tested.returncode)
    info = run(["zipinfo", "-1", path])
    if info.returncode != 0 or info.stderr:
        problems.append("zipinfo: %s" % (info.stderr.decode("utf-8", "replace").strip()[:100] or info.returncode))
    names = info.stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]
    lsar = run(["lsar", "-j", "-e", "utf-8", path])
    try:
        unar = [entry["XADFileName"] for entry in json.loads(lsar.stdout)["lsarContents"]]
    except Exception as error:
        unar = []
        problems.append("lsar: %s" % error)
    return {"python": python, "problems": problems, "7z": listed, "zipinfo": names, "lsar": unar}


for line in sys.stdin:
    answer = look(json.loads(line)["file"])
    print(json.dumps(answer), flush=True)
