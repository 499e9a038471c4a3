"""The installer and the executables can be signed, and the signature is verified, with a test key.

THROTTLE_MSI is the installer, THROTTLE_WINDOWS_BIN the folder of the .exe files.
"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

MSI = Path(os.environ["THROTTLE_MSI"])
BIN = Path(os.environ["THROTTLE_WINDOWS_BIN"])
LIMIT_S = 120


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, timeout=LIMIT_S)


class Signing(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="throttle-signing-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.key, self.certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                   "-subj", "/CN=A test of Throttle", "-addext", "extendedKeyUsage=codeSigning",
                   "-keyout", self.key, "-out", self.certificate)
        self.assertEqual(made.returncode, 0, made.stderr)

    def sign(self, file: Path) -> Path:
        signed = self.folder / file.name
        done = run("osslsigncode", "sign", "-certs", self.certificate, "-key", self.key, "-h",
                   "sha256", "-n", "Throttle", "-in", file, "-out", signed)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return signed

    def verify(self, file: Path) -> subprocess.CompletedProcess:
        return run("osslsigncode", "verify", "-CAfile", self.certificate, "-in", file)

    def test_the_installer_and_each_tool(self):
        for file in (MSI, *sorted(BIN.glob("throttle-*.exe"))):
            with self.subTest(file=file.name):
                self.assertNotEqual(self.verify(file).returncode, 0)
                signed = self.sign(file)
                checked = self.verify(signed)
                self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_change_after_it_is_noticed(self):
        signed = self.sign(BIN / "throttle-inspect.exe")
        content = bytearray(signed.read_bytes())
        content[len(content) // 2] ^= 1
        signed.write_bytes(content)
        self.assertNotEqual(self.verify(signed).returncode, 0)


if __name__ == "__main__":
    unittest.main()
