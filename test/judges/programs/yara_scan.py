"""Names of the rules that match: one {"file": path, "rules": path} a line in, a list a line out."""
import json
import sys

import yara

compiled = {}
for line in sys.stdin:
    question = json.loads(line)
    rules = question["rules"]
    if rules not in compiled:
        compiled[rules] = yara.compile(rules)
    print(json.dumps([match.rule for match in compiled[rules].match(question["file"], timeout=60)]), flush=True)
