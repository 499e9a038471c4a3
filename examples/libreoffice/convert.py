#!/usr/bin/python3
"""Converts a document to PDF with an office that listens on a UNO socket, or on a proxy before one.

    convert.py [--host HOST] [--port PORT] DOCUMENT PDF

The interpreter is the one whose `uno` module belongs to the office: on Debian /usr/bin/python3 with
the package python3-uno. The office opens and writes the files itself, so it has to see them under
the same names. The exit code is 0 when the PDF stands there.
"""

import argparse
import sys
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.uno import Exception as UnoException


class Office:
    """A connection to an office: `with Office(host, port) as desktop`. At the end the bridge is
    closed, and the connection with it; left to the interpreter's own end, it would keep its place
    in front of the office for longer."""

    def __init__(self, host: str, port: int):
        self._bridge = local("com.sun.star.bridge.BridgeFactory").createBridge(
            "", "urp", local("com.sun.star.connection.Connector").connect(
                f"socket,host={host},port={port},tcpNoDelay=1"), None)

    def __enter__(self):
        services = self._bridge.getInstance("StarOffice.ServiceManager")
        return services.createInstanceWithContext("com.sun.star.frame.Desktop",
                                                  services.DefaultContext)

    def __exit__(self, *_) -> None:
        self._bridge.dispose()


def local(service: str):
    context = uno.getComponentContext()
    return context.ServiceManager.createInstanceWithContext(service, context)


def properties(**values) -> tuple:
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


def open_document(desktop, document: Path):
    """Without a window. What a client does not close stays open for as long as the office lives."""
    component = desktop.loadComponentFromURL(document.resolve().as_uri(), "_blank", 0,
                                             properties(Hidden=True, ReadOnly=True))
    if component is None:
        raise ValueError(f"{document}: nothing the office can read")
    return component


def convert(desktop, document: Path, pdf: Path) -> None:
    component = open_document(desktop, document)
    try:
        component.storeToURL(pdf.resolve().as_uri(), properties(FilterName="writer_pdf_Export"))
    finally:
        component.close(True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="of the proxy [9000]")
    parser.add_argument("document", type=Path)
    parser.add_argument("pdf", type=Path)
    options = parser.parse_args()
    try:
        with Office(options.host, options.port) as desktop:
            convert(desktop, options.document, options.pdf)
    except (UnoException, ValueError) as error:
        print(f"convert.py: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
