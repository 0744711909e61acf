"""What the compiler was asked for is in the programs."""

import os
import platform
import re
import subprocess
import unittest

from build import BUILD, INSTRUMENTED, MEMCHECKED

# What stands for a program under valgrind is a line of sh.
BINARIES = os.path.dirname(BUILD) if MEMCHECKED else BUILD


def readelf(program, *what):
    return subprocess.run(['readelf', '-W', *what, program], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def disassemble(program, function):
    return subprocess.run(['objdump', '-d', '--disassemble=' + function,
                           program], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


class Hardening(unittest.TestCase):
    def test_programs(self):
        for name in ('capsuled', 'capsule'):
            program = os.path.join(BINARIES, name)
            with self.subTest(program=program):
                # Loaded anywhere, its tables read-only, its stack no code.
                self.assertRegex(readelf(program, '-h'), r'Type: +DYN')
                segments = readelf(program, '-l')
                self.assertIn('GNU_RELRO', segments)
                self.assertRegex(segments, r'GNU_STACK.* RW +0x')
                self.assertRegex(readelf(program, '-d'), r'FLAGS.*BIND_NOW')
                symbols = readelf(program, '--dyn-syms')
                self.assertIn('__stack_chk_fail', symbols)
                if not INSTRUMENTED:
                    self.assertRegex(symbols, r'__v?snprintf_chk')
                # The system's own start files may lack the note for it.
                if re.match(r'x86_64|i.86', platform.machine()):
                    self.assertRegex(disassemble(program, 'main'), r'endbr')


if __name__ == '__main__':
    unittest.main()
