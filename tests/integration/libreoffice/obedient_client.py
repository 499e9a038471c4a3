"""A UNO client that does what standard input says, line by line, and answers each with a line:

    open DOCUMENT   opens it, and does not close it: "open"
    count           how many documents are open in the office

The first thing that fails is its last: "failed: …".
"""

import sys
from pathlib import Path

from convert import Office, UnoException, open_document


def count(desktop) -> int:
    documents, number = desktop.Components.createEnumeration(), 0
    while documents.hasMoreElements():
        documents.nextElement()
        number += 1
    return number


def obey(desktop, command: str, *arguments: str) -> str:
    if command == "open":
        open_document(desktop, Path(*arguments))
        return "open"
    return str(count(desktop))


try:
    with Office("127.0.0.1", int(sys.argv[1])) as desktop:
        for line in sys.stdin:
            print(obey(desktop, *line.split()), flush=True)
except UnoException as error:
    print("failed:", error, flush=True)
