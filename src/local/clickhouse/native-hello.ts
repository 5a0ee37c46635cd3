/*
 * The first packets of ClickHouse's native protocol: numbers as varints, strings after their length. See
 * `TCPHandler::receiveHello` and `writeException` of ClickHouse.
 */

/** The login in the hello packet of a client. */
export interface Hello {
  database: string;
  user: string;
  password: string;
}

/** Upper limit for the length of a name or password, in bytes. */
const LONGEST = 64 * 1024;
const CLIENT_HELLO = 0;
const SERVER_EXCEPTION = 2;

/**
 * Parses the hello packet, the first one that a client sends.
 *
 * @returns `more` if the packet is incomplete, `other` if it belongs to another protocol
 */
export function parseHello(bytes: Buffer): Hello | 'more' | 'other' {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Incomplete();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new OtherProtocol();
  };
  const text = (): string => {
    const length = number();
    if (length > LONGEST) throw new OtherProtocol();
    if (bytes.length < at + length) throw new Incomplete();
    return bytes.toString('utf8', at, (at += length));
  };
  try {
    if (number() !== CLIENT_HELLO) return 'other';
    text(); // name of the client
    number(); // major version
    number(); // minor version
    number(); // protocol
    const [database, user, password] = [text(), text(), text()];
    return { database, user, password };
  } catch (error) {
    if (error instanceof Incomplete) return 'more';
    if (error instanceof OtherProtocol) return 'other';
    throw error;
  }
}

class Incomplete extends Error {}
class OtherProtocol extends Error {}

/** Builds the packet with which a server rejects a client. */
export function exceptionPacket(code: number, message: string): Buffer {
  const codeBytes = Buffer.alloc(4);
  codeBytes.writeInt32LE(code);
  const [noTrace, nothingNested] = [string(''), Buffer.of(0)];
  return Buffer.concat([
    Buffer.of(SERVER_EXCEPTION),
    codeBytes,
    string('DB::Exception'),
    string(message),
    noTrace,
    nothingNested,
  ]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
