"""A command on a pseudo-terminal: `terminal.py ROWS COLUMNS COMMAND …`.

Standard input is its keyboard, standard output its screen; a line `resize ROWS
COLUMNS` between two NUL bytes changes its size. Exits as the command does.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

KEYBOARD, SCREEN = 0, 1


def resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main() -> int:
    rows, columns, *command = sys.argv[1:]
    child, terminal = pty.fork()
    if child == 0:
        resize(0, int(rows), int(columns))
        os.execvp(command[0], command)
    sources = [KEYBOARD, terminal]
    while terminal in sources:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:  # the command has ended
                data = b""
            if not data:
                sources.remove(source)
            elif source == terminal:
                os.write(SCREEN, data)
            else:
                type_in(terminal, data)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def type_in(terminal: int, data: bytes) -> None:
    for part in re.split(rb"(\0[^\0]*\0)", data):
        size = re.fullmatch(rb"\0resize (\d+) (\d+)\0", part)
        if size:
            resize(terminal, int(size[1]), int(size[2]))
        else:
            os.write(terminal, part)


sys.exit(main())
