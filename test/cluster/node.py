"""Runs one node of a replicated ClickHouse out of the library of the npm package `chdb`.

    python3 node.py --library LIBRARY --dir FOLDER --interserver HOST:PORT

FOLDER/clickhouse/config.xml is the node's configuration. The node ends on SIGTERM, and when its standard input closes.

The library holds ClickHouse's own replication code, but its one entry point is `clickhouse local`, which never gives a replica an
address from which others can fetch parts, and has no interserver port. Seven places of the code are therefore changed, in the memory of
this process alone. The addresses are those of one build of the library; with any other one, nothing is changed and the program ends.
"""

import argparse
import ctypes
import hashlib
import mmap
import os
import signal
import struct
import sys
import threading

SHA256 = '36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5'  # libchdb.so of chdb 3.4.0, linux-x64
PAGE = mmap.PAGESIZE
READ_WRITE_EXECUTE = 7

# Offsets in the library: functions, and places within them.
GET_INTERSERVER_IO_ADDRESS = 0x1417C9C0
GET_INTERSERVER_SCHEME = 0x1417CAC0
GET_INTERSERVER_CREDENTIALS = 0x1417C940
CHECK_CREDENTIALS = 0x183D526B
ZEROS = 0x288FF60
PADDING = 0x18395C90  # 36 bytes between two functions
IS_CLIENT_HANDLER = 0x18395D32  # a jump if the kind of a handler is that of clients
OTHER_KIND = 0x18395D38
INTERSERVER_HANDLER = 0x18395DBC
CLIENT_HANDLER = 0x18395FFA
DDL_POOL = 0xF1CE5C0
DDL_POOL_INITIALIZE = 0xF1CD280
MAY_RUN_REPLICATED_DDL = 0x142891C0


class Memory:
    """The library's code in this process."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        with open('/proc/self/maps') as maps:
            self.base = next(int(line.split('-')[0], 16) for line in maps if line.rstrip().endswith(path))

    def write(self, offset, expected, code):
        """Replaces code; the bytes there must be the expected ones."""
        address = self.base + offset
        if ctypes.string_at(address, len(expected)) != expected:
            sys.exit(f'{self.library._name} has other code at {offset:#x} than this program knows.')
        first = address & -PAGE
        length = (address + len(code) - first + PAGE - 1) & -PAGE
        # It stays writable, because one of the places holds a counter.
        if self.libc.mprotect(first, length, READ_WRITE_EXECUTE) != 0:
            sys.exit('This machine does not allow a program to change its own code.')
        ctypes.memmove(address, code, len(code))

    def function(self, offset, result, *parameters):
        return ctypes.CFUNCTYPE(result, *parameters)(self.base + offset)


def jump(opcode, at, to):
    """A jump or call with a 32-bit distance, which counts from its end."""
    return opcode + struct.pack('<i', to - (at + len(opcode) + 4))


def returning_text(text, after=b''):
    """Code of a function that returns a std::string of up to 22 bytes, which libc++ keeps in the 24 bytes of the object itself."""
    raw = text.encode()
    assert len(raw) <= 22
    packed = raw.ljust(23, b'\0') + bytes([len(raw)])
    stores = b''.join(
        b'\x48\xb8' + packed[8 * part : 8 * part + 8] + b'\x48\x89\x47' + bytes([8 * part])  # mov rax, text; mov [rdi+n], rax
        for part in range(3)
    )
    return stores + after + b'\x48\x89\xf8\xc3'  # mov rax, rdi; ret


def become_server(memory, host, port):
    """Makes the changes that turn `clickhouse local` into a node that others can fetch from."""
    # 1. Credentials between nodes are an object that only a server creates. Incoming requests are not checked for any, and outgoing
    # ones take them from constant zeros, which read as neither user nor password.
    memory.write(
        CHECK_CREDENTIALS,
        jump(b'\xe8', CHECK_CREDENTIALS, GET_INTERSERVER_CREDENTIALS),
        bytes.fromhex('31c031d290'),  # xor eax, eax; xor edx, edx; nop
    )
    memory.write(
        GET_INTERSERVER_CREDENTIALS,
        bytes.fromhex('4157415653'),
        jump(b'\x48\x8d\x05', GET_INTERSERVER_CREDENTIALS, ZEROS) + b'\x31\xd2\xc3',  # lea rax, zeros; xor edx, edx; ret
    )
    # 2. Replicated databases need a pool that only a server fills, and a flag of the context that only a server sets.
    pool = memory.function(DDL_POOL, ctypes.c_void_p)()
    size = [ctypes.c_size_t] * 3
    memory.function(DDL_POOL_INITIALIZE, None, ctypes.c_void_p, *size)(pool, 1, 0, 10_000)
    memory.write(MAY_RUN_REPLICATED_DDL, bytes.fromhex('0fb687'), b'\xb0\x01\xc3')  # mov al, 1; ret
    # 3. Nodes fetch from each other over HTTP.
    memory.write(GET_INTERSERVER_SCHEME, bytes.fromhex('488b0680b887010000'), returning_text('http'))
    # 4. `SYSTEM START LISTEN HTTP` opens one listener for each listen_host, all for clients: the second one serves other nodes.
    counter = PADDING + 32
    code = jump(b'\x0f\x85', PADDING, OTHER_KIND)  # jne: another kind of handler
    code += b'\xff\x05' + struct.pack('<i', counter - (PADDING + 12))  # inc dword [counter]
    code += b'\x83\x3d' + struct.pack('<i', counter - (PADDING + 19)) + b'\x02'  # cmp dword [counter], 2
    code += jump(b'\x0f\x84', PADDING + 19, INTERSERVER_HANDLER)  # je
    code += jump(b'\xe9', PADDING + 25, CLIENT_HANDLER)
    memory.write(PADDING, b'\xcc' * 36, code.ljust(36, b'\0'))
    memory.write(
        IS_CLIENT_HANDLER,
        jump(b'\x0f\x84', IS_CLIENT_HANDLER, CLIENT_HANDLER),
        jump(b'\xe9', IS_CLIENT_HANDLER, PADDING) + b'\x90',
    )
    # 5. The address that a replica writes into ZooKeeper, which a server takes from its configuration: host and port.
    memory.write(
        GET_INTERSERVER_IO_ADDRESS,
        bytes.fromhex('4156534883ec48'),
        returning_text(host, after=b'\x66\xc7\x47\x18' + struct.pack('<H', port)),  # mov word [rdi+24], port
    )


def assert_known(path):
    with open(path, 'rb') as file:
        summed = hashlib.sha256()
        while block := file.read(1 << 20):
            summed.update(block)
    if summed.hexdigest() != SHA256:
        sys.exit(f'{path} is not the library of chdb 3.4.0 for Linux on x64, the only one with known addresses.')


def serve(memory, folder, pipe):
    """Runs the node; returns when the pipe is closed."""
    query = (
        'SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; '
        f"SELECT count() FROM file('/dev/fd/{pipe}', 'LineAsString', 'line String') FORMAT Null"
    )
    args = [
        'clickhouse',
        f'--path={folder}/clickhouse/data',
        f'--config-file={folder}/clickhouse/config.xml',
        '--log-level=error',
        f'--query={query}',
    ]
    encoded = (ctypes.c_char_p * (len(args) + 1))(*[arg.encode() for arg in args], None)
    run = memory.library.query_stable_v2
    run.restype = ctypes.c_void_p
    run.argtypes = [ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)]
    run(len(args), encoded)


def main():
    parser = argparse.ArgumentParser()
    for option in ('--library', '--dir', '--interserver'):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    host, port = options.interserver.rsplit(':', 1)
    assert_known(options.library)
    memory = Memory(options.library)
    become_server(memory, host, int(port))

    ends = os.pipe()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    # The main thread has to be free for signals, which Python handles only there.
    node = threading.Thread(target=lambda: (serve(memory, options.dir, ends[0]), stopping.set()))
    node.start()
    threading.Thread(target=lambda: (sys.stdin.read(), stopping.set()), daemon=True).start()
    stopping.wait()
    # A node that ended by itself has said why on stderr.
    failed = not node.is_alive()
    os.close(ends[1])
    node.join(10)
    os._exit(1 if failed or node.is_alive() else 0)


main()
